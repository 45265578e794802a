//! Why something is to happen to a row, or nothing: a stable code, and what it says to an administrator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::outcome::RowCode;
use crate::plan::{AddressCause, SkipReason};

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PlanReason")]
pub enum Why {
    /// Somebody decided so.
    AskedFor,
    /// The company was never imported.
    NotMapped,
    /// The managed company has the same name, or was chosen.
    SameNameOrChosen,
    /// The PSA has another name by now.
    RenamedInPsa,
    /// It was imported before, and nothing differs.
    Mapped,
    /// It is ticked, and nobody has the address.
    Ticked,
    /// The user has the same address, or was chosen.
    SameAddressOrChosen,
    /// The PSA has another address in the same place.
    ChangedInPsa,
    /// The PSA has another address in another place.
    ReplacedInPsa,
    /// The user was chosen and gets this address.
    Chosen,
    /// It was stored earlier with characters that nobody sees.
    SpellingCorrected,
    /// Another company of this import gets the address.
    SameAddressInAnotherCompany,
    /// What it is passed over with.
    #[serde(untagged)]
    Skipped(RowCode),
}

impl From<&SkipReason> for Why {
    fn from(reason: &SkipReason) -> Self {
        match reason {
            SkipReason::GivesWay(_) => Self::SameAddressInAnotherCompany,
            other => Self::Skipped(other.into()),
        }
    }
}

impl From<AddressCause> for Why {
    fn from(cause: AddressCause) -> Self {
        match cause {
            AddressCause::ChangedInPsa => Self::ChangedInPsa,
            AddressCause::ReplacedInPsa => Self::ReplacedInPsa,
            AddressCause::Chosen => Self::Chosen,
            AddressCause::Corrected => Self::SpellingCorrected,
        }
    }
}

impl Why {
    /// A sentence.
    pub const fn text(self, language: Language) -> &'static str {
        match self {
            Self::AskedFor => language.pick("You decided so.", "U hebt dit zo gekozen."),
            Self::NotMapped => language.pick("It was not imported before.", "Het is nog niet eerder geïmporteerd."),
            Self::SameNameOrChosen => language.pick(
                "The managed company has the same name, or was chosen.",
                "Het beheerde bedrijf heeft dezelfde naam of is gekozen.",
            ),
            Self::RenamedInPsa => language.pick("It was renamed in the PSA.", "Het kreeg in de PSA een andere naam."),
            Self::Mapped => language.pick(
                "It was imported before, and nothing differs.",
                "Het is eerder geïmporteerd en er is niets veranderd.",
            ),
            Self::Ticked => language.pick(
                "It is ticked, and nobody has this address yet.",
                "Het is aangevinkt en niemand heeft dit adres al.",
            ),
            Self::SameAddressOrChosen => language.pick(
                "The user has the same address, or was chosen.",
                "De gebruiker heeft hetzelfde adres of is gekozen.",
            ),
            Self::ChangedInPsa => language.pick(
                "The address was changed in the PSA.",
                "Het adres is in de PSA gewijzigd.",
            ),
            Self::ReplacedInPsa => language.pick(
                "The address was replaced by another one in the PSA.",
                "Het adres is in de PSA door een ander vervangen.",
            ),
            Self::Chosen => language.pick(
                "The user was chosen and gets this address.",
                "De gebruiker is gekozen en krijgt dit adres.",
            ),
            Self::SpellingCorrected => language.pick(
                "Invisible characters are removed.",
                "Onzichtbare tekens worden verwijderd.",
            ),
            Self::SameAddressInAnotherCompany => language.pick(
                "Another company of this import gets the user with this address.",
                "Een ander bedrijf in deze import krijgt de gebruiker met dit adres.",
            ),
            Self::Skipped(code) => code.text(language).0,
        }
    }
}
