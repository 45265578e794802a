//! What stands in a new sandbox: both integrations, licences to spare, and a few managed companies made by hand, some of
//! them namesakes of PSA companies.

use std::collections::HashMap;

use domain::address::Address;
use domain::name::NameKey;
use domain::psa::PsaKind;
use serde_json::{Value, json};
use simkit::Simulator as _;
use simkit::msp::{Company, Kind, Msp, Size, generate};

use crate::api::Api;
use crate::{Error, LastPassServer, Psas};

/// Makes it, unless it was made before; says whether it did.
pub(crate) async fn seed(ana: &Api, psas: &Psas, lastpass: Option<&LastPassServer>, size: Size) -> Result<bool, Error> {
    if !ana.list("/integrations").await?.is_empty() {
        return Ok(false);
    }
    let licences = match size {
        Size::Small => 1_000,
        Size::Large => 150_000,
        Size::Extreme => 600_000,
    };
    ana.put("/licences", &json!({ "total": licences, "mode": "pool" }))
        .await?;
    let msp = generate(size);
    match lastpass {
        Some(lastpass) => {
            seed_lastpass(lastpass, &msp)?;
            let chosen = json!({ "kind": "lastpass", "apiKey": lastpass.api_key() });
            ana.put("/directory", &chosen).await?;
        }
        None => seed_built_in(ana, &msp).await?,
    }
    // Last: their being there says that all the rest is.
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        ana.post("/integrations", &psas.integration(kind)).await?;
    }
    Ok(true)
}

async fn seed_built_in(ana: &Api, msp: &Msp) -> Result<(), Error> {
    for name in names_by_hand(msp) {
        ana.post("/managed-companies", &json!({ "name": name })).await?;
    }
    let own = ana.post("/managed-companies", &json!({ "name": "Pilotgroep" })).await?;
    if let (Some(company), Some(address)) = (own["id"].as_str(), ordinary_address(msp)) {
        let path = format!("/managed-companies/{company}/users");
        ana.post(&path, &json!({ "address": "pilot@noordzee.example", "name": "Pilot" }))
            .await?;
        // An address that a PSA contact has too: a conflict to resolve.
        ana.post(&path, &json!({ "address": address, "name": "Eerder begonnen" }))
            .await?;
    }
    Ok(())
}

/// The same in LastPass. With ids of their own, so that a start that was interrupted makes none of them twice.
fn seed_lastpass(lastpass: &LastPassServer, msp: &Msp) -> Result<(), Error> {
    let mut companies: Vec<Value> = (1_101..)
        .zip(names_by_hand(msp))
        .map(|(id, name)| json!({ "id": id, "name": name, "licenseLimit": 25 }))
        .collect();
    let own = 1_100;
    companies.push(json!({ "id": own, "name": "Pilotgroep", "licenseLimit": 25 }));
    let mut users = vec![json!({ "id": 50_101, "companyId": own, "email": "pilot@noordzee.example", "name": "Pilot" })];
    if let Some(address) = ordinary_address(msp) {
        users.push(json!({ "id": 50_102, "companyId": own, "email": address, "name": "Eerder begonnen" }));
    }
    let seeded = lastpass
        .simulator()
        .change_records(json!({ "companies": companies, "users": users }));
    seeded.map(|_| ()).map_err(Error::Unexpected)
}

/// One namesake in other capitals, one to the letter, and two of one name.
fn names_by_hand(msp: &Msp) -> Vec<String> {
    let mut names = ordinary(msp).map(|company| company.name.clone());
    let (capitals, letter, twice) = (names.next(), names.next(), names.next());
    let capitals = capitals.map(|name| name.to_uppercase());
    [capitals, letter, twice.clone(), twice].into_iter().flatten().collect()
}

/// Active customers whose name no other company has.
fn ordinary(msp: &Msp) -> impl Iterator<Item = &Company> {
    let mut count: HashMap<NameKey, u32> = HashMap::new();
    for company in &msp.companies {
        *count.entry(NameKey::of(&company.name)).or_default() += 1;
    }
    msp.companies.iter().filter(move |company| {
        let plain = company
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '.');
        plain
            && !company.own
            && company.active
            && company.kind == Kind::Customer
            && count.get(&NameKey::of(&company.name)) == Some(&1)
    })
}

/// The address of a contact of the fourth ordinary company.
fn ordinary_address(msp: &Msp) -> Option<&str> {
    let company = ordinary(msp).nth(3)?.number;
    let mut contacts = msp
        .contacts
        .iter()
        .filter(|contact| contact.company == Some(company) && contact.active);
    contacts
        .find_map(|contact| contact.emails.first().filter(|email| email.parse::<Address>().is_ok()))
        .map(String::as_str)
}
