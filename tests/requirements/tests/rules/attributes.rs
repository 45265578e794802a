//! Section B: the attributes to filter by, as the PSA has them (R6).

use std::collections::{BTreeMap, BTreeSet};

use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both, raw};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r06_attributes_come_in_pages_like_every_list,
    r06_the_attributes_are_those_of_the_psa_with_inactive_values_marked,
    r06_the_attributes_are_read_from_the_psa_each_time,
);

/// Attributes by id, each as `(subject, values)`, a value as `(id, label, active)`.
type Configured = BTreeMap<String, (String, BTreeSet<(String, String, bool)>)>;

pub async fn attributes(api: &Api, kind: PsaKind) -> Configured {
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
