//! What happens to each row, as an administrator is shown it: in the plan before it happens, in the audit trail after.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::{Address, NoAddress};
use crate::directory::ManagedCompany;
use crate::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use crate::language::Language;
use crate::plan::{CompanyPlan, CompanyStep, UserPlan, UserStep};
use crate::why::Why;

/// What happens to one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanChange")]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// The PSA company.
    pub company: CompanyName,
    /// The address row; none if it is about the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressName>,
    /// What there was; null if there was nothing.
    pub before: Option<Side>,
    /// What there will be; null if nothing is done.
    pub after: Option<Side>,
    /// Why.
    pub reason: Why,
}

impl Change {
    /// What the reason says, in a sentence.
    pub fn detail(&self, language: Language) -> &'static str {
        let no_address = self.address.as_ref().and_then(|address| address.no_address.as_ref());
        match self.reason {
            Why::Skipped(code) => code.text_about(no_address, language).0,
            reason => reason.text(language),
        }
    }
}

/// A PSA company by its id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlanCompany")]
pub struct CompanyName {
    /// The PSA's id.
    pub id: PsaCompanyId,
    /// Its name in the PSA.
    pub name: String,
}

/// An address row by what is known of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanAddress")]
pub struct AddressName {
    /// Contact and slot.
    pub id: AddressId,
    /// Null if the contact has none.
    pub address: Option<String>,
    /// The contact's name.
    pub contact: String,
    /// The text that is no address, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
}

/// Says which row it is, and nobody's address.
impl std::fmt::Debug for AddressName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressName")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A managed company or a user, as far as the change is about it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlanSide")]
pub struct Side {
    /// The managed company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ManagedCompanyId>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The user's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The name of either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Says of which company or user it is, and nobody's address.
impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side")
            .field("id", &self.id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Side {
    fn company(company: &ManagedCompany) -> Self {
        Self::named(&company.id, &company.name)
    }

    /// A managed company of this name.
    pub fn named(id: &ManagedCompanyId, name: &str) -> Self {
        Self {
            id: Some(id.clone()),
            name: Some(name.to_owned()),
            ..Self::default()
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

/// What is done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanAction")]
pub enum Action {
    /// A managed company is created.
    CreateCompany,
    /// The company is linked to a managed one.
    LinkCompany,
    /// The managed company gets another name.
    UpdateCompany,
    /// The mapping is dropped; the managed company stays.
    UnmapCompany,
    /// A user is created.
    CreateUser,
    /// The address is linked to a user.
    LinkUser,
    /// The user gets another address.
    ChangeAddress,
    /// Nothing needs to be done.
    Unchanged,
    /// Nothing can be done, or is to be.
    Skip,
}

/// What a plan does to its company and each of its users.
pub fn of(plan: &CompanyPlan) -> Vec<Change> {
    let company = CompanyName {
        id: plan.company.clone(),
        name: plan.name.clone(),
    };
    let users = plan.users.iter().map(|user| of_user(&company, user));
    let dropped = plan.unmap.as_ref().map(|managed| Change {
        action: Action::UnmapCompany,
        company: company.clone(),
        address: None,
        before: Some(Side::company(managed)),
        after: None,
        reason: Why::AskedFor,
    });
    let own = of_company(&company, plan);
    dropped.into_iter().chain([own]).chain(users).collect()
}

fn of_company(company: &CompanyName, plan: &CompanyPlan) -> Change {
    let (action, before, after, reason) = match &plan.step {
        CompanyStep::Create => {
            let created = Side {
                name: Some(plan.name.clone()),
                ..Side::default()
            };
            (Action::CreateCompany, None, Some(created), Why::NotMapped)
        }
        CompanyStep::Link(managed) => (
            Action::LinkCompany,
            None,
            Some(Side::company(managed)),
            Why::SameNameOrChosen,
        ),
        CompanyStep::Rename(managed) => (
            Action::UpdateCompany,
            Some(Side::company(managed)),
            Some(Side::named(&managed.id, &plan.name)),
            if plan.corrects(managed) {
                Why::SpellingCorrected
            } else {
                Why::RenamedInPsa
            },
        ),
        CompanyStep::Unchanged(managed) => {
            let same = Some(Side::company(managed));
            (Action::Unchanged, same.clone(), same, Why::Mapped)
        }
        CompanyStep::Skip(reason) => (Action::Skip, None, None, reason.into()),
    };
    Change {
        action,
        company: company.clone(),
        address: None,
        before,
        after,
        reason,
    }
}

fn of_user(company: &CompanyName, user: &UserPlan) -> Change {
    let address = user.address.as_ref();
    let original = || address.map(|address| address.original().to_owned());
    let left = || user.leaves().map(|left| Side::user(left, None));
    let (action, before, after, reason) = match &user.step {
        UserStep::Create => {
            let created = Side {
                address: original(),
                name: Some(user.name.clone()),
                ..Side::default()
            };
            (Action::CreateUser, left(), Some(created), Why::Ticked)
        }
        UserStep::Link(id) => (
            Action::LinkUser,
            left(),
            Some(Side::user(id, address)),
            Why::SameAddressOrChosen,
        ),
        UserStep::ChangeAddress { user: id, from, cause } => (
            Action::ChangeAddress,
            Some(Side::user(id, Some(from))),
            Some(Side::user(id, address)),
            (*cause).into(),
        ),
        UserStep::Unchanged(id) => {
            let same = Some(Side::user(id, address));
            (Action::Unchanged, same.clone(), same, Why::Mapped)
        }
        UserStep::Skip(reason) => (Action::Skip, None, None, reason.into()),
    };
    Change {
        action,
        company: company.clone(),
        address: Some(AddressName {
            id: user.id.clone(),
            address: original(),
            contact: user.name.clone(),
            no_address: user.no_address.clone(),
        }),
        before,
        after,
        reason,
    }
}
