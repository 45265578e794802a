//! Who has the addresses that others could not get (R32), as far as the directory remembers.

use std::collections::HashMap;

use api::Api;
use domain::address::{Address, AddressKey};
use domain::ids::ManagedCompanyId;
use domain::import::Import;
use domain::plan::Reason;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;

use super::ToDo;

/// The managed company whose user has an address.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AddressHolder")]
pub(super) struct HolderView {
    id: ManagedCompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Says of rows that ended for an address of somebody else who has it. A row whose address nobody has any more stays without.
pub(super) async fn name(services: &Services, import: &Import, rows: Vec<&mut ToDo>) -> Api<()> {
    let conflicts = rows.into_iter().filter(|row| row.code == Reason::AddressConflict);
    let keyed: Vec<(AddressKey, &mut ToDo)> = conflicts.filter_map(|row| Some((key_of(row)?, row))).collect();
    if keyed.is_empty() {
        return Ok(());
    }
    let directory = services.remembered_directory(&import.msp).await?;
    let keys: Vec<AddressKey> = keyed.iter().map(|(key, _)| key.clone()).collect();
    let holders = directory.holders(&keys).await?.into_iter();
    let holders: HashMap<AddressKey, ManagedCompanyId> =
        holders.map(|user| (user.address.key().clone(), user.company)).collect();
    let companies = directory.companies().await?.into_iter();
    let names: HashMap<ManagedCompanyId, String> = companies.map(|company| (company.id, company.name)).collect();
    for (key, row) in keyed {
        row.held_by = holders.get(&key).map(|id| HolderView {
            id: id.clone(),
            name: names.get(id).cloned(),
        });
    }
    Ok(())
}

fn key_of(row: &ToDo) -> Option<AddressKey> {
    let address: Address = row.address.as_ref()?.address.as_ref()?.parse().ok()?;
    Some(address.key().clone())
}
