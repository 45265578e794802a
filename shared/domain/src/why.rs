//! Why something is to happen to a row, or nothing: a stable code, and what it says to an administrator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::RowCode;
use crate::plan::{AddressCause, SkipReason};
use crate::problem::{Language, row_text};
use crate::row::Absence;

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
    /// Its managed company no longer exists.
    Dangling,
    /// Several companies could be meant.
    Ambiguous,
    /// The chosen managed company does not exist.
    ManagedCompanyNotFound,
    /// The managed company is another PSA company's.
    AlreadyMapped,
    /// The chosen user does not exist.
    UserNotFound,
    /// It was imported before, and is not ticked.
    Unticked,
    /// There is no valid address.
    NoAddress,
    /// Another user has the address.
    AddressConflict,
    /// Another company of this import gets the address.
    SameAddressInAnotherCompany,
    /// The user is another address's.
    UserAlreadyMapped,
    /// The company itself is passed over.
    CompanyNotImported,
}

impl From<&SkipReason> for Why {
    fn from(reason: &SkipReason) -> Self {
        match reason {
            SkipReason::Dangling => Self::Dangling,
            SkipReason::Ambiguous => Self::Ambiguous,
            SkipReason::ManagedCompanyNotFound => Self::ManagedCompanyNotFound,
            SkipReason::AlreadyMapped(_) => Self::AlreadyMapped,
            SkipReason::UserNotFound => Self::UserNotFound,
            SkipReason::Unticked => Self::Unticked,
            SkipReason::NoAddress => Self::NoAddress,
            SkipReason::AddressConflict(_) => Self::AddressConflict,
            SkipReason::GivesWay(_) => Self::SameAddressInAnotherCompany,
            SkipReason::UserAlreadyMapped(_) => Self::UserAlreadyMapped,
            SkipReason::CompanyNotImported => Self::CompanyNotImported,
        }
    }
}

impl From<AddressCause> for Why {
    fn from(cause: AddressCause) -> Self {
        match cause {
            AddressCause::ChangedInPsa => Self::ChangedInPsa,
            AddressCause::ReplacedInPsa => Self::ReplacedInPsa,
            AddressCause::Chosen => Self::Chosen,
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
            Self::SameAddressInAnotherCompany => language.pick(
                "Another company of this import gets the user with this address.",
                "Een ander bedrijf in deze import krijgt de gebruiker met dit adres.",
            ),
            Self::Dangling => row_text(RowCode::Dangling, language).0,
            Self::Ambiguous => row_text(RowCode::Ambiguous, language).0,
            Self::ManagedCompanyNotFound => row_text(RowCode::ManagedCompanyNotFound, language).0,
            Self::AlreadyMapped => row_text(RowCode::AlreadyMapped, language).0,
            Self::UserNotFound => row_text(RowCode::UserNotFound, language).0,
            Self::Unticked => row_text(RowCode::Unticked, language).0,
            Self::NoAddress => row_text(RowCode::NoAddress, language).0,
            Self::AddressConflict => row_text(RowCode::AddressConflict, language).0,
            Self::UserAlreadyMapped => row_text(RowCode::UserAlreadyMapped, language).0,
            Self::CompanyNotImported => row_text(RowCode::CompanyNotImported, language).0,
        }
    }
}

impl Absence {
    /// A sentence.
    pub const fn text(self, language: Language) -> &'static str {
        match self {
            Self::FilteredOut => language.pick(
                "The filter of this import leaves it out.",
                "Het filter van deze import laat het weg.",
            ),
            Self::Inactive => language.pick(
                "It is inactive in the PSA, and the filter leaves it out.",
                "Het is in de PSA niet actief en het filter laat het weg.",
            ),
            Self::DeletedInPsa => language.pick("It was deleted in the PSA.", "Het is in de PSA verwijderd."),
            Self::MergedInPsa => language.pick(
                "It was merged into another company in the PSA.",
                "Het is in de PSA met een ander bedrijf samengevoegd.",
            ),
            Self::Unreadable => language.pick(
                "The PSA gave no usable answer about it.",
                "De PSA gaf er geen bruikbaar antwoord over.",
            ),
        }
    }
}
