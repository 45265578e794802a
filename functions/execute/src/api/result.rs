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
use tracing::warn;

use holders::HolderView;
use rows::{ResultAddress, ResultCompany, ResultRow};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/result", show, || {
        Call::new("showResult", "How every row ended")
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

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Result")]
struct ResultView {
    /// There when so much was absent that the snapshot may not have shown all that the PSA has (R54).
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    state: ImportState,
    companies: CompanyCounts,
    users: UserCounts,
    /// Rows that failed.
    errors: Vec<ToDo>,
    /// Skipped rows that an administrator can do something about.
    skipped: Vec<ToDo>,
    /// People who were imported before and are not in. Nothing happened to their users, and no row is theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_not_in: Option<NotIn>,
    /// Whether there are more of any of them than the thousand that are listed; the CSV has them all.
    truncated: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResultNotIn")]
struct NotIn {
    #[serde(flatten)]
    counts: PeopleView,
    items: Vec<PersonOfCompany>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ResultRow")]
struct ToDo {
    company: ResultCompany,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<ResultAddress>,
    #[schemars(with = "RowCode")]
    code: Reason,
    detail: &'static str,
    action: &'static str,
    /// The managed company of the user who has the address by now, if somebody has it; of rows with `address_conflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<HolderView>,
    /// What the directory said of the row in words of its own, if it refused it.
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
    /// From the `Link` of the page before.
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
        let mut after = None;
        loop {
            let (rows, next) = rows::listed(tenant, import, after.as_ref()).await?;
            for row in rows {
                view.add(row, language);
            }
            after = next;
            if after.is_none() {
                return Ok(view);
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

    fn add(&mut self, row: ResultRow, language: Language) {
        let (list, code) = match row.outcome {
            Outcome::Failed(code) => (&mut self.errors, code),
            // What an administrator decided is no news to them.
            Outcome::Skipped(Reason::Unticked | Reason::Excluded | Reason::Cancelled | Reason::CompanyNotImported) => {
                return;
            }
            Outcome::Skipped(code) => (&mut self.skipped, code),
            _ => return,
        };
        if list.len() == MOST_LISTED {
            self.truncated = true;
            return;
        }
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
