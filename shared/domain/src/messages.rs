//! Every text that administrators read, in one file per language.
//!
//! [`texts::Messages`] lists the texts. A language has all of them, or does not compile: a new text is a line here and one in each file; a
//! new language is one file and a line in [`Language::messages`].

mod en;
mod nl;
mod texts;

use std::fmt::Formatter;

use crate::directory::LicenceMode;
use crate::language::Language;
use crate::not_in::{PersonAbsence, SuspiciousSnapshot};
use crate::problem::{Mistake, Problem, UrlRefused, Wording};
use crate::reading::FullReadReason;
use crate::row::Absence;
use crate::suggestion::Similarity;

use texts::Messages;

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

impl PersonAbsence {
    /// What happened, and what to do next.
    pub fn text(self, language: Language) -> (&'static str, &'static str) {
        language.messages().person_absence(self)
    }
}

impl SuspiciousSnapshot {
    /// What is suspicious, and what to do next.
    pub fn detail(&self, language: Language) -> String {
        language.messages().suspicious(self)
    }
}

impl FullReadReason {
    /// A sentence.
    pub fn text(self, language: Language) -> &'static str {
        language.messages().full_read(self)
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    use crate::ids::{ImportId, IntegrationId};
    use crate::import::{Holder, Person};
    use crate::problem::ValueKind;

    /// Each text that a field of a bad request can have.
    const MISTAKES: &[Mistake<'_>] = &[
        Mistake::Not(ValueKind::Text),
        Mistake::Not(ValueKind::Number),
        Mistake::Not(ValueKind::Whole {
            least: 0,
            most: u64::MAX,
        }),
        Mistake::Not(ValueKind::Whole { least: 1, most: 9 }),
        Mistake::Not(ValueKind::Flag),
        Mistake::Not(ValueKind::List),
        Mistake::Not(ValueKind::Object),
        Mistake::Not(ValueKind::Null),
        Mistake::NotOneOf(&["a"]),
        Mistake::NotAnObjectOf(&["a"]),
        Mistake::UnknownField,
        Mistake::UnknownTimeZone,
        Mistake::Missing,
        Mistake::Twice,
        Mistake::OneRequired(&["a"]),
        Mistake::Impossible,
        Mistake::Length(9),
        Mistake::TooLong(9),
        Mistake::TooLarge(9),
        Mistake::OutOfRange(1, 9),
        Mistake::BodyTooLong(9),
        Mistake::IncompleteJson,
        Mistake::NotJson,
        Mistake::AfterTheEnd,
        Mistake::NotHttp,
        Mistake::IdInPath,
        Mistake::NotANext,
        Mistake::NoKeptPlan,
        Mistake::NoParameters,
        Mistake::NotAParameter(&["a"]),
        Mistake::NotAlone,
        Mistake::NotWith("a"),
        Mistake::OnlyForCompanies,
        Mistake::InactiveOneByOne,
        Mistake::NoManagedCompany,
        Mistake::MappedTo("1"),
        Mistake::NoUser,
        Mistake::AddressTaken,
        Mistake::LicencesInUse,
        Mistake::NoToken,
        Mistake::NotRemoved,
        Mistake::CompanyIdCharacters,
        Mistake::OnlyFor(&["a"]),
        Mistake::ForeignCredential("a"),
    ];

    #[test]
    fn r42_each_text_of_a_field_is_another_in_dutch() {
        // A mistake that is added must be added here, too.
        let texts = include_str!("messages/nl.rs").matches("            Mistake::").count();
        assert_eq!(MISTAKES.len(), texts);
        for mistake in MISTAKES {
            let wording = Wording::from(*mistake);
            let [english, dutch] = [Language::English, Language::Dutch].map(|language| wording.text(language));
            assert_ne!(english, dutch, "{mistake:?}");
        }
    }

    #[test]
    fn r42_texts_use_the_singular_for_one() {
        let licences = |needed, available| Problem::InsufficientLicences { needed, available };
        let seconds = |retry_after| Problem::TooManyCalls { retry_after };
        for (problem, english, dutch) in [
            (
                licences(1, 0),
                "1 licence is needed and 0 are",
                "Er is 1 licentie nodig",
            ),
            (
                licences(2, 1),
                "2 licences are needed and 1 is",
                "Er zijn 2 licenties nodig",
            ),
            (seconds(1), "in 1 second.", "over 1 seconde opnieuw."),
            (seconds(2), "in 2 seconds.", "over 2 seconden opnieuw."),
        ] {
            for (language, says) in [(Language::English, english), (Language::Dutch, dutch)] {
                let detail = problem.detail(language);
                assert!(detail.contains(says), "{detail}");
            }
        }
    }

    #[test]
    fn r78_each_reason_of_a_full_read_has_a_text_in_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for reason in FullReadReason::ALL {
            for language in [Language::English, Language::Dutch] {
                let text = reason.text(language);
                assert!(text.ends_with('.') && seen.insert(text), "{reason:?}: {text}");
            }
        }
    }

    #[test]
    fn r62_nobody_is_told_to_ask_an_unattended_import() {
        let ana = Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        };
        let nobody = Person::principal(&IntegrationId::new("i"), "Ours");
        for (person, english, dutch) in [
            (ana, "ask Ana to finish or cancel it", "vraag Ana hem af te ronden"),
            (
                nobody.clone(),
                "if it waits for an administrator, open it and confirm it",
                "als hij op een beheerder wacht, open en bevestig hem",
            ),
            (nobody, "or cancel it.", "of annuleer hem."),
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
