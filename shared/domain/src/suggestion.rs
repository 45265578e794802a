//! Managed companies that could be meant although they have another name (R23). Shown with a score and reasons; never
//! applied without a choice. The crate `matching` finds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::directory::ManagedCompany;

/// A managed company that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The managed company.
    pub managed_company: ManagedCompany,
    /// How sure it is.
    pub score: Score,
    /// What speaks for it, in the order of [`Similarity`].
    pub reasons: Vec<Similarity>,
}

/// Why a managed company may be the same company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// The names differ only in the legal form.
    LegalSuffix,
    /// The names differ only in punctuation or spaces.
    Punctuation,
    /// The names have the same words in another order.
    WordOrder,
    /// The names differ only in a few letters.
    Spelling,
    /// Most addresses of both companies have the same domain.
    EmailDomain,
    /// The company's web site has the domain of the managed company's addresses.
    WebSite,
}

/// How likely a suggestion is right, from 0 to 99. A certain match is no suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Score(#[schemars(range(max = 99))] u8);

impl Score {
    /// Below this, a suggestion is more likely to mislead than to help.
    pub const LEAST: Self = Self(65);

    const HIGHEST: u8 = 99;

    /// A score of at most 99.
    pub const fn new(score: u8) -> Self {
        Self(if score > Self::HIGHEST { Self::HIGHEST } else { score })
    }

    /// The score of both together, never below either: what one of them leaves open, the other closes in part.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let open = u16::from(100 - self.0) * u16::from(100 - other.0) / 100;
        Self::new(100 - u8::try_from(open).unwrap_or(100))
    }
}

impl From<Score> for u8 {
    fn from(score: Score) -> Self {
        score.0
    }
}
