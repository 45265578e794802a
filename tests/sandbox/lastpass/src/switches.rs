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
            const VALUES: &[Self] = &[Self::$first $(, Self::$rest)*];
        }
    )*};
}

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
    /// 28: what becomes of a page token when rows change.
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

choices! {
    /// Values of `managedUserRoutes`.
    UserRoutes {
        /// As documented for the own users.
        Present,
        /// The list is a 404.
        NoList,
        /// Creating is a 404.
        NoCreate,
    }
    /// Values of `companyGetRoute`.
    CompanyRoute {
        /// A 404.
        Absent,
        /// 200 with the company as listed.
        Item,
    }
    /// Values of `companyItemFields`.
    CompanyFields {
        /// Everything that is assumed.
        All,
        /// Only `id` and `name`.
        IdAndName,
        /// Some more than is assumed.
        Extra,
        /// All but `id` and `name` null.
        Nulls,
    }
    /// Values of `listScopeWithoutParent`.
    ListScope {
        /// The whole tree below the key's company.
        Tree,
        /// Direct children only.
        Children,
    }
    /// Values of `parentFilterUnknownId`.
    UnknownParent {
        /// 200 without items.
        Empty,
        /// 404.
        NotFound,
        /// 400.
        BadRequest,
    }
    /// Values of `companyNameUnique`.
    CompanyNames {
        /// Two of one name are allowed.
        No,
        /// 400 that points at the name.
        BadRequest,
        /// 409.
        Conflict,
        /// 202, and the poll fails.
        FailsInPoll,
    }
    /// Values of `companyCreateDelay`.
    CreateDelay {
        /// Two seconds.
        TwoSeconds,
        /// At once.
        None,
        /// A minute.
        SixtySeconds,
        /// A quarter of an hour.
        FifteenMinutes,
        /// The request stays pending for ever, and no company comes of it.
        Never,
    }
    /// Values of `pollUrlForm`.
    PollUrl {
        /// With the origin that was called.
        Absolute,
        /// From the root of the origin.
        Relative,
        /// Of another host.
        OtherHost,
        /// The 202 has no `url`.
        Missing,
        /// The 202 has no body.
        EmptyBody,
    }
    /// Values of `pollShape`.
    PollShape {
        /// `{"id","status":"pending"|"succeeded"|"failed","resourceId"}`
        Status,
        /// 202 while pending, then 200 with the company.
        AcceptedThenCompany,
        /// 303 to the company once it is done.
        SeeOther,
        /// Other words for the status, and the company in `result`.
        OtherWords,
        /// 404 once it is done.
        GoneOnceDone,
        /// 200 with JSON that says nothing.
        UnknownJson,
    }
    /// Values of `pollFailure`.
    PollFailure {
        /// None.
        None,
        /// The request fails, and the poll has problem details.
        Failed,
        /// The poll is a 500 for ever, although the company comes.
        ServerError,
    }
    /// Values of `listedBeforePollDone`.
    Listed {
        /// Both at the same time.
        No,
        /// The company is listed at once.
        Yes,
        /// The company is listed 30 seconds after the poll is done.
        Later,
    }
    /// Values of `userCreateOnNewCompany`.
    NewCompanyUsers {
        /// Works as soon as the company is listed.
        AtOnce,
        /// 404 for 30 seconds more.
        NotFound,
        /// 409 for 30 seconds more.
        Conflict,
    }
    /// Values of `lostReply`.
    LostReplies {
        /// None.
        Off,
        /// Creating companies.
        Companies,
        /// Creating users.
        Users,
        /// Inviting users.
        Invites,
        /// Changing users.
        Patches,
        /// All of them.
        All,
    }
    /// Values of `userExistsSameCompany`.
    SameCompany {
        /// 409.
        Conflict,
        /// 400.
        BadRequest,
        /// 201 with the user that is there.
        Existing,
        /// 201 with a second user of the address.
        Second,
    }
    /// Values of `userExistsOtherCompany`.
    OtherCompany {
        /// 409.
        Conflict,
        /// 400.
        BadRequest,
        /// 201, and the invitation stays pending.
        Pending,
        /// 403.
        Forbidden,
    }
    /// Values of `userHasPrivateAccount`.
    PrivateAccount {
        /// As for everybody, but the invitation lives 14 days.
        Pending,
        /// The user is enrolled at once.
        Enrolled,
        /// 409.
        Conflict,
    }
    /// Values of `disabledUserSameAddress`.
    DisabledUser {
        /// 409.
        Conflict,
        /// 201: the user is enabled again.
        Enables,
    }
    /// Values of `enrolWithOtherAddress`.
    Enrolment {
        /// With the invited address.
        Off,
        /// With another one.
        On,
    }
    /// Values of `creationActionDefault`.
    ActionDefault {
        /// None: 400.
        Required,
        /// `invite`.
        Invite,
        /// `stage`.
        Stage,
    }
    /// Values of `requiredFields`.
    Required {
        /// `email` and `name`.
        EmailAndName,
        /// Only `email`.
        Email,
        /// None.
        Nothing,
    }
    /// Values of `addressCase`.
    AddressCase {
        /// Kept as sent, compared without case.
        Kept,
        /// Stored in lower case.
        Lowered,
        /// Kept as sent, compared with case.
        Sensitive,
    }
    /// Values of `addressValidation`.
    AddressValidation {
        /// An ASCII local part, and a domain in either spelling.
        Idna,
        /// A domain with other letters than ASCII is a 400.
        NoUnicode,
        /// A plus sign is a 400.
        NoPlus,
    }
    /// Values of `patchFields`: `name` and `accountStatus` can always be changed.
    PatchEmail {
        /// 400.
        Refused,
        /// Changed at once.
        AtOnce,
        /// Accepted, and changed when the user signs in.
        Pending,
        /// Ignored.
        Ignored,
    }
    /// Values of `patchReply`.
    PatchReply {
        /// 200 with the user.
        User,
        /// 204.
        NoContent,
        /// 202.
        Accepted,
    }
    /// Values of `stagedAddressChange`.
    StagedAddress {
        /// 400.
        Refused,
        /// Changed at once.
        AtOnce,
    }
    /// Values of `emailFilterPlain`.
    PlainFilter {
        /// Equality without case.
        Equality,
        /// Found anywhere.
        Contains,
        /// Equality with case.
        CaseSensitive,
        /// Found at the front.
        Prefix,
    }
    /// Values of `filterMagic`.
    Wildcards {
        /// `%`, or literally `\%`.
        Percent,
        /// `%` and `_`, or literally behind a `\`.
        PercentAndUnderscore,
        /// `%`, which cannot be escaped.
        PercentUnescapable,
    }
    /// Values of `pageTokenUnderChange`.
    PageTokens {
        /// The list stays as it was when its first page was read, but for what is gone.
        StableSnapshot,
        /// By offset: rows shift.
        OffsetBased,
        /// The token is a 400 after a minute.
        Expires,
    }
    /// Values of `lastPageToken`.
    LastToken {
        /// Null.
        Null,
        /// Left out.
        Absent,
        /// `""`.
        EmptyText,
        /// A token of one more page, which is empty.
        EmptyPage,
    }
    /// Values of `itemsNullWhenEmpty`.
    EmptyItems {
        /// `[]`.
        List,
        /// `null`.
        Null,
    }
    /// Values of `maxResultsOverLimit`.
    OverLimit {
        /// 400.
        Refused,
        /// The limit is taken.
        Clamped,
    }
    /// Values of `unknownSort`.
    UnknownSort {
        /// 400.
        Refused,
        /// As if it were not there.
        Ignored,
    }
    /// Values of `errorContentType`.
    ErrorBody {
        /// `application/problem+json`.
        Problem,
        /// `application/json`.
        Json,
        /// HTML, as a proxy's.
        Html,
        /// No body.
        Empty,
    }
    /// Values of `statusForForeignCompany`.
    Foreign {
        /// 404.
        NotFound,
        /// 403.
        Forbidden,
    }
    /// Values of `keyStates`.
    KeyState {
        /// Good.
        Valid,
        /// 401.
        Revoked,
        /// 403: the account does not take part.
        NotEnrolled,
        /// 403: the account is no MSP's.
        NoMspRight,
    }
    /// Values of `rateLimit`.
    RateLimit {
        /// There is none.
        Off,
        /// 429 with `Retry-After` in seconds.
        RetryAfterSeconds,
        /// 429 with `Retry-After` as an HTTP date.
        RetryAfterDate,
        /// 429 without `Retry-After`.
        NoRetryAfter,
        /// 503.
        Unavailable,
    }
    /// Values of `licenseLimitEnforced`.
    LicenseLimit {
        /// It is only warned of.
        No,
        /// Creating users beyond it is a 409.
        Conflict,
        /// Creating users beyond it is a 400.
        BadRequest,
        /// Creating a company beyond `licensePool` fails in the poll.
        PoolFailsInPoll,
    }
    /// Values of `suspendedCompanyWrites`.
    SuspendedWrites {
        /// 409.
        Refused,
        /// They work.
        Allowed,
    }
    /// Values of `ids`.
    IdForm {
        /// Numbers of a few digits.
        Small,
        /// Numbers above 2^53 that no floating-point number holds.
        AboveDouble,
        /// JSON strings.
        Strings,
    }
    /// Values of `eventualReads`.
    EventualReads {
        /// What was written is listed at once.
        ReadYourWrites,
        /// What is new is listed after five seconds.
        FiveSecondsLate,
    }
    /// Values of `putOmittedField`.
    PutOmitted {
        /// It keeps its value.
        Kept,
        /// It is reset.
        Reset,
    }
    /// Values of `deleteSemantics`.
    Deleting {
        /// Removes the user from the company.
        RemovesFromCompany,
        /// A 500, and nothing is removed.
        Failure,
    }
    /// Values of `unknownFields`.
    UnknownFields {
        /// Ignored.
        Ignored,
        /// 400.
        Refused,
    }
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
