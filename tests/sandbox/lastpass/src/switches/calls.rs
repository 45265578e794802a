//! What is open about calls of every kind: lists, filters, errors and limits.

use serde::{Deserialize, Serialize};

choices! {
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
    /// Values of `unknownFields`.
    UnknownFields {
        /// Ignored.
        Ignored,
        /// 400.
        Refused,
    }
}
