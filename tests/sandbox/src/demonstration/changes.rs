//! What happens in the PSA between two imports, told to the simulator in the PSA's own JSON.

use domain::psa::PsaKind;
use sandbox::api::Api;
use sandbox::{Error, Sandbox};
use serde_json::{Value, json};

use super::import::Imported;
use super::text;

/// The address of the contact that is added.
const ADDED: &str = "nieuwe.medewerker@noordzee-klant.example";

/// What a mapped address becomes.
const MOVED: &str = "verhuisd@noordzee-klant.example";

/// What was changed; ids are the PSA's.
pub(super) struct Changed {
    pub deactivated: String,
    pub merged: String,
    pub added_to: String,
    pub added: String,
    lines: Vec<String>,
}

impl Changed {
    pub(super) fn show(&self) {
        for line in &self.lines {
            println!("  • {line}");
        }
    }
}

/// Renames, deactivates and merges a company, changes an address and adds a contact: six companies of the first import.
pub(super) async fn make(sandbox: &Sandbox, ana: &Api, kind: PsaKind, first: &Imported) -> Result<Changed, Error> {
    let few =
        |row: &&Value| row["status"] == "unmapped" && row["addresses"].as_u64().is_some_and(|addresses| addresses > 2);
    let chosen: Vec<&Value> = first.tab_in.iter().filter(few).take(6).collect();
    let [renamed, deactivated, merged, target, moved, added_to] = chosen.as_slice() else {
        return Err(Error::Unexpected("the MSP has too few ordinary companies".to_owned()));
    };
    let contacts = contacts(ana, kind, merged).await?;
    let (contact, slot, rest) = ticked_address(ana, kind, moved).await?;
    let psa = sandbox.psas.get(kind);
    let id = |row: &Value| text(&row["id"]).parse::<u64>().unwrap_or_default();
    let changes = match kind {
        PsaKind::Connectwise => json!({
            "companies": [
                { "id": id(renamed), "name": new_name(renamed) },
                { "id": id(deactivated), "status": { "id": inactive_status(ana).await? } },
                { "id": id(merged), "deletedFlag": true },
            ],
            "contacts": contacts.iter().map(|contact| json!({ "id": contact, "company": { "id": id(target) } }))
                .chain([
                    json!({ "id": contact, "communicationItems": items(&slot, rest) }),
                    json!({ "firstName": "Nieuwe", "lastName": "Medewerker", "company": { "id": id(added_to) }, "inactiveFlag": false,
                        "communicationItems": [{ "value": ADDED, "communicationType": "Email", "defaultFlag": true }] }),
                ]).collect::<Vec<_>>(),
        }),
        PsaKind::Autotask => json!({
            "companies": [{ "id": id(renamed), "companyName": new_name(renamed) }, { "id": id(deactivated), "isActive": false }],
            "contacts": contacts.iter().map(|contact| json!({ "id": contact, "companyID": id(target) }))
                .chain([
                    json!({ "id": contact, slot.as_str(): MOVED }),
                    json!({ "firstName": "Nieuwe", "lastName": "Medewerker", "companyID": id(added_to), "isActive": 1, "emailAddress": ADDED }),
                ]).collect::<Vec<_>>(),
            "delete": { "companies": [id(merged)] },
        }),
    };
    psa.change_records(changes).map_err(Error::Unexpected)?;
    let name = |row: &Value| text(&row["name"]);
    Ok(Changed {
        deactivated: text(&deactivated["id"]),
        merged: text(&merged["id"]),
        added_to: text(&added_to["id"]),
        added: ADDED.to_owned(),
        lines: vec![
            format!("{} is now called {}", name(renamed), new_name(renamed)),
            format!("{} is inactive", name(deactivated)),
            format!("{} was merged into {}", name(merged), name(target)),
            format!("a contact of {} has another address", name(moved)),
            format!("{} has a new contact", name(added_to)),
        ],
    })
}

fn new_name(row: &Value) -> String {
    format!("{} Groep", text(&row["name"]))
}

/// A communication item of a contact in ConnectWise's JSON; the other addresses stay.
fn items(slot: &str, rest: Vec<(String, String)>) -> Vec<Value> {
    let item = |(id, value): (String, String)| json!({ "id": id.parse::<u64>().unwrap_or_default(), "value": value, "communicationType": "Email" });
    std::iter::once((slot.to_owned(), MOVED.to_owned()))
        .chain(rest)
        .map(item)
        .collect()
}

async fn addresses(ana: &Api, kind: PsaKind, company: &Value) -> Result<Vec<Value>, Error> {
    let name = if kind == PsaKind::Connectwise {
        "connectwise"
    } else {
        "autotask"
    };
    let integration = ana.integration(name).await?;
    let history = ana.list(&format!("/integrations/{integration}/imports")).await?;
    let import = history.first().map(|import| text(&import["id"])).unwrap_or_default();
    ana.list(&format!(
        "/imports/{import}/companies/{}/addresses",
        text(&company["id"])
    ))
    .await
}

/// The ids of a company's contacts.
async fn contacts(ana: &Api, kind: PsaKind, company: &Value) -> Result<Vec<u64>, Error> {
    let rows = addresses(ana, kind, company).await?;
    let mut ids: Vec<u64> = rows
        .iter()
        .filter_map(|row| text(&row["id"]).split('~').next()?.parse().ok())
        .collect();
    ids.dedup();
    Ok(ids)
}

/// A contact with a mapped address: its id, the address's slot, and its other addresses by slot.
async fn ticked_address(
    ana: &Api,
    kind: PsaKind,
    company: &Value,
) -> Result<(u64, String, Vec<(String, String)>), Error> {
    let rows = addresses(ana, kind, company).await?;
    let split = |row: &Value| {
        text(&row["id"])
            .split_once('~')
            .map(|(contact, slot)| (contact.to_owned(), slot.to_owned()))
    };
    let ticked = rows.iter().find(|row| row["status"] == "mapped");
    let Some((contact, slot)) = ticked.and_then(split) else {
        return Err(Error::Unexpected("no address of the company was imported".to_owned()));
    };
    let others = rows
        .iter()
        .filter_map(|row| split(row).map(|(of, slot)| (of, slot, text(&row["address"]))));
    let rest = others
        .filter(|(of, other, _)| *of == contact && *other != slot)
        .map(|(_, slot, address)| (slot, address))
        .collect();
    Ok((contact.parse().unwrap_or_default(), slot, rest))
}

async fn inactive_status(ana: &Api) -> Result<u64, Error> {
    let integration = ana.integration("connectwise").await?;
    let attributes = ana.list(&format!("/integrations/{integration}/attributes")).await?;
    let statuses = attributes.iter().find(|attribute| attribute["id"] == "companyStatus");
    let values = statuses
        .and_then(|statuses| statuses["values"].as_array())
        .cloned()
        .unwrap_or_default();
    let inactive = values
        .iter()
        .find(|value| value["label"] == "Inactive")
        .map(|value| text(&value["id"]));
    inactive
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Error::Unexpected("the PSA has no status Inactive".to_owned()))
}
