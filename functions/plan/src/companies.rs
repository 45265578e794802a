//! Company rows: browsing, and deciding on one or many (R13–R27).

use axum::Json;
use axum::extract::State;
use domain::directory::ManagedCompany;
use domain::ids::{ImportId, ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::name::NameKey;
use domain::object;
use domain::problem::{Mistake, Problem, ResourceKind};
use domain::row::{Absence, AddressCounts, CompanyRow, ImportStatus, Tab, Target};
use domain::text::Term;
use jiff::Timestamp;
use runtime::{Accepted, Api, Body, Caller, CallerWith, List, Paged, PathIds, Position, Services};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tenant;
use store::retry::Attempts;
use store::rows::Decided;

use crate::scope;
use crate::suggestions::{self, SuggestionView};

/// Rows of one transaction, next to the proof of the review.
const MAX_ROWS_PER_TRANSACTION: usize = 90;

/// A company row as it is shown (R16).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CompanyRow")]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub(crate) struct CompanyView {
    id: PsaCompanyId,
    name: String,
    status: ImportStatus,
    #[serde(rename = "type")]
    kind: String,
    psa_status: String,
    active: bool,
    own: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_imported: Option<Timestamp>,
    #[serde(flatten)]
    addresses: AddressCounts,
    selected: bool,
    target: Target<ManagedCompanyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapped: Option<ManagedCompany>,
    candidates: Vec<ManagedCompany>,
    /// Whether the PSA has another company of this name.
    namesake_in_psa: bool,
    suggestions: Vec<SuggestionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Absence>,
    /// What the reason says.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
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
            selected: row.decision.selected,
            target: row.decision.target,
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

/// Which rows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "WhereCompanies")]
pub(crate) struct Where {
    status: Option<ImportStatus>,
    search: Option<Term>,
    #[serde(rename = "type")]
    kind: Option<Term>,
}

impl Where {
    fn accepts(&self, row: &CompanyRow) -> bool {
        self.status.is_none_or(|status| status == row.status)
            && self.search.as_ref().is_none_or(|search| contains(&row.name, search))
            && self
                .kind
                .as_ref()
                .is_none_or(|kind| row.types.iter().any(|of| NameKey::of(of) == NameKey::of(kind)))
    }
}

/// Whether a name holds what is searched for, however either is spelled.
pub(crate) fn contains(name: &str, search: &str) -> bool {
    NameKey::of(name).as_str().contains(NameKey::of(search).as_str())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Browse {
    /// Which tab; `in` by default.
    tab: Option<Tab>,
    /// Only rows of this import status.
    status: Option<ImportStatus>,
    /// Only rows whose name holds this, however either is spelled.
    search: Option<Term>,
    /// Only rows of this type of the PSA.
    #[serde(rename = "type")]
    kind: Option<Term>,
}

/// Rows read for a filter that may pass few of them: more than one query reads, which ends at 1 MB.
const MOST_READ: usize = 10_000;

/// One query, so that a page takes 1 MB of reading at most. One that a filter passes few rows of is short, with a `next`.
pub(crate) async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
    PathIds(id): PathIds<ImportId>,
    Accepted(language): Accepted,
) -> Api<Json<List<CompanyView>>> {
    let Paged { filter: browse, page } = query;
    let import = scope::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let (limit, tab) = (page.limit.0, browse.tab.unwrap_or(Tab::In));
    if let Some(after) = &page.after
        && !store::rows::stands_in(tab, after.as_str())
    {
        return Err(Position::refused());
    }
    let filter = Where {
        status: browse.status,
        search: browse.search,
        kind: browse.kind,
    };
    let filtered = filter.status.is_some() || filter.search.is_some() || filter.kind.is_some();
    let (mut items, mut after) = (Vec::new(), page.after.map(|after| after.as_str().to_owned()));
    let reads = if filtered { MOST_READ } else { limit };
    let (rows, mut more) = tenant.browse(&import, tab, after.as_ref(), reads).await?;
    for (row, position) in rows {
        if items.len() == limit {
            more = true;
            break;
        }
        after = Some(position);
        if filter.accepts(&row) {
            items.push(CompanyView::of(row, language));
        }
    }
    let after = after.filter(|_| more);
    Ok(Json(List { items, next: after }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CompanyDecision", extend("minProperties" = 2))]
pub(crate) struct Decision {
    version: u64,
    selected: Option<bool>,
    target: Option<Target<ManagedCompanyId>>,
}

pub(crate) async fn decide(
    State(services): State<Services>,
    caller: Caller,
    PathIds((id, company)): PathIds<(ImportId, PsaCompanyId)>,
    Accepted(language): Accepted,
    Body(decision): Body<Decision>,
) -> Api<Json<CompanyView>> {
    if decision.selected.is_none() && decision.target.is_none() {
        return Err(Problem::nothing_to_change(&["selected", "target"]).into());
    }
    let import = scope::in_review(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let mut row = tenant
        .row(&import, &company)
        .await?
        .ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    if row.decision.version != decision.version {
        return Err(Problem::DecisionConflict {
            version: row.decision.version,
        }
        .into());
    }
    if row.tab == Tab::NotIn {
        return Err(Problem::NotSelectable {
            status: "not-in".to_owned(),
        }
        .into());
    }
    if let Some(Target::Existing(managed)) = &decision.target {
        check_target(&services, &import, &company, managed).await?;
    }
    row.decision.selected = decision.selected.unwrap_or(row.decision.selected);
    row.decision.target = decision.target.unwrap_or(row.decision.target);
    row.decision.version += 1;
    match tenant
        .decide_company(&import, &row, decision.version, services.clock.now())
        .await?
    {
        Decided::Recorded => Ok(Json(CompanyView::of(row, language))),
        Decided::NotInReview => Err(scope::not_in_review(&services, &import).await),
        Decided::Conflict => {
            let version = tenant
                .row(&import, &company)
                .await?
                .map_or(0, |row| row.decision.version);
            Err(Problem::DecisionConflict { version }.into())
        }
    }
}

/// The chosen managed company exists and is not mapped to another PSA company (R24).
async fn check_target(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    managed: &ManagedCompanyId,
) -> Api<()> {
    let pointer = "/target/existing";
    if services.directory(&import.msp).company(managed).await?.is_none() {
        return Err(Problem::invalid(pointer, Mistake::NoManagedCompany).into());
    }
    let mappings = services
        .tenant(&import.msp)
        .company_mappings(&import.integration)
        .await?;
    match Tenant::claims(&mappings).find(|(claimed, by)| claimed == managed && by != company) {
        Some((_, other)) => Err(Problem::invalid(pointer, Mistake::MappedTo(other.as_str())).into()),
        None => Ok(()),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SelectCompanies")]
pub(crate) struct Select {
    selected: bool,
    #[serde(rename = "where", default, deserialize_with = "object::only")]
    filter: Where,
}

/// How many rows a decision on many was about.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Selected {
    pub matched: usize,
    pub selected: bool,
}

/// Selects many rows of the tab *in*; never the MSP's own company (R12).
pub(crate) async fn select(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<ImportId>,
    Body(select): Body<Select>,
) -> Api<Json<Selected>> {
    let import = scope::in_review(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let (mut matched, mut after) = (0, None);
    loop {
        let (rows, next) = tenant.rows_page(&import, after.as_ref()).await?;
        let rows = rows
            .into_iter()
            .filter(|row| row.tab == Tab::In && !row.own && select.filter.accepts(row));
        let rows: Vec<CompanyRow> = rows.collect();
        matched += rows.len();
        for batch in rows.chunks(MAX_ROWS_PER_TRANSACTION) {
            select_batch(&services, &import, batch.to_vec(), select.selected).await?;
        }
        after = next;
        if after.is_none() {
            return Ok(Json(Selected {
                matched,
                selected: select.selected,
            }));
        }
    }
}

async fn select_batch(services: &Services, import: &Import, mut rows: Vec<CompanyRow>, selected: bool) -> Api<()> {
    let tenant = services.tenant(&import.msp);
    let mut attempts = Attempts::at("decision on companies");
    loop {
        let decided = rows.iter().filter(|row| row.decision.selected != selected).map(|row| {
            let mut decided = row.clone();
            decided.decision.selected = selected;
            decided.decision.version += 1;
            (decided, row.decision.version)
        });
        let decided: Vec<(CompanyRow, u64)> = decided.collect();
        match tenant.decide_companies(import, &decided, services.clock.now()).await? {
            Decided::Recorded => return Ok(()),
            Decided::NotInReview => return Err(scope::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
        // One of them was decided on meanwhile; this decision says nothing of what was seen, so it goes on top.
        for row in &mut rows {
            if let Some(now) = tenant.row(import, &row.id).await? {
                *row = now;
            }
        }
    }
}
