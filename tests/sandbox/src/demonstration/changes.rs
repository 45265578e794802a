//! What happens in the PSA between two imports, told to its simulator in the PSA's own JSON.

mod autotask;
mod connectwise;

use domain::psa::PsaKind;
use sandbox::api::Api;
use sandbox::{Error, Sandbox};
use serde_json::Value;

use super::answers::Company;
use super::{filter, import};

/// What changes. Ids are the PSA's.
#[derive(Debug)]
pub(super) struct Changed {
    pub renamed: Company,
    pub new_name: String,
    pub deactivated: Company,
    pub merged: Company,
    pub merged_contacts: Vec<String>,
    pub target: Company,
    pub moved: Moved,
    pub joined: Company,
    pub joiner: Joiner,
}

/// A contact with another address.
#[derive(Debug)]
pub(super) struct Moved {
    pub company: Company,
    pub contact: String,
    pub slot: String,
    pub name: String,
    pub from: String,
    pub to: String,
}

/// A contact that is added.
#[derive(Debug)]
pub(super) struct Joiner {
    pub first: &'static str,
    pub last: &'static str,
    pub address: String,
}

impl Joiner {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// Makes all the changes at once.
pub(super) async fn make(sandbox: &Sandbox, ana: &Api, kind: PsaKind, changed: &Changed) -> Result<(), Error> {
    let psa = sandbox.psas.get(kind);
    let records = match kind {
        PsaKind::Connectwise => {
            let integration = ana.integration(import::name_of(kind)).await?;
            let attributes = filter::attributes(ana, &integration).await?;
            let inactive = filter::company_status(&attributes, "Inactive")?;
            let contact = connectwise::contact(psa.as_ref(), &changed.moved.contact)?;
            connectwise::records(changed, &inactive, contact)
        }
        PsaKind::Autotask => autotask::records(changed),
    };
    psa.change_records(records).map(drop).map_err(Error::Unexpected)
}

/// An id as both PSAs write it: a number.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
pub(super) fn example() -> Changed {
    let company = |id: &str| Company {
        id: id.to_owned(),
        name: format!("Company {id}"),
    };
    Changed {
        renamed: company("1"),
        new_name: "Company 1 Groep".to_owned(),
        deactivated: company("2"),
        merged: company("3"),
        merged_contacts: vec!["31".to_owned(), "32".to_owned()],
        target: company("4"),
        moved: Moved {
            company: company("5"),
            contact: "51".to_owned(),
            slot: "512".to_owned(),
            name: "Jan Smit".to_owned(),
            from: "jan@five.example".to_owned(),
            to: "new.jan@five.example".to_owned(),
        },
        joined: company("6"),
        joiner: Joiner {
            first: "Femke",
            last: "Hazelaar",
            address: "femke@six.example".to_owned(),
        },
    }
}
