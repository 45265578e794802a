//! `/imports/{x}/result` (R40, R41): as JSON with what somebody can do something about, as CSV with every row

mod csv;
mod formula;
mod holders;
mod people;
mod rows;

use api::{
    AcceptLanguage, Api, Call, CallerWith, Cursor, Json, Path, PeopleView, PersonOfCompany, Routes, State,
    SuspiciousView, find_import,
};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use directory::DirectoryError;
use domain::address::{Address, AddressKey};
use domain::ids::ImportId;
use domain::import::{Import, ImportState};
use domain::language::Language;
use domain::not_in::PeopleCounts;
use domain::plan::{CompanyCounts, Counts, Outcome, Reason, RowCode, UserCounts};
use domain::problem::{Code, Problem};
use domain::quotation::Quotation;
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Tenant;
use store::journal::{CHUNKS_AT_ONCE, ChunkName, Journal, JournalPosition};
use tracing::warn;

use holders::HolderView;
use rows::{ResultAddress, ResultCompany, ResultRow};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/result", show, || {
        Call::new(
            "showResult",
            "Shows how the rows of an ended import ended; as a CSV, every row",
        )
        .query::<CsvPage>()
        .answers::<ResultView>(200, example())
        .or_as("text/csv", CSV)
        .with_header("Link")
        .refuses(&[Code::WrongState])
    })
}

/// Every row, where `Accept` asks for it.
const CSV: &str = "\u{feff}company id,company,address id,address,contact,outcome,code,detail,action,rows,directory says\r\n\
    251,Bakkerij Postma,,,,created,,,,1,\r\n";

fn example() -> Value {
    json!({
        "state": "done",
        "companies": { "created": 22, "linked": 1, "updated": 0, "unchanged": 0, "skipped": 1, "failed": 0 },
        "users": { "created": 268, "linked": 2, "changedAddress": 0, "unchanged": 0, "skipped": 0, "failed": 2 },
        "errors": [{
            "company": { "id": "251", "name": "Bakkerij Postma" },
            "address": { "id": "1204~7781", "address": "j.postma@bakkerijpostma.example", "contact": "Jan Postma" }, "code": "address_conflict",
            "detail": "Another user already has this address.",
            "action": "Give that user another address, or correct the address in the PSA.",
            "heldBy": { "id": "c-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "name": "Drukkerij Smets" },
        }, {
            "company": { "id": "251", "name": "Bakkerij Postma" },
            "address": { "id": "1204~7790", "address": "rené@bakkerijpostma.example", "contact": "René Postma" }, "code": "directory_refused",
            "detail": "The directory refused this row.",
            "action": "Check in the directory whether the company has reached its limit of users. If it has not, correct the address in the PSA: it may have a letter that the directory does not take. Then import again.",
            "directorySays": "The email is not valid.",
        }],
        "skipped": [{
            "company": { "id": "263", "name": "Notariskantoor Visser" }, "code": "ambiguous",
            "detail": "Several companies have this name.",
            "action": "Choose one of the candidates, or create a new one.",
        }],
        "peopleNotIn": { "count": 1, "reasons": PeopleCounts { contact_deleted: 1, ..PeopleCounts::NONE }, "items": [{
            "importedFor": { "id": "263", "name": "Notariskantoor Visser" },
            "id": "1311~7790", "address": "k.visser@visser.example", "contact": "Karin Visser",
            "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "reason": "contact_deleted",
            "detail": "The contact, or its company, was deleted in the PSA.",
            "action": "The user stays, with its licence. If somebody else is to get the address, give the user another address first.",
        }] },
        "truncated": false,
    })
}

/// Rows that are listed one by one; the counts are always complete.
const MOST_LISTED: usize = 1_000;

/// How an import ended.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Result")]
struct ResultView {
    /// Says that much was absent, so the snapshot may have been incomplete (R54). Absent if nothing was suspicious.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    /// The state in which the import ended.
    state: ImportState,
    /// How many companies ended in each way.
    companies: CompanyCounts,
    /// How many users ended in each way.
    users: UserCounts,
    /// The rows that failed, at most 1,000.
    errors: Vec<ToDo>,
    /// The skipped rows that an administrator can do something about, at most 1,000.
    skipped: Vec<ToDo>,
    /// The people who were imported before and are not in the snapshot; no row is theirs, and their users stay as they are.
    /// Absent if the snapshot was never complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_not_in: Option<NotIn>,
    /// Whether one of the lists ends at 1,000 items although there are more. The CSV has all of them.
    truncated: bool,
}

/// The people who were imported before and are not in the snapshot.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResultNotIn")]
struct NotIn {
    #[serde(flatten)]
    counts: PeopleView,
    /// The people, at most 1,000.
    items: Vec<PersonOfCompany>,
}

/// A row that failed or was skipped.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ResultRow")]
struct ToDo {
    /// The company of the row.
    company: ResultCompany,
    /// The address row. Absent if the row is the company itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<ResultAddress>,
    /// Why the row failed or was skipped.
    #[schemars(with = "RowCode")]
    code: Reason,
    /// What happened, as a sentence in the language of the caller.
    detail: &'static str,
    /// What an administrator can do next, in the language of the caller.
    action: &'static str,
    /// The managed company of the user who has the address now. Only with the code `address_conflict`; absent if nobody has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<HolderView>,
    /// The directory's own words for its refusal. Absent if it did not refuse the row, or said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    directory_says: Option<Quotation>,
}

impl ToDo {
    /// The comparable form of its address.
    fn key(&self) -> Option<AddressKey> {
        let address: Address = self.address.as_ref()?.address.as_ref()?.parse().ok()?;
        Some(address.key().clone())
    }
}

/// Where a CSV goes on.
#[derive(Deserialize, JsonSchema)]
struct CsvPage {
    /// The position of the next part of the CSV: follow the `Link` of the part before. Absent for the first part.
    after: Option<Cursor>,
}

async fn show(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<CsvPage>,
    AcceptLanguage(language): AcceptLanguage,
    Path(id): Path<ImportId>,
    headers: HeaderMap,
) -> Api<Response> {
    let tenant = services.tenant(&caller.msp);
    let import = find_import(&services, &caller, &id).await?;
    if !import.state.is_final() {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    if wants_csv(&headers) {
        return csv::answer(&tenant, &import, page.after.as_ref(), language).await;
    }
    let mut view = ResultView::read(&tenant, &import, language).await?;
    // A directory that cannot be read now hides no result.
    if let Err(error) = view.name_holders(&services, &import).await {
        warn!(%error, "who has the addresses of others is left out of a result");
    }
    Ok(Json(view).into_response())
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accepted| accepted.to_ascii_lowercase().contains("text/csv"))
}

impl ResultView {
    async fn read(tenant: &Tenant, import: &Import, language: Language) -> Api<Self> {
        let Counts { companies, users } = import.counts.unwrap_or_default();
        let mut view = Self {
            suspicious: SuspiciousView::of(import, language),
            state: import.state,
            companies,
            users,
            errors: Vec::new(),
            skipped: Vec::new(),
            people_not_in: None,
            truncated: false,
        };
        if let Some(counts) = PeopleView::of(import) {
            let items = people::first(tenant, import, MOST_LISTED, language).await?;
            view.truncated = counts.count() > MOST_LISTED as u64;
            view.people_not_in = Some(NotIn { counts, items });
        }
        if companies.failed + companies.skipped + users.failed + users.skipped == 0 {
            return Ok(view);
        }
        let journal = tenant.journal_of(import);
        view.add_begun(&journal, language).await?;
        let mut after = Some(JournalPosition::of_skipped());
        while let Some(from) = after.take_if(|_| !view.is_full()) {
            let (rows, next) = rows::of_skipped_companies(&journal, &from).await?;
            for row in rows {
                view.add(row, language);
            }
            after = next;
        }
        Ok(view)
    }

    /// Adds rows of companies for which something was done. Most ended as planned, so only chunks with rows to list are read.
    async fn add_begun(&mut self, journal: &Journal, language: Language) -> Api<()> {
        let mut chunks = journal.outcomes().await?.chunks();
        loop {
            let wanted = chunks
                .by_ref()
                .filter_map(|(name, mut outcomes)| outcomes.any(|outcome| self.has_room(outcome)).then_some(name));
            let names: Vec<&ChunkName> = wanted.take(CHUNKS_AT_ONCE).collect();
            if names.is_empty() {
                return Ok(());
            }
            for row in rows::of_chunks(journal, &names).await? {
                self.add(row, language);
            }
        }
    }

    /// Says of each row that ended for an address of somebody else who has it by now.
    async fn name_holders(&mut self, services: &Services, import: &Import) -> Result<(), DirectoryError> {
        let rows = self.errors.iter_mut().chain(&mut self.skipped);
        let conflicts = rows.filter(|row| row.code == Reason::AddressConflict);
        let keyed: Vec<(AddressKey, &mut ToDo)> = conflicts.filter_map(|row| Some((row.key()?, row))).collect();
        let keys: Vec<AddressKey> = keyed.iter().map(|(key, _)| key.clone()).collect();
        let holders = holders::of(services, import, &keys).await?;
        for (key, row) in keyed {
            row.held_by = holders.get(&key).cloned();
        }
        Ok(())
    }

    /// The list of rows that ended like this, and why they did; `None` if they are not listed one by one.
    fn list(&mut self, outcome: &Outcome) -> Option<(&mut Vec<ToDo>, Reason)> {
        match outcome {
            Outcome::Failed(code) => Some((&mut self.errors, *code)),
            // An administrator decided so, or the row of the company itself says why.
            Outcome::Skipped(Reason::Unticked | Reason::Excluded | Reason::Cancelled | Reason::CompanyNotImported) => {
                None
            }
            Outcome::Skipped(code) => Some((&mut self.skipped, *code)),
            _ => None,
        }
    }

    /// Whether a row that ended like this is listed. Notes it if only the list has no room.
    fn has_room(&mut self, outcome: &Outcome) -> bool {
        let room = self.list(outcome).map(|(list, _)| list.len() < MOST_LISTED);
        self.truncated |= room == Some(false);
        room == Some(true)
    }

    /// Whether no row can be listed any more, and it says so.
    const fn is_full(&self) -> bool {
        self.truncated && self.errors.len() == MOST_LISTED && self.skipped.len() == MOST_LISTED
    }

    fn add(&mut self, row: ResultRow, language: Language) {
        if !self.has_room(&row.outcome) {
            return;
        }
        let Some((list, code)) = self.list(&row.outcome) else {
            return;
        };
        let (detail, action) = row.text(code, language);
        list.push(ToDo {
            company: row.company,
            address: row.address,
            code,
            detail,
            action,
            held_by: None,
            directory_says: row.said,
        });
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::PsaCompanyId;

    use super::*;

    #[test]
    fn r40_lists_that_are_cut_say_so() {
        let mut view = ResultView {
            suspicious: None,
            people_not_in: None,
            state: ImportState::Done,
            companies: CompanyCounts::default(),
            users: UserCounts::default(),
            errors: Vec::new(),
            skipped: Vec::new(),
            truncated: false,
        };
        for number in 0..=MOST_LISTED {
            assert!(!view.truncated);
            let company = ResultCompany {
                id: PsaCompanyId::new(number.to_string()),
                name: String::new(),
            };
            let row = ResultRow {
                company,
                address: None,
                outcome: Outcome::Skipped(Reason::Ambiguous),
                said: None,
                rows: 1,
            };
            view.add(row, Language::English);
        }
        assert!(view.truncated);
        assert_eq!(view.skipped.len(), MOST_LISTED);
    }
}
