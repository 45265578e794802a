//! `GET /imports/{x}/companies/{p}/hand-overs`: managed companies whose PSA company is gone (R58)

use api::{Api, Call, CallerWith, Json, List, PageQuery, Path, Routes, State};
use domain::directory::ManagedCompany;
use domain::ids::{ImportId, PsaCompanyId};
use domain::name::NameKey;
use domain::problem::{Code, Problem, ResourceKind};
use domain::row::{Absence, CompanyRow, Tab};
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use store::decided::Decisions;

use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/companies/{p}/hand-overs", list, || {
        let example = json!({
            "managedCompany": { "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." },
            "from": { "id": "251", "name": "Bakkerij Postma" }, "reason": "deleted_in_psa", "sameName": true,
        });
        Call::new(
            "listHandOvers",
            "Lists the managed companies that can be handed over to a company: those of the same name first",
        )
        .query::<PageQuery>()
        .answers::<List<HandOver>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
}

/// A managed company whose PSA company is gone. As the target of another company it is handed over, together with the users whose
/// addresses the contacts of that company have.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HandOver {
    /// The managed company to hand over.
    managed_company: ManagedCompany,
    /// The PSA company that it is mapped to now.
    from: GoneCompany,
    /// Why the PSA no longer has that company.
    reason: Absence,
    /// Whether the managed company or that company has the name of the company in the path.
    same_name: bool,
}

/// A company that the PSA no longer has.
#[derive(Serialize, JsonSchema)]
struct GoneCompany {
    /// The id that the company had in the PSA.
    id: PsaCompanyId,
    /// The name of the company when it was last imported.
    name: String,
}

impl HandOver {
    /// What the row of an absent company offers to a company of this name.
    fn of(gone: CompanyRow, name: &NameKey) -> Option<Self> {
        let reason = gone.reason.filter(|reason| reason.is_gone())?;
        let managed_company = gone.mapped?;
        Some(Self {
            same_name: NameKey::of(&managed_company.name) == *name || NameKey::of(&gone.name) == *name,
            managed_company,
            from: GoneCompany {
                id: gone.id,
                name: gone.name,
            },
            reason,
        })
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
) -> Api<Json<List<HandOver>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let rows = tenant.rows(&import, &Decisions::default()).await?;
    let row = rows.iter().find(|row| row.id == company);
    let row = row.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let name = NameKey::of(&row.name);
    let gone = rows.into_iter().filter(|row| row.tab == Tab::NotIn);
    let mut offers: Vec<HandOver> = gone.filter_map(|row| HandOver::of(row.company, &name)).collect();
    offers.sort_by(|one, other| (!one.same_name, &one.from.id).cmp(&(!other.same_name, &other.from.id)));
    Ok(Json(List::counted(offers, &page)?))
}
