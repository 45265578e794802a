//! `/imports/{x}/companies` (R13–R27)

use api::{
    AcceptLanguage, Api, Body, Call, Caller, CallerWith, Cursor, Json, List, PageQuery, Paged, Path, Routes, State,
};
use domain::directory::ManagedCompany;
use domain::ids::{ImportId, ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::name::NameKey;
use domain::problem::{Code, Problem, ResourceKind};
use domain::row::{Absence, AddressCounts, CompanyRow, ImportStatus, Tab};
use domain::rules::CompanyFilter;
use domain::text::Term;
use jiff::Timestamp;
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Tenant;
use store::decided::Decisions;
use store::rows::Row;

use super::company_counts::CompanyRowCounts;
use super::decision::{self, Decision};
use super::exclusions::ExcludedView;
use super::filter::{self, Several};
use super::suggestions::{self, SuggestionView};
use super::target::TargetView;
use crate::ticked::{self, MAX_ROWS_WITH_PEOPLE, TickedPeople};
use crate::{decisions, review};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/companies", list, || {
        Call::new(
            "listCompanies",
            "Lists the company rows of a tab: unmapped ones first, then by name",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<Companies>(200, json!({ "items": [example()], "next": null, "counts": counts() }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
    .get("/imports/{x}/companies/{p}", show, || {
        Call::new("showCompany", "Shows the row of one company, of either tab")
            .answers::<CompanyView>(200, example())
            .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
    .patch("/imports/{x}/companies/{p}", decide, || {
        Call::new("decideCompany", "Decides on one company")
            .body::<Decision<ManagedCompanyId>>(json!({ "version": 1, "selected": true, "target": { "create": {} } }))
            .answers::<CompanyView>(200, example())
            .refuses(&decision::REFUSED)
            .refuses(&[Code::DecisionConflict, Code::NotSelectable])
    })
}

fn counts() -> Value {
    json!({
        "total": 40, "selected": 23, "excluded": 1, "byStatus": { "mapped": 23, "unmapped": 17 },
        "selectedByStatus": { "mapped": 23 }, "undecidedByStatus": {},
    })
}

fn example() -> Value {
    json!({
        "id": "251", "name": "Bakkerij Postma", "status": "unmapped", "type": "Client", "psaStatus": "Active",
        "active": true, "own": false, "addresses": 12, "noAddress": 1, "peopleNotIn": 0, "selected": false, "target": { "automatic": {} },
        "candidates": [], "namesakeInPsa": false,
        "suggestions": [{
            "managedCompany": { "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." }, "score": 97,
            "reasons": [{ "code": "legal_suffix", "text": "The names differ in the legal form, such as Ltd or B.V." }],
        }],
        "version": 1,
    })
}

/// A company of the PSA, with its status and the decision on it (R16).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CompanyRow")]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
struct CompanyView {
    /// The id of the company in the PSA.
    id: PsaCompanyId,
    /// The name in the PSA; in the tab *not in*, the name when last imported.
    name: String,
    /// What the import knows of the company.
    status: ImportStatus,
    /// The company's types in the PSA, separated by commas.
    #[serde(rename = "type")]
    kind: String,
    /// The company's status in the PSA.
    psa_status: String,
    /// Whether the PSA counts the company as active.
    active: bool,
    /// Whether it is the MSP's own company.
    own: bool,
    /// When the company or one of its addresses was last imported. Absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_imported: Option<Timestamp>,
    #[serde(flatten)]
    addresses: AddressCounts,
    /// How many people of the company were imported before and are not in the snapshot.
    people_not_in: u32,
    /// How many of its people are ticked. Present if the call asks for `people`.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<TickedPeople>,
    /// Whether the import applies to the company.
    selected: bool,
    /// Who excluded the company, when and why: no decision selects it. Absent if it is not excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedView>,
    /// What the company becomes if it is selected.
    target: TargetView<ManagedCompanyId>,
    /// The managed company that the company is mapped to. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapped: Option<ManagedCompany>,
    /// The managed companies of the same name.
    candidates: Vec<ManagedCompany>,
    /// Whether the snapshot has another company of this name.
    namesake_in_psa: bool,
    /// Managed companies of other names that may be the same company, as of the snapshot.
    suggestions: Vec<SuggestionView>,
    /// Why the company is not in the snapshot. Absent in the tab *in*.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Absence>,
    /// The reason as a sentence, in the language of the caller. Absent in the tab *in*.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// Grows with every decision on the row. Send it with the next one.
    version: u64,
}

impl CompanyView {
    fn of(row: CompanyRow, language: Language) -> Self {
        Self {
            id: row.id,
            name: row.name,
            status: row.status,
            kind: row.types.join(", "),
            psa_status: row.psa_status,
            active: row.active,
            own: row.own,
            last_imported: row.last_imported,
            addresses: row.addresses,
            people_not_in: row.people_not_in,
            people: None,
            selected: row.decision.selected,
            excluded: row.decision.excluded.map(ExcludedView::from),
            target: row.decision.target.into(),
            mapped: row.mapped,
            candidates: row.candidates,
            namesake_in_psa: row.namesake_in_psa,
            suggestions: suggestions::views(row.suggestions, language),
            reason: row.reason,
            detail: row.reason.map(|reason| reason.text(language)),
            version: row.decision.version,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// The tab whose rows to list. Absent: `in`.
    tab: Option<Tab>,
    /// Only rows with one of these statuses, separated by commas.
    #[serde(default)]
    status: Several<ImportStatus>,
    /// Only rows whose name contains this text, in any case and with or without accents.
    search: Option<Term>,
    /// Only rows with this type, by its name in the PSA.
    #[serde(rename = "type")]
    kind: Option<Term>,
    /// `true`: only rows that the PSA counts as active. `false`: only the others.
    active: Option<bool>,
    /// `true`: only rows that are selected. `false`: only the others.
    selected: Option<bool>,
    /// `true`: only rows that are excluded. `false`: only the others.
    excluded: Option<bool>,
    /// `true`: only rows that need a decision and have none. `false`: only the others.
    undecided: Option<bool>,
    /// Only rows that are not in the snapshot for this reason.
    reason: Option<Absence>,
    /// Whether to add `people` to each row. This is slower, since it asks the directory who has each address; a page then has at most 50 rows.
    #[serde(default)]
    people: bool,
    /// Whether to add `counts`.
    #[serde(default)]
    counts: bool,
}

/// A page of company rows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompanyRows")]
struct Companies {
    #[serde(flatten)]
    page: List<CompanyView>,
    /// How many rows the tab *in* has, whatever rows the call asks for. Present if the call asks for `counts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<CompanyRowCounts>,
}

impl Browse {
    /// The page that was asked for, with at most `MAX_ROWS_WITH_PEOPLE` rows if people are to be counted. Refused if its cursor is of the
    /// list of the other tab.
    fn limit(&self, mut page: PageQuery) -> Api<PageQuery> {
        let tab = self.tab.unwrap_or(Tab::In);
        if page
            .after
            .as_ref()
            .is_some_and(|after| !after.as_str().starts_with(prefix(tab)))
        {
            return Err(Cursor::refused());
        }
        if self.people {
            page.limit.0 = page.limit.0.min(MAX_ROWS_WITH_PEOPLE);
        }
        Ok(page)
    }

    /// The conditions of the query that rules have, too.
    fn company_filter(&self) -> CompanyFilter {
        CompanyFilter {
            statuses: self.status.0.clone(),
            search: self.search.clone().map(filter::sought),
            kind: self.kind.clone().map(filter::sought),
            active: self.active,
            ids: None,
        }
    }

    /// Whether a row meets the conditions that rules do not have.
    fn accepts(&self, row: &CompanyRow) -> bool {
        row.tab == self.tab.unwrap_or(Tab::In)
            && self.selected.is_none_or(|selected| selected == row.decision.selected)
            && self
                .excluded
                .is_none_or(|excluded| excluded == row.decision.excluded.is_some())
            && self.undecided.is_none_or(|undecided| undecided == row.is_undecided())
            && self.reason.is_none_or(|reason| Some(reason) == row.reason)
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
    Path(id): Path<ImportId>,
    AcceptLanguage(language): AcceptLanguage,
) -> Api<Json<Companies>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    Ok(Json(page(&services, &import, query, language).await?))
}

/// A page of rows as they are shown, with their people if those are asked for.
async fn page(services: &Services, import: &Import, query: Paged<Browse>, language: Language) -> Api<Companies> {
    let tenant = services.tenant(&import.msp);
    let decided = tenant.decided(import).await?;
    let counted = if query.filter.people { MAX_ROWS_WITH_PEOPLE } else { 0 };
    let (List { items, next }, counts) = browse(&tenant, (import, &decided), query).await?;
    let of = items.get(..counted.min(items.len())).unwrap_or_default();
    let mut people = ticked::of_rows(services, import, &decided, of).await?.into_iter();
    let views = items.into_iter().map(|row| CompanyView {
        people: people.next(),
        ..CompanyView::of(row.company, language)
    });
    let page = List {
        items: views.collect(),
        next,
    };
    Ok(Companies { page, counts })
}

/// A page of rows: unmapped ones first, then by name (R16); with the counts, if they are asked for.
async fn browse(
    tenant: &Tenant,
    (import, decided): (&Import, &Decisions),
    Paged { filter: browse, page }: Paged<Browse>,
) -> Api<(List<Row>, Option<CompanyRowCounts>)> {
    let page = browse.limit(page)?;
    let rows = tenant.rows(import, decided).await?;
    let counts = browse
        .counts
        .then(|| CompanyRowCounts::of(rows.iter().map(|row| &row.company)));
    let filter = browse.company_filter();
    let rows = rows.into_iter();
    let rows = rows.filter(|row| browse.accepts(row) && filter.accepts(row));
    let mut rows: Vec<(String, Row)> = rows.map(|row| (place(&row), row)).collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    let List { items, next } = List::page(rows, &page, |(place, _)| place.clone());
    let items = items.into_iter().map(|(_, row)| row).collect();
    Ok((List { items, next }, counts))
}

const fn prefix(tab: Tab) -> &'static str {
    match tab {
        Tab::In => "in#",
        Tab::NotIn => "not-in#",
    }
}

/// Where a row stands when a tab is browsed.
fn place(row: &CompanyRow) -> String {
    let (mapped, name) = (row.status == ImportStatus::Mapped, NameKey::of(&row.name).sorted_as());
    let short: String = name.chars().take(60).collect();
    // Below every character of a name, so that a name comes before a longer one that begins with it.
    format!("{}{}#{short}\u{1}{}", prefix(row.tab), u8::from(mapped), row.id)
}

async fn show(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
    AcceptLanguage(language): AcceptLanguage,
) -> Api<Json<CompanyView>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let decided = tenant.decided_on(&import, &company).await?;
    let row = tenant.row(&import, &company, &decided).await?;
    let row = row.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    Ok(Json(CompanyView::of(row.company, language)))
}

async fn decide(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
    AcceptLanguage(language): AcceptLanguage,
    Body(decision): Body<Decision<ManagedCompanyId>>,
) -> Api<Json<CompanyView>> {
    decision.check()?;
    let import = review::in_review(&services, &caller, &id).await?;
    let row = decisions::companies::decide(&services, &import, &company, decision).await?;
    Ok(Json(CompanyView::of(row.company, language)))
}
