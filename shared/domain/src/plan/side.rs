//! What there is before and after a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::directory::ManagedCompany;
use crate::ids::{ManagedCompanyId, UserId};

/// The managed company or the user of a change. Fields that the change does not concern are absent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanSide {
    /// The id of the managed company in the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ManagedCompanyId>,
    /// The id of the user in the directory. Absent if the user is yet to be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The user's email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The name of the managed company or user. For a change of address, the contact's name before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Says of which company or user it is, and nobody's address.
impl std::fmt::Debug for PlanSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlanSide")
            .field("id", &self.id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl PlanSide {
    pub(super) fn company(company: &ManagedCompany) -> Self {
        Self::named(&company.id, &company.name)
    }

    /// What is created under this name.
    pub(super) fn created(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn created_user(name: &str, address: Option<&Address>) -> Self {
        Self {
            address: address.map(|address| address.original().to_owned()),
            ..Self::created(name)
        }
    }

    /// A managed company of this name.
    pub fn named(id: &ManagedCompanyId, name: &str) -> Self {
        Self {
            id: Some(id.clone()),
            ..Self::created(name)
        }
    }

    /// A user with this address, of a contact with this name.
    pub(super) fn person(user: &UserId, address: Option<&Address>, name: Option<&str>) -> Self {
        Self {
            name: name.map(ToOwned::to_owned),
            ..Self::user(user, address)
        }
    }

    /// A user with this address.
    pub fn user(user: &UserId, address: Option<&Address>) -> Self {
        Self {
            user: Some(user.clone()),
            address: address.map(|address| address.original().to_owned()),
            ..Self::default()
        }
    }
}
