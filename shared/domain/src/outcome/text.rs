//! What happened to a row, and what to do next.

use super::RowCode;
use crate::address::NoAddress;
use crate::language::Language;

impl RowCode {
    /// What happened, and what to do next.
    pub const fn text(self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::English => english(self),
            Language::Dutch => dutch(self),
        }
    }

    /// The same, more precise where it is known why a text is no address (R61).
    pub fn text_about(self, no_address: Option<&NoAddress>, language: Language) -> (&'static str, &'static str) {
        match (self, no_address) {
            (Self::NoAddress, Some(no_address)) => no_address.reason.text(language),
            _ => self.text(language),
        }
    }
}

const fn english(code: RowCode) -> (&'static str, &'static str) {
    match code {
        RowCode::Dangling => (
            "Its managed company no longer exists.",
            "Choose another managed company, or create a new one.",
        ),
        RowCode::Ambiguous => (
            "Several companies have this name.",
            "Choose one of the candidates, or create a new one.",
        ),
        RowCode::ManagedCompanyNotFound => ("The chosen managed company does not exist.", "Choose another one."),
        RowCode::AlreadyMapped => (
            "The managed company is mapped to another PSA company.",
            "Choose another one, or unassign that mapping first.",
        ),
        RowCode::UserNotFound => (
            "The chosen user does not exist in this managed company.",
            "Choose another user.",
        ),
        RowCode::UserAlreadyMapped => (
            "The user is mapped to another contact.",
            "Choose another user, or untick one of the two.",
        ),
        RowCode::Unticked => (
            "Imported before and not ticked this time.",
            "Tick it to include it; access stays as it is.",
        ),
        RowCode::NoAddress => (
            "The contact has no valid e-mail address.",
            "Correct the address in the PSA and import again.",
        ),
        RowCode::AddressConflict => (
            "Another user already has this address.",
            "Give that user another address, or correct the address in the PSA.",
        ),
        RowCode::CompanyNotImported => (
            "Its company was not imported.",
            "Resolve what the company's row reports and import again.",
        ),
        RowCode::PlanChanged => (
            "Something this row rests on changed after the plan was confirmed.",
            "Import again; the new plan shows the change.",
        ),
        RowCode::Cancelled => (
            "The import was cancelled before this row.",
            "Import again to include it.",
        ),
        RowCode::GivenUp => (
            "The import was given up before this row.",
            "Import again to include it.",
        ),
        RowCode::DirectoryRefused => (
            "The directory refused it.",
            "Look at the row in the directory, then import again.",
        ),
        RowCode::DirectoryUnavailable => (
            "The directory did not answer.",
            "Import again later; nothing will be made twice.",
        ),
    }
}

const fn dutch(code: RowCode) -> (&'static str, &'static str) {
    match code {
        RowCode::Dangling => (
            "Het beheerde bedrijf bestaat niet meer.",
            "Kies een ander beheerd bedrijf of maak een nieuw.",
        ),
        RowCode::Ambiguous => (
            "Meerdere bedrijven hebben deze naam.",
            "Kies een van de kandidaten of maak een nieuw bedrijf.",
        ),
        RowCode::ManagedCompanyNotFound => ("Het gekozen beheerde bedrijf bestaat niet.", "Kies een ander."),
        RowCode::AlreadyMapped => (
            "Het beheerde bedrijf is aan een ander PSA-bedrijf gekoppeld.",
            "Kies een ander of maak eerst die koppeling los.",
        ),
        RowCode::UserNotFound => (
            "De gekozen gebruiker bestaat niet in dit beheerde bedrijf.",
            "Kies een andere gebruiker.",
        ),
        RowCode::UserAlreadyMapped => (
            "De gebruiker is aan een andere contactpersoon gekoppeld.",
            "Kies een andere gebruiker of vink een van beide uit.",
        ),
        RowCode::Unticked => (
            "Eerder geïmporteerd en nu niet aangevinkt.",
            "Vink het aan om het mee te nemen; de toegang blijft zoals die is.",
        ),
        RowCode::NoAddress => (
            "De contactpersoon heeft geen geldig e-mailadres.",
            "Verbeter het adres in de PSA en importeer opnieuw.",
        ),
        RowCode::AddressConflict => (
            "Een andere gebruiker heeft dit adres al.",
            "Geef die gebruiker een ander adres of verbeter het adres in de PSA.",
        ),
        RowCode::CompanyNotImported => (
            "Het bedrijf is niet geïmporteerd.",
            "Los op wat de rij van het bedrijf meldt en importeer opnieuw.",
        ),
        RowCode::PlanChanged => (
            "Er is iets gewijzigd nadat het plan was bevestigd.",
            "Importeer opnieuw; het nieuwe plan laat de wijziging zien.",
        ),
        RowCode::Cancelled => (
            "De import is voor deze rij afgebroken.",
            "Importeer opnieuw om de rij mee te nemen.",
        ),
        RowCode::GivenUp => (
            "De import is voor deze rij opgegeven.",
            "Importeer opnieuw om de rij mee te nemen.",
        ),
        RowCode::DirectoryRefused => (
            "De directory weigerde dit.",
            "Bekijk de rij in de directory en importeer daarna opnieuw.",
        ),
        RowCode::DirectoryUnavailable => (
            "De directory gaf geen antwoord.",
            "Importeer later opnieuw; er wordt niets dubbel gemaakt.",
        ),
    }
}
