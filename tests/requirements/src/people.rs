//! A company with a few people of its own, imported again and again.

use domain::psa::PsaKind;
use sandbox::Sandbox;
use sandbox::api::Api;
use serde_json::Value;

use crate::import::{address_rows_of, by_name, carry_out, choose_mapped, choose_one, fetch, id, plan, rows};
use crate::stage::text;
use crate::{managed, psa};

/// The company, imported with everybody.
pub struct Company<'a> {
    sandbox: &'a Sandbox,
    kind: PsaKind,
    /// An administrator.
    pub ana: Api,
    /// The PSA's id.
    pub id: String,
    /// Its contacts, in the order in which they were given.
    pub contacts: Vec<String>,
    /// Its managed company.
    pub managed: String,
}

impl<'a> Company<'a> {
    /// Adds a company with these people and imports it.
    pub async fn imported(sandbox: &'a Sandbox, kind: PsaKind, people: &[((&str, &str), &str)]) -> Self {
        const NAME: &str = "Eigen mensen BV";
        let ana = sandbox.api("ana");
        let company = psa::add_company(sandbox, kind, NAME);
        let add = |(name, address): &((&str, &str), &str)| psa::add_person(sandbox, kind, &company, *name, address);
        let contacts = people.iter().map(add).collect();
        let import = fetch(&ana, kind).await;
        let row = by_name(&rows(&ana, &import, "in").await, NAME).clone();
        choose_one(&ana, &import, &row).await;
        carry_out(&ana, &import).await;
        let managed = id(by_name(&managed::all(&ana).await, NAME)).to_owned();
        Self {
            sandbox,
            kind,
            ana,
            id: company,
            contacts,
            managed,
        }
    }

    /// The first address of a contact changes.
    pub fn moves(&self, contact: usize, to: &str) {
        psa::change_first_address(self.sandbox, self.kind, &self.contacts[contact], to);
    }

    /// The name of a contact changes.
    pub fn is_called(&self, contact: usize, name: (&str, &str)) {
        psa::rename_contact(self.sandbox, self.kind, &self.contacts[contact], name);
    }

    /// Fetches and selects what was imported before.
    pub async fn review(&self) -> String {
        let import = fetch(&self.ana, self.kind).await;
        choose_mapped(&self.ana, &import).await;
        import
    }

    /// Imports what was imported before; gives the result.
    pub async fn import(&self) -> Value {
        let import = self.review().await;
        carry_out(&self.ana, &import).await
    }

    /// The address row of a contact, if it has one.
    pub async fn row(&self, import: &str, contact: usize) -> Option<Value> {
        let all = address_rows_of(&self.ana, import, &self.id, &self.contacts[contact]).await;
        all.into_iter().next()
    }

    /// The planned item of a contact, if there is one.
    pub async fn planned(&self, import: &str, contact: usize) -> Option<Value> {
        let plan = plan(&self.ana, import).await;
        let mut items = plan["items"].as_array().unwrap().iter();
        let is_of = |item: &&Value| {
            let row = item["address"]["id"].as_str();
            row.is_some_and(|row| psa::split(row).0 == self.contacts[contact])
        };
        items.find(is_of).cloned()
    }

    /// The address of each user, in the order in which they were created.
    pub async fn users(&self) -> Vec<(String, String)> {
        let users = managed::users(&self.ana, &self.managed).await;
        let users = users
            .iter()
            .map(|user| (id(user).to_owned(), text(&user["address"]).to_owned()));
        users.collect()
    }

    /// The address of a user.
    pub async fn address_of(&self, user: &str) -> String {
        let users = self.users().await;
        users.into_iter().find(|(id, _)| id == user).unwrap().1
    }

    /// The user that has an address.
    pub async fn user_of(&self, address: &str) -> String {
        let users = self.users().await;
        users.into_iter().find(|(_, has)| has == address).unwrap().0
    }

    /// Another import would change nothing.
    pub async fn assert_unchanged(&self) {
        let import = self.review().await;
        let plan = plan(&self.ana, &import).await;
        for item in plan["items"].as_array().unwrap() {
            assert_eq!(item["action"], "unchanged", "{item}");
        }
        self.ana.delete(&format!("/imports/{import}")).await.unwrap();
    }
}
