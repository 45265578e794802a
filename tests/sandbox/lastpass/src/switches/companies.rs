//! What is open about managed companies.

use serde::{Deserialize, Serialize};

choices! {
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
    /// Values of `statusForForeignCompany`.
    Foreign {
        /// 404.
        NotFound,
        /// 403.
        Forbidden,
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
    /// Values of `putOmittedField`.
    PutOmitted {
        /// It keeps its value.
        Kept,
        /// It is reset.
        Reset,
    }
}
