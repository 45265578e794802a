//! Which managed companies have a name: one small item for each name that a company has or had, so that the namesakes of one company are
//! found without reading all.
//!
//! The item is written before the company has the name and is never taken away, so none is missing, whatever dies in between, and however
//! two changes of a name overtake each other. A reader that finds one looks at the company:
//! its own item says what its name is.

use domain::directory::ManagedCompany;
use domain::ids::ManagedCompanyId;
use domain::name::NameKey;
use sha2::{Digest, Sha256};
use store::table::bare_item;
use store::{Key, StoreError, Table};

use super::BuiltIn;
use super::records::COMPANY_NAME;
use crate::{Directory, DirectoryError};

impl BuiltIn {
    /// Notes that a managed company is about to have a name.
    pub(super) async fn add_name(&self, id: &ManagedCompanyId, name: &str) -> Result<(), StoreError> {
        let item = bare_item(COMPANY_NAME, &self.name_key(&NameKey::of(name), id.as_str()));
        // If not, it had the name before.
        self.tenant.add_alone(Table::Records, item).await.map(drop)
    }

    /// The managed companies that have a name, in the order of their ids.
    pub(super) async fn named(&self, name: &str) -> Result<Vec<ManagedCompany>, DirectoryError> {
        let name = NameKey::of(name);
        let Key { pk, sk: prefix } = self.name_key(&name, "");
        let mut companies = Vec::new();
        for item in self.tenant.query(Table::Records, &pk, &prefix).await? {
            let key = item.get("sk").and_then(|key| key.as_s().ok());
            let Some(id) = key.and_then(|key| key.strip_prefix(&prefix)) else {
                continue;
            };
            let company = self.company(&ManagedCompanyId::new(id)).await?;
            companies.extend(company.filter(|company| NameKey::of(&company.name) == name));
        }
        Ok(companies)
    }

    /// By the digest of the name, since a key is shorter than a name may be. Two names of one digest are told apart by the companies.
    fn name_key(&self, name: &NameKey, id: &str) -> Key {
        let digest = hex::encode(Sha256::digest(name.as_str()));
        let short = digest.get(..16).unwrap_or_default();
        Key::in_records(&self.tenant.msp, "", format!("NAMED#{short}#{id}"))
    }
}
