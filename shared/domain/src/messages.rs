//! Every text that administrators read, in one file per language.
//!
//! [`Messages`] lists the texts. A language has all of them, or does not compile: a new text is a line here and one in each file; a
//! new language is one file and a line in [`Language::messages`].

mod en;
mod nl;

use std::borrow::Cow;
use std::fmt::Formatter;

use jiff::Timestamp;

use crate::address::NoAddressReason;
use crate::directory::LicenceMode;
use crate::language::Language;
use crate::plan::Reason;
use crate::problem::{Mistake, Problem, ResourceKind, UrlRefused, Wording};
use crate::row::Absence;
use crate::suggestion::Similarity;

/// The texts of one language.
pub(crate) trait Messages {
    /// What happened, why, and what to do next.
    fn problem(&self, problem: &Problem) -> String;

    /// What happens or happened to a row, and what to do next; no advice where there is nothing to do.
    fn reason(&self, reason: Reason) -> (&'static str, &'static str);

    /// Why a contact has no address, and what to do next.
    fn no_address(&self, reason: NoAddressReason) -> (&'static str, &'static str);

    /// Why a mapped company is absent from the snapshot.
    fn absence(&self, absence: Absence) -> &'static str;

    /// Why a managed company is suggested.
    fn similarity(&self, similarity: Similarity) -> &'static str;

    /// What is looked for by its id, as part of a sentence.
    fn resource(&self, kind: ResourceKind) -> &'static str;

    /// Why the address of a PSA is refused, as part of a sentence.
    fn url_refused(&self, reason: UrlRefused) -> &'static str;

    /// What is wrong with an address in a request.
    fn invalid_address(&self, reason: NoAddressReason) -> &'static str;

    /// What is wrong with a name in a request that may have `most` characters.
    fn invalid_name(&self, most: usize) -> String;

    /// What is wrong with a text in a request that may have `least` to `most` characters.
    fn invalid_text(&self, least: usize, most: usize) -> String;

    /// What is wrong with a filter of more attributes, or more values of one, than these.
    fn filter_too_large(&self, attributes: usize, values: usize) -> String;

    /// What is wrong with a field of a request.
    fn mistake(&self, mistake: &Mistake<'_>) -> Cow<'static, str>;

    /// What to know before creating users that are billed.
    fn billed_by_use(&self) -> &'static str;
}

impl Language {
    /// The texts in this language.
    pub(crate) const fn messages(self) -> &'static dyn Messages {
        match self {
            Self::English => &en::English,
            Self::Dutch => &nl::Dutch,
        }
    }

    /// The language of an error of a type that checks itself: English, and Dutch in the alternate form (`{:#}`).
    pub(crate) fn of_format(f: &Formatter<'_>) -> Self {
        if f.alternate() { Self::Dutch } else { Self::English }
    }
}

impl Problem {
    /// What happened, why, and what to do next.
    pub fn detail(&self, language: Language) -> String {
        language.messages().problem(self)
    }
}

impl Absence {
    /// A sentence.
    pub fn text(self, language: Language) -> &'static str {
        language.messages().absence(self)
    }
}

impl Similarity {
    /// The reason as a person understands it.
    pub fn text(self, language: Language) -> &'static str {
        language.messages().similarity(self)
    }
}

impl UrlRefused {
    /// A half-sentence.
    pub fn text(self, language: Language) -> &'static str {
        language.messages().url_refused(self)
    }
}

impl From<Mistake<'_>> for Wording {
    fn from(mistake: Mistake<'_>) -> Self {
        Self::new(en::English.mistake(&mistake), nl::Dutch.mistake(&mistake))
    }
}

impl LicenceMode {
    /// What an administrator should know before so many users are created: where use is billed, too few licences refuse nothing
    /// (R47).
    pub fn warning(self, needed: u64, language: Language) -> Option<&'static str> {
        (self == Self::Consumption && needed > 0).then(|| language.messages().billed_by_use())
    }
}

/// A moment as people read it, in the one time zone that holds for everybody.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ImportId, IntegrationId};
    use crate::import::{Holder, Person};

    #[test]
    fn r62_nobody_is_told_to_ask_an_unattended_import() {
        let ana = Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        };
        let nobody = Person::principal(&IntegrationId::new("i"), "Ours");
        for (person, english, dutch) in [
            (ana, "ask Ana to finish or cancel it", "vraag Ana hem af te ronden"),
            (nobody, "or cancel it.", "of breek hem af."),
        ] {
            let problem = Problem::IntegrationLocked(Holder {
                person,
                import: ImportId::new("x"),
                since: Timestamp::constant(1_767_258_000, 123_456_789),
                until: Timestamp::constant(1_767_259_800, 0),
            });
            for (language, advice) in [(Language::English, english), (Language::Dutch, dutch)] {
                let detail = problem.detail(language);
                assert!(detail.contains(advice), "{detail}");
                assert!(
                    detail.contains("2026-01-01 09:00 UTC") && detail.contains("2026-01-01 09:30 UTC"),
                    "{detail}"
                );
            }
        }
    }
}
