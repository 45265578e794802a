//! Who has the addresses that others could not get (R32), as far as the directory remembers.

use std::collections::HashMap;

use api::Api;
use domain::address::AddressKey;
use domain::ids::ManagedCompanyId;
use domain::import::Import;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;

/// The managed company whose user has an address.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "AddressHolder")]
pub(super) struct HolderView {
    id: ManagedCompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The holders of these addresses. An address that nobody has any more is left out.
pub(super) async fn of(
    services: &Services,
    import: &Import,
    addresses: &[AddressKey],
) -> Api<HashMap<AddressKey, HolderView>> {
    if addresses.is_empty() {
        return Ok(HashMap::new());
    }
    let directory = services.remembered_directory(&import.msp).await?;
    let holders = directory.holders(addresses).await?.into_iter();
    let companies = directory.companies().await?.into_iter();
    let names: HashMap<ManagedCompanyId, String> = companies.map(|company| (company.id, company.name)).collect();
    let views = holders.map(|user| {
        let name = names.get(&user.company).cloned();
        let id = user.company;
        (user.address.key().clone(), HolderView { id, name })
    });
    Ok(views.collect())
}
