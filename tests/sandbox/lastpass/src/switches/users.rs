//! What is open about users.

use serde::{Deserialize, Serialize};

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
    /// Values of `deleteSemantics`.
    Deleting {
        /// Removes the user from the company.
        RemovesFromCompany,
        /// A 500, and nothing is removed.
        Failure,
    }
}
