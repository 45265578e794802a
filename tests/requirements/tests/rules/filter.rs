//! Section B: the attributes to filter by, and what a filter does.

use std::collections::{BTreeMap, BTreeSet};

use domain::address::Address;
use requirements::import::{addresses, fetch_filtered, fetched, rows, start};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both, psa, raw};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r06_attributes_come_in_pages_like_every_list,
    r06_the_attributes_are_those_of_the_psa_with_inactive_values_marked,
    r06_the_attributes_are_read_from_the_psa_each_time,
    r07_an_empty_filter_means_everything,
    r07_each_attribute_selects_what_has_one_of_its_values,
    r07_values_of_one_attribute_are_combined_with_or,
    r07_attributes_are_combined_with_and,
    r07_an_unknown_attribute_or_value_is_named_before_anything_is_fetched,
    r07_the_last_filter_is_offered_again,
);

/// Attributes by id, each as `(subject, values)`, a value as `(id, label, active)`.
type Configured = BTreeMap<String, (String, BTreeSet<(String, String, bool)>)>;

async fn attributes(api: &Api, kind: PsaKind) -> Configured {
    let path = format!("/integrations/{}/attributes", integration(api, kind).await);
    let attributes = api.list(&path).await.unwrap();
    let read = |attribute: &Value| {
        assert!(!text(&attribute["label"]).is_empty());
        let value = |value: &Value| {
            let active = value["active"].as_bool().unwrap();
            (text(&value["id"]).to_owned(), text(&value["label"]).to_owned(), active)
        };
        let values = attribute["values"].as_array().unwrap().iter().map(value).collect();
        (
            text(&attribute["id"]).to_owned(),
            (text(&attribute["subject"]).to_owned(), values),
        )
    };
    attributes.iter().map(read).collect()
}

async fn r06_attributes_come_in_pages_like_every_list(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}/attributes", integration(&ana, kind).await);
    let whole = ana.get(&path).await.unwrap()["items"].as_array().unwrap().clone();
    let (mut pages, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = ana.get(&format!("{path}?{query}")).await.unwrap();
        pages.push(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&after={next}");
    }
    assert_eq!(pages.len(), whole.len().div_ceil(2));
    assert_eq!(pages.concat(), whole);
    let refused = call(&ana, Method::GET, &format!("{path}?after=elsewhere"), None).await;
    assert_problem(&refused, 400, "invalid_request");
    assert_eq!(refused.body["errors"][0]["pointer"], "after");
    sandbox.stop().await;
}

/// What the simulator is configured with, as it tells any client.
async fn configured(sandbox: &Sandbox, kind: PsaKind) -> Configured {
    let mut configured = Configured::new();
    let mut add = |id: &str, subject: &str, values: BTreeSet<(String, String, bool)>| {
        configured.insert(id.to_owned(), (subject.to_owned(), values));
    };
    if kind == PsaKind::Connectwise {
        for (id, subject, table, label) in [
            ("companyType", "company", "company/companies/types", "name"),
            ("companyStatus", "company", "company/companies/statuses", "name"),
            ("contactType", "contact", "company/contacts/types", "description"),
        ] {
            let rows = raw::connectwise(sandbox, table).await;
            let value = |row: &Value| {
                (
                    row["id"].to_string(),
                    text(&row[label]).to_owned(),
                    row["inactiveFlag"] != true,
                )
            };
            add(id, subject, rows.iter().map(value).collect());
        }
        return configured;
    }
    let fields = raw::autotask(sandbox, "Companies/entityInformation/fields").await;
    let picklist = |name: &str| {
        let field = fields["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["name"] == name);
        let values = field.unwrap()["picklistValues"].as_array().cloned().unwrap_or_default();
        let value = |value: &Value| {
            (
                text(&value["value"]).to_owned(),
                text(&value["label"]).to_owned(),
                value["isActive"] == true,
            )
        };
        values.iter().map(value).collect::<BTreeSet<_>>()
    };
    add("companyType", "company", picklist("companyType"));
    add("classification", "company", picklist("classification"));
    add("marketSegment", "company", picklist("marketSegmentID"));
    // A reference by default, and so an entity of its own.
    let everything = "CompanyCategories/query?search={\"filter\":[{\"op\":\"gte\",\"field\":\"id\",\"value\":0}]}";
    let categories = raw::autotask(sandbox, everything).await;
    let value = |row: &Value| {
        (
            row["id"].to_string(),
            text(&row["name"]).to_owned(),
            row["isActive"] == true,
        )
    };
    add(
        "companyCategory",
        "company",
        categories["items"].as_array().unwrap().iter().map(value).collect(),
    );
    let yes_and_no = || {
        BTreeSet::from(
            [("true", "Active"), ("false", "Inactive")].map(|(id, label)| (id.to_owned(), label.to_owned(), true)),
        )
    };
    add("companyActive", "company", yes_and_no());
    add("contactActive", "contact", yes_and_no());
    configured
}

async fn r06_the_attributes_are_those_of_the_psa_with_inactive_values_marked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let shown = attributes(&sandbox.api("ana"), kind).await;
    assert_eq!(shown, configured(&sandbox, kind).await);
    let inactive = shown
        .values()
        .flat_map(|(_, values)| values)
        .filter(|(.., active)| !active);
    let inactive: BTreeSet<&str> = inactive.map(|(_, label, _)| label.as_str()).collect();
    let expected = match kind {
        PsaKind::Connectwise => BTreeSet::from(["Inactive", "Former client"]),
        PsaKind::Autotask => BTreeSet::from(["Dial-in", "Gold (before 2021)", "Government"]),
    };
    assert_eq!(inactive, expected);
    sandbox.stop().await;
}

async fn r06_the_attributes_are_read_from_the_psa_each_time(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = attributes(&ana, kind).await;
    // The administrators of the PSA have replaced all company types by one.
    let (path, reply) = match kind {
        PsaKind::Connectwise => ("/companies/types$", json!([{ "id": 77, "name": "Vrienden" }])),
        PsaKind::Autotask => (
            "(?i)/companies/entityInformation/fields$",
            json!({ "fields": [{ "name": "companyType", "isPickList": true,
                "picklistValues": [{ "value": "77", "label": "Vrienden", "isActive": true }] }] }),
        ),
    };
    faults::answer(
        &sandbox,
        kind,
        path,
        &json!({ "status": 200, "body": reply.to_string() }),
    );
    let after = attributes(&ana, kind).await;
    let one = BTreeSet::from([("77".to_owned(), "Vrienden".to_owned(), true)]);
    assert_eq!(after["companyType"].1, one);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let filter = json!({ "companyType": ["1"] });
    let path = format!("/integrations/{}/imports", integration(&ana, kind).await);
    let answer = call(&ana, Method::POST, &path, Some(&json!({ "filter": filter }))).await;
    assert_problem(&answer, 400, "invalid_filter");
    sandbox.stop().await;
}

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
    for filter in [json!({ "companyType": ["2", "1"] }), json!({})] {
        let import = start(&ana, kind, &filter).await;
        fetched(&ana, &import).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        assert_eq!(ana.get(&path).await.unwrap()["lastFilter"], filter);
        assert_eq!(sandbox.api("bram").get(&path).await.unwrap()["lastFilter"], filter);
    }
    sandbox.stop().await;
}
