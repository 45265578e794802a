//! The words for what rules know. A new variant does not compile until it has some.

use domain::directory::UserState;
use domain::import::ImportState;
use domain::plan::Step;
use domain::psa::PsaKind;
use domain::row::{Absence, AddressStatus, ImportStatus};

/// A word in both languages, and how it looks: never by colour alone.
pub(crate) type Word = (&'static str, &'static str, &'static str);

/// The statuses of companies, in the order of their chips.
pub(crate) const STATUSES: [ImportStatus; 5] = [
    ImportStatus::Unmapped,
    ImportStatus::UnmappedPossibleDuplicate,
    ImportStatus::Ambiguous,
    ImportStatus::Mapped,
    ImportStatus::Dangling,
];

pub(crate) fn status(status: &ImportStatus) -> Word {
    match status {
        ImportStatus::Unmapped => ("New", "Nieuw", "good"),
        ImportStatus::UnmappedPossibleDuplicate => ("Same name", "Zelfde naam", "info"),
        ImportStatus::Ambiguous => ("Needs a decision", "Vraagt een keuze", "bad"),
        ImportStatus::Mapped => ("Mapped", "Gekoppeld", "calm"),
        ImportStatus::Dangling => ("Managed company gone", "Beheerd bedrijf weg", "warn"),
    }
}

/// As addresses and the API name it.
pub(crate) fn status_code(status: &ImportStatus) -> &'static str {
    match status {
        ImportStatus::Unmapped => "unmapped",
        ImportStatus::UnmappedPossibleDuplicate => "unmapped_possible_duplicate",
        ImportStatus::Ambiguous => "ambiguous",
        ImportStatus::Mapped => "mapped",
        ImportStatus::Dangling => "dangling",
    }
}

/// What happens to a selected company if nothing else is decided.
pub(crate) fn happens(status: &ImportStatus) -> (&'static str, &'static str) {
    match status {
        ImportStatus::Unmapped => ("New managed company", "Nieuw beheerd bedrijf"),
        ImportStatus::UnmappedPossibleDuplicate => (
            "Linked to the one of the same name",
            "Gekoppeld aan het bedrijf met dezelfde naam",
        ),
        ImportStatus::Mapped => ("Brought up to date", "Bijgewerkt"),
        ImportStatus::Ambiguous | ImportStatus::Dangling => ("Nothing, until you choose", "Niets, tot u kiest"),
    }
}

pub(crate) fn address_status(status: &AddressStatus) -> Word {
    match status {
        AddressStatus::Mapped => ("Has a user", "Heeft een gebruiker", "calm"),
        AddressStatus::Unmapped => ("New", "Nieuw", "good"),
        AddressStatus::UnmappedPossibleDuplicate => ("Same address", "Zelfde adres", "info"),
        AddressStatus::PossibleSuccessor => ("Perhaps a successor", "Misschien een opvolger", "warn"),
        AddressStatus::AddressConflict => ("Belongs to another company", "Hoort bij een ander bedrijf", "bad"),
        AddressStatus::NoAddress => ("No usable address", "Geen bruikbaar adres", "bad"),
        AddressStatus::Dangling => ("User gone", "Gebruiker weg", "warn"),
    }
}

/// How far a user has come.
pub(crate) fn user_state(state: &UserState) -> Word {
    match state {
        UserState::Invited => ("invited", "uitgenodigd", "info"),
        UserState::Enrolled => ("enrolled", "ingeschreven", "good"),
        UserState::Staged => ("created, not invited yet", "gemaakt, nog niet uitgenodigd", "calm"),
        UserState::InvitationExpired => ("invitation expired", "uitnodiging verlopen", "warn"),
        UserState::AwaitingApproval => ("waits for approval", "wacht op goedkeuring", "warn"),
        UserState::Disabled => ("disabled", "uitgeschakeld", "bad"),
    }
}

pub(crate) fn absence(absence: &Absence) -> (&'static str, &'static str) {
    match absence {
        Absence::FilteredOut => ("The filter leaves it out", "Het filter laat het weg"),
        Absence::Inactive => ("Inactive", "Inactief"),
        Absence::DeletedInPsa => ("Deleted in the PSA", "Verwijderd in de PSA"),
        Absence::MergedInPsa => ("Merged in the PSA", "Samengevoegd in de PSA"),
        Absence::Unreadable => ("Cannot be read", "Kan niet worden gelezen"),
    }
}

pub(crate) fn state(state: &ImportState) -> Word {
    match state {
        ImportState::Fetching => ("Downloading", "Bezig met ophalen", "info"),
        ImportState::Review => ("To be reviewed", "Te beoordelen", "warn"),
        ImportState::Executing => ("Importing", "Bezig met importeren", "info"),
        ImportState::Done => ("Done", "Klaar", "good"),
        ImportState::Failed => ("Failed", "Mislukt", "bad"),
        ImportState::Cancelled => ("Cancelled", "Geannuleerd", "calm"),
    }
}

/// What is typed into small forms that do not come back, by where the API has it.
pub(crate) fn typed(pointer: &str) -> Option<(&'static str, &'static str)> {
    match pointer {
        "/name" => Some(("Name", "Naam")),
        "/address" => Some(("Address", "Adres")),
        "/why" => Some(("Why", "Waarom")),
        "/target/existing" => Some(("Your choice", "Uw keuze")),
        _ => None,
    }
}

pub(crate) fn psa(kind: &PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "ConnectWise PSA",
        PsaKind::Autotask => "Autotask PSA",
    }
}

/// As forms and the API name it.
pub(crate) fn psa_code(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "connectwise",
        PsaKind::Autotask => "autotask",
    }
}

/// Steps, in the order of the plan's filter.
pub(crate) const STEPS: [Step; 11] = [
    Step::CreateCompany,
    Step::LinkCompany,
    Step::HandOverCompany,
    Step::UpdateCompany,
    Step::UnmapCompany,
    Step::CreateUser,
    Step::LinkUser,
    Step::ChangeAddress,
    Step::UnmapUser,
    Step::Skip,
    Step::Unchanged,
];

pub(crate) fn step(step: &Step) -> Word {
    match step {
        Step::CreateCompany => ("New company", "Nieuw bedrijf", "good"),
        Step::LinkCompany => ("Link company", "Bedrijf koppelen", "info"),
        Step::HandOverCompany => ("Hand over company", "Bedrijf overdragen", "info"),
        Step::UpdateCompany => ("Rename company", "Bedrijf hernoemen", "warn"),
        Step::UnmapCompany => ("Unassign company", "Bedrijf loskoppelen", "warn"),
        Step::UnmapUser => ("Unassign user", "Gebruiker loskoppelen", "warn"),
        Step::CreateUser => ("New user", "Nieuwe gebruiker", "good"),
        Step::LinkUser => ("Link user", "Gebruiker koppelen", "info"),
        Step::ChangeAddress => ("New address", "Nieuw adres", "warn"),
        Step::Unchanged => ("Unchanged", "Ongewijzigd", "calm"),
        Step::Skip => ("Skipped", "Overgeslagen", "bad"),
    }
}

/// As addresses and the API name it.
pub(crate) fn step_code(step: &Step) -> String {
    serde_json::to_value(step)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
