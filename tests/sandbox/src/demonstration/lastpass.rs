//! What happens in LastPass between two imports, and what it was asked for.

use std::collections::BTreeMap;

use sandbox::api::Api;
use sandbox::{Error, LastPassServer, Sandbox};
use serde::Deserialize;
use serde_json::{Value, json};
use simkit::Simulator as _;

use super::answers::{self, Action, Company, User};
use super::changes::Changed;
use super::import::Import;

/// Longer than what was read of LastPass is used again.
const NEXT_DAY: i64 = 25 * 3_600;

/// What LastPass was asked for, and what it did.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    /// Calls by route.
    pub calls: BTreeMap<String, u64>,
    /// Calls that must never be made.
    pub forbidden: Vec<Value>,
    /// Mails that it would have sent.
    #[serde(skip)]
    pub mails: Vec<Mail>,
}

/// A mail that LastPass would have sent.
#[derive(Debug, Deserialize)]
pub(super) struct Mail {
    pub kind: String,
}

/// The user whose address changes in the PSA takes part in LastPass, and a day passes. Says what happened.
pub(super) async fn enrol(sandbox: &Sandbox, ana: &Api, first: &Import, changed: &Changed) -> Result<String, Error> {
    let moved = &changed.moved;
    let managed = managed_company(ana, first, &moved.company).await?;
    let users: Vec<User> = answers::list(ana, &format!("/managed-companies/{managed}/users")).await?;
    let user = users.into_iter().find(|user| user.address == moved.from);
    let user = user.and_then(|user| user.id.parse::<i64>().ok());
    let user = user.ok_or_else(|| Error::Unexpected(format!("LastPass has no user {}", moved.from)))?;
    let simulator = server(sandbox)?.simulator();
    let enrolled = json!({ "users": [{ "id": user, "accountStatus": "enrolled" }] });
    simulator.change_records(enrolled).map_err(Error::Unexpected)?;
    // Its documents leave open how an address changes. Here the user has to agree.
    simulator
        .set_switches(json!({ "patchFields": "pending" }))
        .map_err(Error::Unexpected)?;
    let control = Api::new(&sandbox.face.control, "");
    control.post("/clock", &json!({ "advanceSeconds": NEXT_DAY })).await?;
    Ok(format!(
        "In LastPass {} has enrolled with {}. A day passes, so that LastPass is read again.",
        moved.name, moved.from
    ))
}

/// The managed company that the first import made for a company.
async fn managed_company(ana: &Api, first: &Import, company: &Company) -> Result<String, Error> {
    let item = first.plan.company(&company.id);
    let name = item
        .filter(|item| item.action == Action::CreateCompany)
        .map(|item| item.company.name.clone());
    let companies: Vec<Company> = answers::list(ana, "/managed-companies").await?;
    let found = companies.into_iter().find(|found| Some(&found.name) == name.as_ref());
    let found = found.ok_or_else(|| Error::Unexpected(format!("LastPass has no company {}", company.name)))?;
    Ok(found.id)
}

/// What LastPass was asked for so far.
pub(super) fn look(sandbox: &Sandbox) -> Result<Seen, Error> {
    let simulator = server(sandbox)?.simulator();
    let seen: Seen = answers::read(simulator.journal())?;
    Ok(Seen {
        mails: answers::read(simulator.outbox())?,
        ..seen
    })
}

fn server(sandbox: &Sandbox) -> Result<&LastPassServer, Error> {
    let none = || Error::Unexpected("there is no LastPass".to_owned());
    sandbox.lastpass.as_deref().ok_or_else(none)
}
