//! What has happened before `serve` says where it is, so that every screen of the console has something to show: two imports, changes in
//! the PSA after them, exclusions, and managed companies that have nearly the names of companies of the PSA.

use std::time::Duration;

use domain::psa::PsaKind;
use sandbox::api::Api;
use sandbox::{Error, Sandbox};
use serde_json::{Value, json};

/// The longest that a stage of an import may take.
const LIMIT: Duration = Duration::from_mins(1);

/// People that a company has at least to be imported.
const SEVERAL: u64 = 4;

/// Legal forms that people leave out.
const FORMS: [&str; 5] = [" B.V.", " BV", " SAS", " SARL", " LLP"];

/// Makes the past of the first MSP, in ConnectWise. Autotask was not imported from yet.
pub(crate) async fn make(sandbox: &Sandbox) -> Result<(), Error> {
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let integration = ana.integration("connectwise").await?;

    let first = fetch(&ana, &integration).await?;
    let rows = ordinary(&ana, &first).await?;
    let [
        deleted,
        renamed,
        joined,
        left,
        moved,
        target,
        steady,
        excluded,
        unwilling,
        others @ ..,
    ] = rows.as_slice()
    else {
        return Err(Error::Unexpected("the PSA has too few ordinary companies".to_owned()));
    };
    let imported = [deleted, renamed, joined, left, moved, target, steady].map(id);
    carry_out(&ana, &first, &json!({ "ids": imported })).await?;

    change(
        sandbox,
        json!({
            "companies": [{ "id": number(id(renamed)), "name": format!("{} Groep", name(renamed)) }],
            "contacts": [contact(joined, "Femke", "Hazelaar")],
        }),
    )?;
    let second = fetch(&bram, &integration).await?;
    carry_out(&bram, &second, &json!({ "status": "mapped" })).await?;

    // What comes now is found by the import that somebody at the console starts.
    let mut gone = contacts(&ana, &first, deleted).await?;
    gone.extend(contacts(&ana, &first, left).await?.into_iter().take(1));
    let leaver = contacts(&ana, &first, moved).await?.into_iter().take(1);
    let elsewhere = leaver.map(|contact| json!({ "id": contact, "company": { "id": number(id(target)) } }));
    let mut people: Vec<Value> = elsewhere.collect();
    people.push(contact(joined, "Joost", "Nieuwland"));
    change(
        sandbox,
        json!({
            "companies": [
                { "id": number(id(deleted)), "deletedFlag": true },
                { "id": number(id(steady)), "name": format!("{} en Zonen", name(steady)) },
            ],
            "contacts": people,
            "delete": { "contacts": gone },
        }),
    )?;
    let person = addresses(&ana, &first, unwilling).await?;
    exclude(&ana, &integration, excluded, &person).await?;
    for near in others.iter().filter_map(without_form).take(2) {
        ana.post("/managed-companies", &json!({ "name": near })).await?;
    }
    Ok(())
}

/// Starts an import of everything, and waits for the review; gives its id.
async fn fetch(api: &Api, integration: &str) -> Result<String, Error> {
    let import = api.start(integration, &json!({})).await?;
    ended(api, &import, "fetching", "review").await?;
    Ok(import)
}

/// Selects the companies that match, with their active people, and imports them.
async fn carry_out(api: &Api, import: &str, companies: &Value) -> Result<(), Error> {
    let path = format!("/imports/{import}");
    let select = json!({ "selected": true, "where": companies });
    api.post(&format!("{path}/companies/select"), &select).await?;
    let active = json!({ "selected": true, "where": { "active": true } });
    api.post(&format!("{path}/addresses/select"), &active).await?;
    let plan = api.get(&format!("{path}/plan")).await?;
    let confirm = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    api.post(&format!("{path}/execute"), &confirm).await?;
    ended(api, import, "executing", "done").await
}

/// Waits until an import is not in a state any more, and expects another one.
async fn ended(api: &Api, import: &str, state: &str, expected: &str) -> Result<(), Error> {
    let now = api.wait(import, state, LIMIT, |_| {}).await?;
    if now["state"] == expected {
        Ok(())
    } else {
        Err(Error::Unexpected(format!(
            "the import of the past is not {expected}: {now}"
        )))
    }
}

/// Active companies with several people, of which nothing needs a decision.
async fn ordinary(api: &Api, import: &str) -> Result<Vec<Value>, Error> {
    let mut rows = api
        .list(&format!("/imports/{import}/companies?tab=in&status=unmapped"))
        .await?;
    rows.retain(|row| row["active"] == true && row["own"] == false && row["addresses"].as_u64() >= Some(SEVERAL));
    Ok(rows)
}

async fn addresses(api: &Api, import: &str, company: &Value) -> Result<Vec<Value>, Error> {
    api.list(&format!("/imports/{import}/companies/{}/addresses", id(company)))
        .await
}

/// The contacts of a company: an address row is named by contact and slot.
async fn contacts(api: &Api, import: &str, company: &Value) -> Result<Vec<u64>, Error> {
    let rows = addresses(api, import, company).await?;
    let mut contacts: Vec<u64> = rows.iter().filter_map(contact_of).collect();
    contacts.sort_unstable();
    contacts.dedup();
    Ok(contacts)
}

/// A company for good, and the first person of another one.
async fn exclude(api: &Api, integration: &str, company: &Value, people: &[Value]) -> Result<(), Error> {
    let path = format!("/integrations/{integration}/exclusions");
    let why = json!({ "why": "They leave us at the end of the year.", "name": name(company) });
    api.put(&format!("{path}/companies/{}", id(company)), &why).await?;
    if let Some((person, contact)) = people.iter().find_map(|person| Some((person, contact_of(person)?))) {
        let why = json!({ "why": "Wants no account.", "name": person["contact"] });
        api.put(&format!("{path}/people/{contact}"), &why).await?;
    }
    Ok(())
}

/// Changes records as the PSA's users do.
fn change(sandbox: &Sandbox, records: Value) -> Result<(), Error> {
    let psa = sandbox.psas.get(PsaKind::Connectwise);
    psa.change_records(records).map(drop).map_err(Error::Unexpected)
}

/// The record of a new contact.
fn contact(company: &Value, first: &str, last: &str) -> Value {
    let address = format!("{}.{}@nieuw.example", first.to_lowercase(), last.to_lowercase());
    json!({
        "firstName": first, "lastName": last, "company": { "id": number(id(company)) }, "inactiveFlag": false,
        "communicationItems": [{ "value": address, "communicationType": "Email", "defaultFlag": true }],
    })
}

/// The contact of an address row.
fn contact_of(address: &Value) -> Option<u64> {
    let (contact, _) = id(address).split_once('~')?;
    contact.parse().ok()
}

/// How somebody else may have called a company: without its legal form. Only plain names, so that no other company is called so.
fn without_form(company: &Value) -> Option<String> {
    let name = name(company);
    let short = FORMS.iter().find_map(|form| name.strip_suffix(form))?;
    short.is_ascii().then(|| short.to_owned())
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

fn name(row: &Value) -> &str {
    row["name"].as_str().unwrap_or_default()
}

/// An id as the PSA writes it.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use sandbox::Options;

    use super::*;

    #[tokio::test]
    async fn the_past_gives_every_screen_something_to_show() {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        assert!(sandbox.is_new);
        make(&sandbox).await.unwrap();
        let ana = sandbox.api("ana");
        let integration = ana.integration("connectwise").await.unwrap();
        let of = async |path: &str| ana.list(path).await.unwrap();

        let path = format!("/integrations/{integration}");
        let history = of(&format!("{path}/imports")).await;
        assert!(history.iter().all(|import| import["state"] == "done") && history.len() == 2);
        assert_eq!(of(&format!("{path}/mappings")).await.len(), 7);
        assert_eq!(of(&format!("{path}/exclusions")).await.len(), 2);
        assert!(of(&format!("{path}/audit")).await.len() > 10);

        let import = fetch(&ana, &integration).await.unwrap();
        let rows = of(&format!("/imports/{import}/companies?tab=not-in")).await;
        assert_eq!((rows.len(), &rows[0]["reason"]), (1, &json!("deleted_in_psa")));
        assert!(of(&format!("/imports/{import}/people-not-in")).await.len() > 5);
        let suggested = json!({ "selected": true, "target": { "suggested": { "least": 90 } }, "where": {} });
        let path = format!("/imports/{import}/companies/select");
        let found = ana.post(&path, &suggested).await.unwrap();
        assert_eq!(found["matched"], 2, "{found}");
        sandbox.stop().await;
    }

    #[test]
    fn a_legal_form_is_left_out() {
        let short = |name: &str| without_form(&json!({ "name": name }));
        assert_eq!(short("Fromagerie Leroy SAS").as_deref(), Some("Fromagerie Leroy"));
        assert_eq!(
            short("Notariskantoor van der Meer B.V.").as_deref(),
            Some("Notariskantoor van der Meer")
        );
        assert_eq!(short("Kapsalon Verstraete"), None);
        assert_eq!(short("Büro Köhler BV"), None);
    }
}
