//! Who has the addresses that others could not get (R32), as far as the directory remembers.

use std::collections::{BTreeSet, HashMap};

use directory::{Directory, DirectoryError};
use domain::address::AddressKey;
use domain::ids::ManagedCompanyId;
use domain::import::Import;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;

/// So many companies are read one by one; for more of them all are read at once.
const MAX_ONE_BY_ONE: usize = 50;

/// The managed company whose user has the address.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "AddressHolder")]
pub(super) struct HolderView {
    /// The id of the managed company in the directory.
    id: ManagedCompanyId,
    /// The name of the managed company. Absent if the directory no longer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The holders of these addresses. An address that nobody has any more is left out.
pub(super) async fn of(
    services: &Services,
    import: &Import,
    addresses: &[AddressKey],
) -> Result<HashMap<AddressKey, HolderView>, DirectoryError> {
    if addresses.is_empty() {
        return Ok(HashMap::new());
    }
    let directory = services.remembered_directory(&import.msp).await?;
    let holders = directory.holders(addresses).await?;
    let companies: BTreeSet<&ManagedCompanyId> = holders.iter().map(|user| &user.company).collect();
    let names = names_of(&*directory, companies).await?;
    let views = holders.iter().map(|user| {
        let (id, name) = (user.company.clone(), names.get(&user.company).cloned());
        (user.address.key().clone(), HolderView { id, name })
    });
    Ok(views.collect())
}

/// The names of some managed companies.
async fn names_of(
    directory: &dyn Directory,
    companies: BTreeSet<&ManagedCompanyId>,
) -> Result<HashMap<ManagedCompanyId, String>, DirectoryError> {
    let mut names = HashMap::new();
    if companies.len() > MAX_ONE_BY_ONE {
        names.extend(
            directory
                .companies()
                .await?
                .into_iter()
                .map(|company| (company.id, company.name)),
        );
        return Ok(names);
    }
    for id in companies {
        names.extend(directory.company(id).await?.map(|company| (company.id, company.name)));
    }
    Ok(names)
}
