//! What changes, in no PSA's words.

use serde_json::Value;

use super::super::answers::Company;

/// What changes. Ids are the PSA's.
#[derive(Debug)]
pub(in super::super) struct Changed {
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
pub(in super::super) struct Moved {
    pub company: Company,
    pub contact: String,
    pub slot: String,
    pub name: String,
    pub from: String,
    pub to: String,
}

/// A contact that is added.
#[derive(Debug)]
pub(in super::super) struct Joiner {
    pub first: &'static str,
    pub last: &'static str,
    pub address: String,
}

impl Joiner {
    pub(in super::super) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// An id as both PSAs write it: a number.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
pub(in super::super) fn example() -> Changed {
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
