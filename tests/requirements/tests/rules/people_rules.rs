//! Ticking people over all selected companies, by each filter there is (R70).

use requirements::import::{addresses, fetch, first_import_of, id, rows, select};
use requirements::stage::{sandbox, text};
use requirements::{Api, PsaKind, for_both, psa};
use serde_json::{Value, json};

for_both!(r70_people_are_ticked_by_each_filter_and_nobody_else);

/// Every person of the selected companies, with the company.
async fn people(api: &Api, import: &str) -> Vec<(Value, Value)> {
    let mut all = Vec::new();
    for company in rows(api, import, "in").await {
        if company["selected"] == true {
            for person in addresses(api, import, id(&company)).await {
                all.push((company.clone(), person));
            }
        }
    }
    all
}

/// Whether a filter asks for a person of a company.
type Accepts = fn(&Value, &Value) -> bool;

fn is(value: &Value, any: &[&str]) -> bool {
    any.iter().any(|one| value == one)
}

const FILTERS: [(&str, Accepts); 8] = [
    ("{}", |_, _| true),
    (r#"{ "active": true }"#, |_, _| true),
    (r#"{ "status": "mapped" }"#, |_, person| person["status"] == "mapped"),
    (r#"{ "status": ["unmapped", "address_conflict"] }"#, |_, person| {
        person["status"] == "unmapped"
    }),
    (r#"{ "search": "RENEE" }"#, |_, person| {
        person["contact"] == "Renée Zoekmaar"
    }),
    (r#"{ "search": "zoek@een" }"#, |_, person| {
        person["address"] == "zoek@een.example"
    }),
    (r#"{ "company": { "status": "mapped" } }"#, |company, _| {
        company["status"] == "mapped"
    }),
    (
        r#"{ "company": { "search": "straks" }, "status": "unmapped" }"#,
        |company, person| company["name"] == "Straks & Zonen" && person["status"] == "unmapped",
    ),
];

async fn r70_people_are_ticked_by_each_filter_and_nobody_else(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let company = psa::add_company(&sandbox, kind, "Straks & Zonen");
    psa::add_person(&sandbox, kind, &company, ("Renée", "Zoekmaar"), "zoek@een.example");
    psa::add_contacts(&sandbox, kind, &company, &["ander@een.example"]);
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let path = format!("/imports/{import}/addresses/select");
    // Those imported before are ticked by themselves.
    ana.post(&path, &json!({ "selected": false, "where": {} }))
        .await
        .unwrap();
    let before = people(&ana, &import).await;
    assert!(before.iter().all(|(_, person)| person["selected"] == false));
    for (filter, accepts) in FILTERS {
        let filter: Value = serde_json::from_str(filter).unwrap();
        let body = json!({ "selected": true, "where": filter });
        let rule = ana.post(&path, &body).await.unwrap()["rule"].clone();
        let (mut ticked, now) = (0, people(&ana, &import).await);
        assert_eq!(now.len(), before.len());
        for (company, person) in &now {
            let is_clear = person["active"] == true
                && is(
                    &person["status"],
                    &["mapped", "unmapped", "unmapped_possible_duplicate"],
                );
            assert_eq!(
                person["selected"],
                is_clear && accepts(company, person),
                "{filter}: {person}"
            );
            ticked += usize::from(person["selected"] == true);
        }
        assert!(ticked > 0, "{filter}");
        ana.delete(&format!("/imports/{import}/rules/{}", text(&rule)))
            .await
            .unwrap();
    }
    let after = people(&ana, &import).await;
    assert!(after.iter().all(|(_, person)| person["selected"] == false));
    sandbox.stop().await;
}
