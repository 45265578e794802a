//! Section B: what a filter does (R7).

use std::collections::{BTreeMap, BTreeSet};

use domain::address::Address;
use requirements::import::{addresses, fetch_filtered, fetched, rows, start};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both, psa, raw};
use reqwest::Method;
use serde_json::{Value, json};

use crate::attributes::attributes;

for_both!(
    r07_an_empty_filter_means_everything,
    r07_each_attribute_selects_what_has_one_of_its_values,
    r07_values_of_one_attribute_are_combined_with_or,
    r07_attributes_are_combined_with_and,
    r07_an_unknown_attribute_or_value_is_named_before_anything_is_fetched,
    r07_the_last_filter_is_offered_again,
);

/// The values that a record of the PSA has of an attribute.
fn values(kind: PsaKind, record: &Value, attribute: &str) -> Vec<String> {
    let one = |value: &Value| value.as_i64().map(|id| vec![id.to_string()]).unwrap_or_default();
    match (kind, attribute) {
        (PsaKind::Connectwise, "companyStatus") => one(&record["status"]["id"]),
        (PsaKind::Connectwise, _) => {
            let types = record["types"].as_array().cloned().unwrap_or_default();
            types.iter().flat_map(|of| one(&of["id"])).collect()
        }
        (PsaKind::Autotask, "companyActive" | "contactActive") => {
            let active = record["isActive"] == true || record["isActive"] == 1;
            vec![active.to_string()]
        }
        (PsaKind::Autotask, "companyCategory") => one(&record["companyCategoryID"]),
        (PsaKind::Autotask, "marketSegment") => one(&record["marketSegmentID"]),
        (PsaKind::Autotask, field) => one(&record[field]),
    }
}

fn accepts(kind: PsaKind, record: &Value, filter: &Value, subject: &str) -> bool {
    let of_contacts = |attribute: &str| attribute.starts_with("contact");
    let filter = filter.as_object().unwrap().iter();
    filter
        .filter(|(attribute, _)| of_contacts(attribute) == (subject == "contact"))
        .all(|(attribute, accepted)| {
            let accepted = accepted.as_array().unwrap();
            values(kind, record, attribute)
                .iter()
                .any(|value| accepted.contains(&json!(value)))
        })
}

/// Companies, each with what is shown of its contacts: an address, or a contact without any.
type Shown = BTreeMap<String, BTreeSet<String>>;

/// What a person is told apart by: the same address twice in one company is one row.
fn identity(contact: &str, address: &str) -> String {
    match address.parse::<Address>() {
        Ok(address) => address.key().as_str().to_owned(),
        Err(_) => contact.to_owned(),
    }
}

/// What a filter should show, worked out from all that the PSA holds.
async fn expected(sandbox: &Sandbox, kind: PsaKind, filter: &Value) -> Shown {
    let companies = raw::companies(sandbox, kind).await;
    let matching = companies
        .iter()
        .filter(|company| company["deletedFlag"] != true && accepts(kind, company, filter, "company"));
    let mut shown: Shown = matching
        .map(|company| (company["id"].to_string(), BTreeSet::new()))
        .collect();
    for contact in raw::contacts(sandbox, kind).await {
        let people = shown.get_mut(&raw::company_of(kind, &contact));
        if let Some(people) = people.filter(|_| accepts(kind, &contact, filter, "contact")) {
            let id = contact["id"].to_string();
            let addresses = raw::addresses(kind, &contact);
            people.extend(addresses.iter().map(|address| identity(&id, address)));
            if addresses.is_empty() {
                people.insert(id);
            }
        }
    }
    shown
}

/// What a filter shows.
async fn shown(api: &Api, kind: PsaKind, filter: &Value) -> Shown {
    let import = fetch_filtered(api, kind, filter).await;
    let mut shown = Shown::new();
    for row in rows(api, &import, "in").await {
        let company = text(&row["id"]);
        let people = addresses(api, &import, company).await;
        let people = people
            .iter()
            .map(|row| identity(psa::split(text(&row["id"])).0, text(&row["address"])));
        shown.insert(company.to_owned(), people.collect());
    }
    api.delete(&format!("/imports/{import}")).await.unwrap();
    shown
}

async fn assert_filters(sandbox: &Sandbox, api: &Api, kind: PsaKind, filter: Value) -> Shown {
    let (shown, expected) = (shown(api, kind, &filter).await, expected(sandbox, kind, &filter).await);
    assert_eq!(
        shown.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "{filter}"
    );
    for (company, people) in &shown {
        let odd: Vec<_> = people.symmetric_difference(&expected[company]).collect();
        assert!(odd.is_empty(), "{filter}, company {company}: {odd:?}");
    }
    shown
}

fn people_of(shown: &Shown) -> usize {
    shown.values().map(BTreeSet::len).sum()
}

async fn r07_an_empty_filter_means_everything(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let shown = assert_filters(&sandbox, &ana, kind, json!({})).await;
    assert_eq!(shown.len(), 40);
    assert!(people_of(&shown) > 580);
    sandbox.stop().await;
}

async fn r07_each_attribute_selects_what_has_one_of_its_values(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for (attribute, (subject, values)) in attributes(&ana, kind).await {
        let (id, ..) = values.first().unwrap();
        let filter = json!({ &attribute: [id] });
        if subject == "contact" {
            // The companies stay, with fewer people.
            let narrowed = assert_filters(&sandbox, &ana, kind, filter).await;
            assert_eq!(narrowed.len(), 40);
            assert!((1..550).contains(&people_of(&narrowed)), "{attribute}");
            continue;
        }
        let import = fetch_filtered(&ana, kind, &filter).await;
        let shown: BTreeSet<String> = rows(&ana, &import, "in")
            .await
            .iter()
            .map(|row| text(&row["id"]).to_owned())
            .collect();
        let expected: BTreeSet<String> = expected(&sandbox, kind, &filter).await.into_keys().collect();
        assert_eq!(shown, expected, "{filter}");
        assert!((1..40).contains(&shown.len()), "{filter}");
        ana.delete(&format!("/imports/{import}")).await.unwrap();
    }
    sandbox.stop().await;
}

async fn r07_values_of_one_attribute_are_combined_with_or(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let [mut one, other] = [
        shown(&ana, kind, &json!({ "companyType": ["1"] })).await,
        shown(&ana, kind, &json!({ "companyType": ["3"] })).await,
    ];
    let both = assert_filters(&sandbox, &ana, kind, json!({ "companyType": ["1", "3"] })).await;
    assert!(!one.is_empty() && !other.is_empty());
    one.extend(other);
    assert_eq!(both, one);
    sandbox.stop().await;
}

async fn r07_attributes_are_combined_with_and(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, contact) = match kind {
        PsaKind::Connectwise => (
            json!({ "companyType": ["1"], "companyStatus": ["1"] }),
            json!({ "contactType": ["5", "7"] }),
        ),
        PsaKind::Autotask => (
            json!({ "companyType": ["1"], "classification": ["14", "15"], "companyActive": ["true"] }),
            json!({ "contactActive": ["false"] }),
        ),
    };
    let companies = assert_filters(&sandbox, &ana, kind, company.clone()).await;
    assert!((1..40).contains(&companies.len()));
    let mut all = company.as_object().unwrap().clone();
    all.extend(contact.as_object().unwrap().clone());
    let narrowed = assert_filters(&sandbox, &ana, kind, Value::Object(all)).await;
    assert!((1..people_of(&companies)).contains(&people_of(&narrowed)));
    sandbox.stop().await;
}

async fn r07_an_unknown_attribute_or_value_is_named_before_anything_is_fetched(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let id = integration(&ana, kind).await;
    let path = format!("/integrations/{id}/imports");
    faults::forget_requests(&sandbox, kind);
    let contact_attribute = match kind {
        PsaKind::Connectwise => "contactType",
        PsaKind::Autotask => "contactActive",
    };
    let cases = [
        (json!({ "shoeSize": ["43"] }), "shoeSize", None),
        (json!({ "companyType": ["1"], "shoeSize": ["43"] }), "shoeSize", None),
        (
            json!({ "companyType": ["1", "no-such-type"] }),
            "companyType",
            Some("no-such-type"),
        ),
        (
            json!({ "companyType": ["1 or deletedFlag=true"] }),
            "companyType",
            Some("1 or deletedFlag=true"),
        ),
        (json!({ contact_attribute: ["999"] }), contact_attribute, Some("999")),
        (json!({ "companyType": [] }), "companyType", None),
    ];
    for (filter, attribute, value) in cases {
        let answer = call(&ana, Method::POST, &path, Some(&json!({ "filter": filter }))).await;
        assert_problem(&answer, 400, "invalid_filter");
        assert_eq!(answer.body["attribute"], attribute, "{filter}");
        assert_eq!(answer.body.get("value").and_then(Value::as_str), value, "{filter}");
        let detail = text(&answer.body["detail"]);
        assert!(
            detail.contains(attribute) && detail.contains(value.unwrap_or_default()),
            "{detail}"
        );
    }
    let read = faults::requests(&sandbox, kind);
    let fetching = |path: &str| {
        path.to_lowercase().contains("contacts/query")
            || path.ends_with("/contacts")
            || path.ends_with("/companies")
            || path.ends_with("/Companies/query")
    };
    assert!(!read.iter().any(|request| fetching(&request.path)), "{read:?}");
    let now = ana.get(&format!("/integrations/{id}")).await.unwrap();
    assert_eq!(
        (now.get("lock"), now.get("lastFilter"), now.get("lastImport")),
        (None, None, None),
        "{now}"
    );
    sandbox.stop().await;
}

async fn r07_the_last_filter_is_offered_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    assert_eq!(ana.get(&path).await.unwrap().get("lastFilter"), None);
    for filter in [json!({ "companyType": ["1", "2"] }), json!({})] {
        let import = start(&ana, kind, &filter).await;
        fetched(&ana, &import).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        assert_eq!(ana.get(&path).await.unwrap()["lastFilter"], filter);
        assert_eq!(sandbox.api("bram").get(&path).await.unwrap()["lastFilter"], filter);
    }
    sandbox.stop().await;
}
