//! Replies of LastPass. Every field may be missing or null, whatever the documents say of it; ids are integers beyond what a
//! floating-point number holds, or the same as text.

use std::fmt;
use std::marker::PhantomData;

use domain::address::Address;
use domain::directory::{LASTPASS_COMPANY, ManagedCompany, User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use domain::name;
use serde::de::value::{self, MapAccessDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Failed;

/// An id: its digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(String);

impl Id {
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, maybe as text")
            }
            fn visit_u64<E: Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id(id.to_string()))
            }
            fn visit_i64<E: Error>(self, id: i64) -> Result<Id, E> {
                Ok(Id(id.to_string()))
            }
            fn visit_str<E: Error>(self, id: &str) -> Result<Id, E> {
                let number: i64 = id.trim().parse().map_err(|_| E::custom("no id"))?;
                Ok(Id(number.to_string()))
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

/// A value that must be a JSON object: serde would take a list for one, its values in the order of the fields, and an empty list for
/// one without any.
#[derive(Debug)]
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// One page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
pub(super) struct Page<T> {
    /// May be null, and must be there: a reply without it is something else than a list.
    #[serde(deserialize_with = "Option::deserialize")]
    pub items: Option<Vec<Object<T>>>,
    #[serde(default)]
    pub next_page_token: Option<String>,
}

/// A managed company as LastPass shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct CompanyRecord {
    id: Option<Id>,
    name: Option<String>,
    r#type: Option<String>,
    status: Option<String>,
    license_limit: Option<serde_json::Number>,
}

/// A user as LastPass shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserRecord {
    id: Option<Id>,
    name: Option<String>,
    email: Option<String>,
    account_status: Option<String>,
}

/// Whether LastPass serves a managed company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompanyStatus {
    /// Its users can be read and changed.
    Active,
    /// It is suspended: nothing is done in it.
    Suspended,
}

/// A managed company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id.
    pub id: ManagedCompanyId,
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub status: CompanyStatus,
    /// How many users it is meant to have at most.
    pub licence_limit: Option<u64>,
}

/// A user of a managed company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id.
    pub id: UserId,
    /// Its address. One that the product would not create is kept as it is: the user is there.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// How far it has come.
    pub state: UserState,
}

/// A record of a list: its id, and what it says.
pub(super) trait Record: for<'de> Deserialize<'de> + Send {
    type Item: Send;
    fn id(&self) -> Option<&Id>;
    /// `None` if it is nothing that an import has to do with.
    fn read(self) -> Result<Option<Self::Item>, Failed>;
}

impl Record for CompanyRecord {
    type Item = Company;

    fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    fn read(self) -> Result<Option<Company>, Failed> {
        let id = self.id.ok_or_else(|| Failed::malformed("a company without id"))?;
        let is =
            |word: &Option<String>, known: &str| word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case(known));
        // An MSP, this one or one below it: it has customers, and is none. An unknown type is no reason to conclude that a company is absent.
        if is(&self.r#type, "managed-msp") || is(&self.r#type, "msp") {
            return Ok(None);
        }
        let suspended = is(&self.status, "suspended");
        let name = name::clean(&self.name.unwrap_or_default());
        Ok(Some(Company {
            name: if name.is_empty() {
                format!("Company {}", id.0)
            } else {
                name
            },
            id: ManagedCompanyId::new(format!("{LASTPASS_COMPANY}{}", id.into_text())),
            status: if suspended {
                CompanyStatus::Suspended
            } else {
                CompanyStatus::Active
            },
            licence_limit: self.license_limit.and_then(|limit| limit.as_u64()),
        }))
    }
}

impl Record for UserRecord {
    type Item = Person;

    fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    fn read(self) -> Result<Option<Person>, Failed> {
        let id = self.id.ok_or_else(|| Failed::malformed("a user without id"))?;
        let email = self.email.ok_or_else(|| Failed::malformed("a user without address"))?;
        Ok(Some(Person {
            id: UserId::new(id.into_text()),
            address: address(email)?,
            name: name::clean(&self.name.unwrap_or_default()),
            state: state(self.account_status.as_deref()),
        }))
    }
}

/// An address as it is meant, or as it is written if it is none.
fn address(text: String) -> Result<Address, Failed> {
    if text.trim().is_empty() {
        return Err(Failed::malformed("a user without address"));
    }
    text.parse().or_else(|_| {
        let kept: Result<Address, value::Error> = Address::deserialize(text.into_deserializer());
        kept.map_err(|_| Failed::malformed("a user without address"))
    })
}

fn state(status: Option<&str>) -> UserState {
    match status {
        Some("enrolled") => UserState::Enrolled,
        Some("staged") => UserState::Staged,
        Some("expired-invitation") => UserState::InvitationExpired,
        Some("disabled") => UserState::Disabled,
        Some("awaiting-approval") => UserState::AwaitingApproval,
        // A new word for somebody who is there and may not have come far.
        Some(_) | None => UserState::Invited,
    }
}

impl From<Company> for ManagedCompany {
    fn from(company: Company) -> Self {
        Self {
            suspended: company.status == CompanyStatus::Suspended,
            licence_limit: company.licence_limit,
            ..Self::new(company.id, company.name)
        }
    }
}

impl Person {
    /// The user of a managed company.
    pub fn of(self, company: &ManagedCompanyId) -> User {
        User {
            id: self.id,
            company: company.clone(),
            address: self.address,
            name: self.name,
            state: self.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn r87_ids_are_read_as_integers_of_any_size_and_as_text() {
        for (id, text) in [
            (json!(7), "7"),
            (json!(9_007_199_254_740_993_u64), "9007199254740993"),
            (json!("9007199254740993"), "9007199254740993"),
        ] {
            assert_eq!(from_value::<Id>(id).unwrap().into_text(), text);
        }
        for id in [json!(1.5), json!("x/../y"), json!(null), json!("")] {
            assert!(from_value::<Id>(id.clone()).is_err(), "{id}");
        }
    }

    #[test]
    fn r87_a_company_needs_an_id_only() {
        let read = |record| from_value::<CompanyRecord>(record).unwrap().read();
        let bare = read(json!({"id": 7, "name": null, "type": null, "licenseLimit": null, "new": [1]}));
        let bare = bare.unwrap().unwrap();
        assert_eq!((bare.id.as_str(), bare.name.as_str()), ("lastpass-7", "Company 7"));
        let suspended = read(json!({"id": 7, "name": "A", "status": "suspended", "licenseLimit": 3}));
        let suspended = suspended.unwrap().unwrap();
        assert_eq!(
            (suspended.status, suspended.licence_limit),
            (CompanyStatus::Suspended, Some(3))
        );
        assert!(read(json!({"name": "A"})).is_err());
        assert_eq!(read(json!({"id": 7, "type": "managed-msp"})).unwrap(), None);
    }

    #[test]
    fn r85_a_user_without_id_or_address_is_no_answer() {
        let read = |record| from_value::<UserRecord>(record).unwrap().read();
        assert!(read(json!({"id": 7})).is_err());
        assert!(read(json!({"email": "a@x.example"})).is_err());
        let user = read(json!({"id": "7", "email": "Ana@x.example", "accountStatus": "new-word"}));
        let user = user.unwrap().unwrap();
        assert_eq!((user.id.as_str(), user.state), ("7", UserState::Invited));
        assert!(read(json!({"id": 7, "email": " "})).is_err());
        let strange = read(json!({"id": 8, "email": "nobody", "accountStatus": "disabled"}));
        let strange = strange.unwrap().unwrap();
        assert_eq!(
            (strange.address.original(), strange.state),
            ("nobody", UserState::Disabled)
        );
    }
}
