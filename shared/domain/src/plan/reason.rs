//! Why something happens to a row, or nothing does: the one table of reasons.
//!
//! A new reason is one line here and one text in each language ([`crate::messages`]); the rule that gives it names it. From the table
//! derive the codes of plan and result, what is stored, and the schemas of the API. [`Reason::is_conflict`] is a list of its own.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::address::NoAddress;
use crate::language::Language;

macro_rules! reasons {
    (
        plan { $($plan:ident = $plan_code:literal, $plan_doc:literal;)+ }
        result { $($result:ident = $result_code:literal, $result_doc:literal;)+ }
    ) => {
        /// Why something happens to a row, or nothing does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(#[doc = $plan_doc] #[serde(rename = $plan_code)] $plan,)+
            $(#[doc = $result_doc] #[serde(rename = $result_code)] $result,)+
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$plan,)+ $(Self::$result,)+];

            /// The code as callers read it; never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$plan => $plan_code,)+
                    $(Self::$result => $result_code,)+
                }
            }
        }

        /// What the API document says of reasons: those of a plan are more than those of a result.
        mod schema {
            use schemars::JsonSchema;
            use serde::Serialize;

            /// Why a row was skipped or failed.
            #[derive(Serialize, JsonSchema)]
            pub enum RowCode {
                $(#[doc = $result_doc] #[serde(rename = $result_code)] $result,)+
            }

            /// Why the plan does this to a row, or skips it.
            #[derive(Serialize, JsonSchema)]
            #[expect(dead_code, reason = "only its schema is used")]
            pub enum PlanReason {
                $(#[doc = $plan_doc] #[serde(rename = $plan_code)] $plan,)+
                /// Why the plan skips the row.
                #[serde(untagged)]
                Skipped(RowCode),
            }
        }
    };
}

reasons! {
    // What a plan gives as the reason of a change, or of none.
    plan {
        AskedFor = "asked_for", "An administrator decided so.";
        NotMapped = "not_mapped", "The company was not imported before.";
        SameNameOrChosen = "same_name_or_chosen", "The managed company has the same name, or an administrator chose it.";
        FormerCompanyGone = "former_company_gone", "The managed company was mapped to a company that the PSA no longer has.";
        NotInNewCompany = "not_in_new_company", "No contact of the company that takes over the managed company has the address.";
        RenamedInPsa = "renamed_in_psa", "The name in the PSA has changed.";
        Mapped = "mapped", "The row was imported before, and nothing differs.";
        Ticked = "ticked", "The row is ticked, and nobody has the address.";
        SameAddressOrChosen = "same_address_or_chosen", "The user has the same address, or an administrator chose the user.";
        ChangedInPsa = "changed_in_psa", "The same field of the contact in the PSA now has another address.";
        ReplacedInPsa = "replaced_in_psa", "The contact has lost the address in the PSA, and has another address in another field.";
        Chosen = "chosen", "An administrator chose the user, who gets this address.";
        SpellingCorrected = "spelling_corrected", "The address was stored earlier with invisible characters.";
        NeedsUsersAgreement = "needs_users_agreement", "The address in the PSA has changed. The directory asks the user to agree, and the user keeps the old address until then.";
        SameAddressInAnotherCompany = "same_address_in_another_company", "Another company of this import gets the address.";
    }
    // Why a row is skipped or fails, in plan and result.
    result {
        Dangling = "dangling", "The directory does not have the managed company: it was removed there, or belongs to the directory that was chosen before.";
        Ambiguous = "ambiguous", "Several managed companies may be the same company.";
        ManagedCompanyNotFound = "managed_company_not_found", "The managed company does not exist.";
        AlreadyMapped = "already_mapped", "The managed company is mapped to another PSA company.";
        UserNotFound = "user_not_found", "The user does not exist.";
        UserAlreadyMapped = "user_already_mapped", "The user is mapped to another contact.";
        Unticked = "unticked", "The address was imported before, and is not ticked now.";
        Excluded = "excluded", "The contact was imported before, and has been excluded since.";
        NoAddress = "no_address", "The contact has no valid address.";
        AddressConflict = "address_conflict", "A user of another managed company has the address.";
        ImportAgain = "import_again", "The user who has the address moves to another one in this import. Import again.";
        PossibleSuccessor = "possible_successor", "Both name and address have changed: it may be another person.";
        HeldByFormerCompany = "held_by_former_company", "A user of the managed company that the company was mapped to before has the address.";
        CompanyNotImported = "company_not_imported", "The company itself was skipped or failed.";
        PlanChanged = "plan_changed", "The plan of the company changed after it was confirmed.";
        Cancelled = "cancelled", "The import was cancelled before it reached the row.";
        GivenUp = "given_up", "The import was given up before it reached the row.";
        CannotRename = "cannot_rename", "The name in the PSA has changed, and the directory does not rename companies.";
        CompanySuspended = "company_suspended", "The directory has suspended the managed company.";
        WaitsForUser = "waits_for_user", "The directory asked the user to agree to the new address, and the user keeps the old address until then.";
        AddressCannotChange = "address_cannot_change", "The directory does not change the address of this user.";
        UserHasAnotherAddress = "user_has_another_address", "The user has another address in the directory than in the PSA.";
        UserDisabled = "user_disabled", "The user is disabled in the directory.";
        UserGone = "user_gone", "The directory no longer has the user.";
        OutcomeUnknown = "outcome_unknown", "The service asked the directory to create it, and does not know the outcome.";
        DirectoryRefused = "directory_refused", "The directory refused the row.";
        DirectoryUnavailable = "directory_unavailable", "The directory did not answer, even after retries.";
    }
}

pub use schema::RowCode;

impl JsonSchema for Reason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        schema::PlanReason::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::PlanReason::json_schema(generator)
    }
}

impl Reason {
    /// What it says to an administrator: what happened, and what to do next if there is something to do. More precise where it is
    /// known why a text is no address (R61).
    pub fn text(self, no_address: Option<&NoAddress>, language: Language) -> (&'static str, &'static str) {
        let messages = language.messages();
        match (self, no_address) {
            (Self::NoAddress, Some(no_address)) => messages.no_address(no_address.reason),
            _ => messages.reason(self),
        }
    }

    /// Whether somebody else has the address, or gets it first: other companies of a plan may change that.
    pub const fn is_conflict(self) -> bool {
        matches!(
            self,
            Self::AddressConflict
                | Self::ImportAgain
                | Self::HeldByFormerCompany
                | Self::SameAddressInAnotherCompany
                // It may come to wait for a user that moves once another company has made room.
                | Self::UserAlreadyMapped
        )
    }

    /// The reason that a result gives for a row that the plan skips for this one.
    #[must_use]
    pub const fn in_result(self) -> Self {
        match self {
            // Once the import has run, the other company has the address.
            Self::SameAddressInAnotherCompany => Self::AddressConflict,
            other => other,
        }
    }
}

/// Why a row of a plan is skipped, and who it is that gets there first, if anybody.
///
/// Stored as the reason's name alone or with the id: `"unticked"`, `{"already_mapped":"251"}`. Digests are made of this form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "stored::Skip")]
pub struct Skip {
    /// Why.
    pub reason: Reason,
    other: Option<String>,
}

impl Skip {
    /// Skipped because of another company, user or row with this id.
    pub fn because_of(reason: Reason, other: &impl ToString) -> Self {
        let other = Some(other.to_string());
        Self { reason, other }
    }
}

impl From<Reason> for Skip {
    fn from(reason: Reason) -> Self {
        Self { reason, other: None }
    }
}

/// Reasons as plans store them: two names are older than the codes of the API.
pub(super) mod stored {
    use std::collections::BTreeMap;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Reason;

    const fn name(reason: Reason) -> &'static str {
        match reason {
            Reason::SpellingCorrected => "corrected",
            Reason::SameAddressInAnotherCompany => "gives_way",
            other => other.as_str(),
        }
    }

    fn reason(stored: &str) -> Result<Reason, String> {
        let found = Reason::ALL.iter().copied().find(|reason| name(*reason) == stored);
        found.ok_or_else(|| format!("unknown reason {stored}"))
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*reason))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
        reason(&String::deserialize(deserializer)?).map_err(Error::custom)
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub enum Skip {
        Alone(String),
        BecauseOf(BTreeMap<String, String>),
    }

    impl Serialize for super::Skip {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match &self.other {
                None => serialize(&self.reason, serializer),
                Some(other) => serializer.collect_map([(name(self.reason), other)]),
            }
        }
    }

    impl TryFrom<Skip> for super::Skip {
        type Error = String;

        fn try_from(skip: Skip) -> Result<Self, String> {
            match skip {
                Skip::Alone(name) => Ok(reason(&name)?.into()),
                Skip::BecauseOf(one) => {
                    let (name, other) = one.into_iter().next().ok_or("no reason")?;
                    Ok(Self::because_of(reason(&name)?, &other))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::ids::UserId;
    use crate::plan::UserStep;

    #[test]
    fn r40_every_reason_has_one_code_and_a_text_in_each_language() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for language in [Language::English, Language::Dutch] {
            let texts: HashSet<_> = Reason::ALL.iter().map(|reason| reason.text(None, language)).collect();
            assert_eq!(texts.len(), Reason::ALL.len());
        }
    }

    #[test]
    fn r35_reasons_are_stored_as_they_always_were() {
        let change = UserStep::ChangeAddress {
            user: UserId::new("u"),
            from: "a@x.example".parse().unwrap(),
            reason: Reason::SpellingCorrected,
        };
        let stored = r#"{"changeAddress":{"user":"u","from":"a@x.example","cause":"corrected"}}"#;
        assert_eq!(serde_json::to_string(&change).unwrap(), stored);
        assert_eq!(serde_json::from_str::<UserStep>(stored).unwrap(), change);
        for (skip, stored) in [
            (Skip::from(Reason::Unticked), r#""unticked""#),
            (
                Skip::because_of(Reason::AlreadyMapped, &251),
                r#"{"already_mapped":"251"}"#,
            ),
            (
                Skip::because_of(Reason::SameAddressInAnotherCompany, &251),
                r#"{"gives_way":"251"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&skip).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Skip>(stored).unwrap(), skip);
        }
    }
}
