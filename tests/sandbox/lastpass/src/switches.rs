//! What LastPass's documents leave open, as switches. Every switch has a list of values; the first one is the default.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident $(, $(#[$rest_doc:meta])* $rest:ident)* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name {
            $(#[$first_doc])* #[default] $first,
            $($(#[$rest_doc])* $rest,)*
        }

        impl $name {
            pub(super) const VALUES: &[Self] = &[Self::$first $(, Self::$rest)*];
        }
    )*};
}

mod calls;
mod companies;
mod users;

pub use calls::*;
pub use companies::*;
pub use users::*;

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $choice:ident,)*) => {
        /// All switches, by the names the sandbox's control uses.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct Switches {
            $($(#[$doc])* pub $name: $choice,)*
            /// Requests a second beyond which `rateLimit` refuses.
            pub requests_per_second: usize,
            /// Licences of all companies together, where `licenseLimitEnforced` has a pool.
            pub license_pool: u64,
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($name: $choice::default(),)* requests_per_second: 5, license_pool: 100 }
            }
        }

        impl Switches {
            /// Every switch with its values, the default first: for tests that go through all of them.
            pub fn choices() -> Vec<(String, Vec<Value>)> {
                vec![$((camel_case(stringify!($name)), $choice::VALUES.iter().map(|value| json!(value)).collect()),)*]
            }
        }
    };
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

switches! {
    /// 1: the routes of a managed company's users.
    managed_user_routes: UserRoutes,
    /// 2: `GET /v1/managed-companies/{id}`.
    company_get_route: CompanyRoute,
    /// 3: the properties of a listed company.
    company_item_fields: CompanyFields,
    /// 4: which companies are listed without `parent-id`.
    list_scope_without_parent: ListScope,
    /// 5: the list for a `parent-id` that is unknown.
    parent_filter_unknown_id: UnknownParent,
    /// 6: a second company of one name.
    company_name_unique: CompanyNames,
    /// 7: how long a new company takes.
    company_create_delay: CreateDelay,
    /// 8: the address of the poll in a 202.
    poll_url_form: PollUrl,
    /// 9: what the poll answers.
    poll_shape: PollShape,
    /// 10: polls that fail.
    poll_failure: PollFailure,
    /// 11: whether a company is listed before its poll is done.
    listed_before_poll_done: Listed,
    /// 12: creating users in a company that has just been listed.
    user_create_on_new_company: NewCompanyUsers,
    /// 13: which writes are done but never answered.
    lost_reply: LostReplies,
    /// 14: creating a user whose address is in the company already.
    user_exists_same_company: SameCompany,
    /// 15: creating a user whose address is in another company.
    user_exists_other_company: OtherCompany,
    /// 16: creating a user whose address has a private account.
    user_has_private_account: PrivateAccount,
    /// 17: creating a user whose address is disabled in the company.
    disabled_user_same_address: DisabledUser,
    /// 18: whether users enrol with another address than the invited one.
    enrol_with_other_address: Enrolment,
    /// 19: creating a user without `creationAccountAction`.
    creation_action_default: ActionDefault,
    /// 20: which properties of a new user are needed.
    required_fields: Required,
    /// 21: upper and lower case of addresses.
    address_case: AddressCase,
    /// 22: which addresses are accepted.
    address_validation: AddressValidation,
    /// 23: what a PATCH does to `email` of an enrolled user.
    patch_fields: PatchEmail,
    /// 24: what a PATCH answers.
    patch_reply: PatchReply,
    /// 25: what a PATCH does to `email` of a user who never enrolled.
    staged_address_change: StagedAddress,
    /// 26: the filter `email` without a wildcard.
    email_filter_plain: PlainFilter,
    /// 27: the wildcards of text filters.
    filter_magic: Wildcards,
    /// 28: whether a page token stays valid when rows change.
    page_token_under_change: PageTokens,
    /// 29: `nextPageToken` of the last page.
    last_page_token: LastToken,
    /// 30: `items` of an empty page.
    items_null_when_empty: EmptyItems,
    /// 31: a `max-results` above the limit.
    max_results_over_limit: OverLimit,
    /// 32: a `sort` that is unknown.
    unknown_sort: UnknownSort,
    /// 33: the body of errors.
    error_content_type: ErrorBody,
    /// 34: the status for somebody else's company.
    status_for_foreign_company: Foreign,
    /// 35: whether the key is still good.
    key_states: KeyState,
    /// 36: what happens beyond `requestsPerSecond`.
    rate_limit: RateLimit,
    /// 37: whether licence limits refuse anything.
    license_limit_enforced: LicenseLimit,
    /// 38: creating users in a suspended company.
    suspended_company_writes: SuspendedWrites,
    /// 39: the form of ids.
    ids: IdForm,
    /// 40: whether lists lag behind writes.
    eventual_reads: EventualReads,
    /// 41: what a PUT does to a property it leaves out.
    put_omitted_field: PutOmitted,
    /// 42: what deleting a user does. Every such call is recorded as forbidden whatever this says.
    delete_semantics: Deleting,
    /// Request properties that are unknown.
    unknown_fields: UnknownFields,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_can_be_set_by_name() {
        let choices = Switches::choices();
        assert_eq!(choices.len(), 43);
        for (name, values) in choices {
            assert!(values.len() > 1, "{name}");
            for value in values {
                let set = simkit::switches::changed(&Switches::default(), json!({ &name: value }));
                assert_eq!(json!(set.unwrap())[&name], value);
            }
        }
    }
}
