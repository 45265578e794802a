//! `DELETE /integrations/{i}/mappings/…`: dropping a mapping by hand, outside of any import (R96)

use api::{Api, Call, Caller, Json, Path, Routes, State, find_integration};
use domain::ids::{AddressId, IntegrationId, ManagedCompanyId, PsaCompanyId};
use domain::mapping::CompanyMapping;
use domain::problem::{Code, Limited, Problem, ResourceKind};
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use store::dropping::Dropped;
use store::standing::By;

pub fn routes<R: Routes>(to: R) -> R {
    const REFUSED: [Code; 2] = [Code::IntegrationNotFound, Code::IntegrationLocked];
    to.delete("/integrations/{i}/mappings/{p}", drop_company, || {
        let example = json!({
            "company": "251", "name": "Bakkerij Postma", "managedCompany": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
        });
        Call::new(
            "dropMapping",
            "Drops the mapping of a company and of its addresses; the managed company and its users stay. The next import treats the \
             company as never imported: if the policy has `newCompanies`, an unattended import maps it again. Exclude \
             the company to keep it unmapped.",
        )
        .answers::<DroppedView>(200, example)
        .refuses(&REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
    .delete("/integrations/{i}/mappings/{p}/addresses/{a}", drop_address, || {
        let example = json!({
            "company": "251", "name": "Bakkerij Postma", "managedCompany": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
            "address": "1204~7781",
        });
        Call::new(
            "dropAddressMapping",
            "Drops the mapping of one address; the user stays. If the policy has `newAddresses`, the next unattended import maps \
             the address of an active contact again. Exclude the person to keep it unmapped.",
        )
            .answers::<DroppedView>(200, example)
            .refuses(&REFUSED)
    })
}

/// A mapping that was dropped.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DroppedMapping")]
struct DroppedView {
    /// The id of the company in the PSA.
    company: PsaCompanyId,
    /// The name of the company when it was last imported.
    name: String,
    /// The id of the managed company that the company was mapped to.
    managed_company: ManagedCompanyId,
    /// The id of the address row whose mapping was dropped. Absent if the mapping of the company was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressId>,
}

impl DroppedView {
    fn of(mapping: CompanyMapping, address: Option<AddressId>) -> Self {
        Self {
            company: mapping.company,
            name: mapping.name,
            managed_company: mapping.managed,
            address,
        }
    }
}

async fn drop_company(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(IntegrationId, PsaCompanyId)>,
) -> Api<Json<DroppedView>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    let entry = services.ids.next();
    let by = by(&services, &caller, &entry);
    let mapping = dropped(tenant.drop_mapping(&id, &company, by).await?)?;
    Ok(Json(DroppedView::of(mapping, None)))
}

async fn drop_address(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company, address)): Path<(IntegrationId, PsaCompanyId, AddressId)>,
) -> Api<Json<DroppedView>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    let entry = services.ids.next();
    let by = by(&services, &caller, &entry);
    let row = (&company, &address);
    let mapping = dropped(tenant.drop_address_mapping(&id, row, by).await?)?;
    Ok(Json(DroppedView::of(mapping, Some(address))))
}

fn by<'a>(services: &Services, caller: &'a Caller, entry: &'a str) -> By<'a> {
    By {
        person: &caller.person,
        at: services.clock.now(),
        entry,
    }
}

fn dropped(dropped: Dropped) -> Api<CompanyMapping> {
    match dropped {
        Dropped::Dropped(mapping) => Ok(*mapping),
        Dropped::Locked(holder) => Err(Problem::IntegrationLocked(holder).into()),
        Dropped::NotMapped => Err(Problem::not_found(ResourceKind::Mapping).into()),
        Dropped::Full => {
            let of = Limited::DroppedMappings;
            Err(Problem::LimitExceeded { of }.into())
        }
    }
}
