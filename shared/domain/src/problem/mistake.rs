//! What can be wrong with one field of a request, or with the request as a whole.

/// What is wrong; the texts are in `crate::messages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake<'a> {
    /// A value of this kind is expected.
    Not(ValueKind),
    /// One of these is expected, by itself or as the only field of an object.
    NotOneOf(&'a [&'a str]),
    /// One of these is expected as the only field of an object.
    NotAnObjectOf(&'a [&'a str]),
    /// The call has no such field.
    UnknownField,
    /// No time zone has this name.
    UnknownTimeZone,
    /// The field is missing.
    Missing,
    /// The field is there twice.
    Twice,
    /// None of these fields is there.
    OneRequired(&'a [&'a str]),
    /// It cannot be, and nothing more is known.
    Impossible,
    /// The text has more characters, or none.
    Length(usize),
    /// The text has more characters.
    TooLong(usize),
    /// The number is larger.
    TooLarge(u64),
    /// The number is smaller or larger.
    OutOfRange(u64, u64),
    /// The body has more bytes, or did not arrive as a whole.
    BodyTooLong(usize),
    /// The body ends before its JSON does.
    IncompleteJson,
    /// The body is no JSON.
    NotJson,
    /// There is more behind the JSON.
    AfterTheEnd,
    /// The request is no HTTP.
    NotHttp,
    /// The path has an id that cannot be one.
    IdInPath,
    /// The position is of another list.
    NotANext,
    /// No plan of this hash is kept.
    NoKeptPlan,
    /// The call takes no parameters.
    NoParameters,
    /// The call takes only these parameters.
    NotAParameter(&'a [&'a str]),
    /// The condition stands by itself, and here there are others.
    NotAlone,
    /// The other field is there, too.
    NotWith(&'a str),
    /// Companies are chosen so, and not people.
    OnlyForCompanies,
    /// What the PSA counts as inactive is selected row by row.
    InactiveOneByOne,
    /// The chosen managed company does not exist.
    NoManagedCompany,
    /// The chosen managed company is mapped to this company of the PSA.
    MappedTo(&'a str),
    /// The chosen user does not exist.
    NoUser,
    /// Another user has the address.
    AddressTaken,
    /// More licences are in use and reserved.
    LicencesInUse,
    /// The event has no idempotency key.
    NoToken,
    /// No removed integration of this PSA has the id, or it was removed too long ago.
    NotRemoved,
    /// The login company has characters that the PSA does not allow.
    CompanyIdCharacters,
    /// Only these products have the field.
    OnlyFor(&'a [&'a str]),
    /// The credential is not one of this product.
    ForeignCredential(&'a str),
}

/// The kind of value that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number within these bounds.
    Whole {
        /// The least.
        least: i64,
        /// The most.
        most: u64,
    },
    /// `true` or `false`.
    Flag,
    /// A list.
    List,
    /// An object.
    Object,
    /// `null`.
    Null,
}
