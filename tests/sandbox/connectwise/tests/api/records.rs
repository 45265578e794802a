//! What the records look like: the awkward realities of a tenant.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sim_connectwise::{company_id, contact_id};
use simkit::msp::{Size, cases, generate};

use crate::support::{Sim, refused, small};

async fn all(sim: &Sim, path: &str) -> Vec<Value> {
    sim.get(path, &[("pageSize", "1000")]).await.rows()
}

fn has_info_href(reference: &Value) -> bool {
    let info = reference["_info"].as_object().unwrap();
    info.iter()
        .any(|(name, link)| name.ends_with("_href") && link.as_str().unwrap().starts_with("http://127.0.0.1:"))
}

#[tokio::test]
async fn every_company_and_contact_of_the_msp_is_there_under_another_number() {
    let sim = small().await;
    let msp = generate(Size::Small);
    let (companies, contacts) = (
        all(&sim, "company/companies").await,
        all(&sim, "company/contacts").await,
    );
    for company in &msp.companies {
        let record = companies
            .iter()
            .find(|record| record["id"] == company_id(company.number))
            .unwrap();
        assert_ne!(company_id(company.number), i64::from(company.number));
        assert_eq!(
            record["name"].as_str().unwrap(),
            company.name.chars().take(50).collect::<String>()
        );
        assert_eq!(record["deletedFlag"], false);
    }
    for contact in &msp.contacts {
        let record = contacts
            .iter()
            .find(|record| record["id"] == contact_id(contact.number))
            .unwrap();
        assert_eq!(record["company"]["id"].as_i64(), contact.company.map(company_id));
        assert_eq!(record["inactiveFlag"], !contact.active);
        let addresses: BTreeSet<&str> = emails(record)
            .into_iter()
            .map(|item| item["value"].as_str().unwrap())
            .collect();
        assert_eq!(addresses, contact.emails.iter().map(String::as_str).collect());
    }
    assert_eq!(companies.len(), 40 + 3, "the deleted ones are extra");
    assert_eq!(contacts.len(), 600);
}

fn emails(contact: &Value) -> Vec<&Value> {
    let items = contact["communicationItems"].as_array();
    items
        .into_iter()
        .flatten()
        .filter(|item| item["communicationType"] == "Email")
        .collect()
}

#[tokio::test]
async fn the_practitioners_rule_finds_the_primary_address() {
    let sim = small().await;
    let msp = generate(Size::Small);
    let (mut not_first, mut no_default) = (0, 0);
    for contact in msp.contacts.iter().filter(|contact| !contact.emails.is_empty()) {
        let record = sim.contact(contact_id(contact.number)).await;
        let emails = emails(&record);
        let chosen = emails.iter().find(|item| item["defaultFlag"] == true);
        no_default += usize::from(chosen.is_none());
        let chosen = chosen.unwrap_or(&emails[0]);
        not_first += usize::from(chosen != &emails[0]);
        assert_eq!(chosen["value"], contact.emails[0]);
    }
    assert!(not_first > 0 && no_default > 0);
}

#[tokio::test]
async fn identifiers_are_unique_and_within_the_limits() {
    let sim = small().await;
    let companies = all(&sim, "company/companies").await;
    let identifiers: BTreeSet<&str> = companies
        .iter()
        .map(|company| company["identifier"].as_str().unwrap())
        .collect();
    assert_eq!(identifiers.len(), companies.len());
    assert!(
        identifiers
            .iter()
            .all(|identifier| !identifier.is_empty() && identifier.chars().count() <= 30)
    );
    assert!(
        companies
            .iter()
            .all(|company| company["name"].as_str().unwrap().chars().count() <= 50)
    );
    let own = sim.company(2).await;
    assert_eq!(
        (&own["identifier"], &own["name"]),
        (&json!("YourCompany"), &json!(cases::OWN))
    );
}

#[tokio::test]
async fn deleted_companies_are_listed_and_some_look_active() {
    let sim = small().await;
    let deleted = sim.companies_where("deletedFlag = true").await;
    assert_eq!(deleted, [18_001, 18_002, 18_003]);
    let (active, merged) = (sim.company(18_002).await, sim.company(18_003).await);
    assert_eq!(
        (&active["status"]["name"], &active["deletedFlag"]),
        (&json!("Active"), &json!(true))
    );
    assert!(merged["_info"]["lastUpdated"].as_str().unwrap() < merged["dateDeleted"].as_str().unwrap());
    assert_eq!(merged["status"]["name"], "Active");
}

#[tokio::test]
async fn types_are_none_one_or_several_and_may_be_gone_from_the_setup_table() {
    let sim = small().await;
    let known: BTreeSet<i64> = all(&sim, "company/companies/types")
        .await
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    let companies = all(&sim, "company/companies").await;
    let types: Vec<&Vec<Value>> = companies
        .iter()
        .map(|company| company["types"].as_array().unwrap())
        .collect();
    assert!(types.iter().any(|types| types.is_empty()));
    assert!(types.iter().any(|types| types.len() > 1));
    assert!(
        types
            .iter()
            .copied()
            .flatten()
            .any(|kind| !known.contains(&kind["id"].as_i64().unwrap()))
    );
    assert!(types.iter().copied().flatten().all(has_info_href));
}

#[tokio::test]
async fn the_flag_and_not_the_name_tells_whether_a_status_is_active() {
    let sim = small().await;
    let statuses = all(&sim, "company/companies/statuses").await;
    let former = statuses
        .iter()
        .find(|status| status["name"] == "Former client")
        .unwrap();
    assert_eq!(former["inactiveFlag"], true);
    let inactive: BTreeSet<i64> = statuses
        .iter()
        .filter(|status| status["inactiveFlag"] == true)
        .map(|status| status["id"].as_i64().unwrap())
        .collect();
    for company in generate(Size::Small).companies {
        let status = sim.company(company_id(company.number)).await["status"]["id"]
            .as_i64()
            .unwrap();
        assert_eq!(inactive.contains(&status), !company.active, "{}", company.name);
    }
    let companies = all(&sim, "company/companies").await;
    let known: BTreeSet<i64> = statuses.iter().map(|status| status["id"].as_i64().unwrap()).collect();
    assert!(
        companies
            .iter()
            .any(|company| !known.contains(&company["status"]["id"].as_i64().unwrap()))
    );
}

#[tokio::test]
async fn labels_are_called_description_where_the_api_does() {
    let sim = small().await;
    for path in ["company/contacts/types", "company/communicationTypes"] {
        assert!(
            all(&sim, path)
                .await
                .iter()
                .all(|row| row["description"].is_string() && row.get("name").is_none())
        );
    }
    let contact = sim.contact(contact_id(1)).await;
    assert!(contact["types"][0]["name"].is_string());
    assert!(contact["communicationItems"][0]["type"]["name"].is_string());
}

#[tokio::test]
async fn contacts_lack_names_companies_kinds_and_flags() {
    let sim = small().await;
    let contacts = all(&sim, "company/contacts").await;
    for missing in ["lastName", "firstName", "company", "defaultFlag", "portalPassword"] {
        let without = contacts.iter().filter(|contact| contact.get(missing).is_none()).count();
        assert!(without > 0 && without < contacts.len(), "{missing}");
    }
    let mut items = contacts
        .iter()
        .flat_map(|contact| contact["communicationItems"].as_array().unwrap());
    assert!(items.any(|item| item.get("communicationType").is_none()));
}

#[tokio::test]
async fn missing_values_are_left_out_or_null_as_switched() {
    let sim = small().await;
    assert!(
        !sim.get("company/contacts", &[("pageSize", "1000"), ("fields", "id,lastName")])
            .await
            .text
            .contains("null")
    );
    sim.switch(json!({"explicitNulls": true}));
    let contacts = all(&sim, "company/contacts").await;
    assert!(contacts.iter().all(|contact| contact.get("lastName").is_some()));
    assert!(contacts.iter().any(|contact| contact["lastName"].is_null()));
    let mut items = contacts
        .iter()
        .flat_map(|contact| contact["communicationItems"].as_array().unwrap());
    assert!(items.any(|item| item.get("communicationType") == Some(&Value::Null)));
}

#[tokio::test]
async fn fields_that_nobody_published_are_answered() {
    let sim = small().await;
    assert!(
        all(&sim, "company/companies")
            .await
            .iter()
            .any(|company| company.get("lifecycleInsights").is_some())
    );
    let infos = all(&sim, "company/companies/info").await;
    assert_eq!(infos.len(), 43);
    assert!(
        infos
            .iter()
            .all(|info| info.get("lifecycleInsights").is_none() && info.get("website").is_none())
    );
    let contacts = all(&sim, "company/contacts/info").await;
    assert!(contacts.len() == 600 && contacts.iter().all(|info| info.get("portalPassword").is_none()));
    let types = all(&sim, "company/companies/info/types").await;
    assert!(types.len() == 8 && types.iter().all(|kind| kind["name"].is_string()));
}

#[tokio::test]
async fn fields_leaves_what_was_asked_for_and_info_only_when_asked() {
    let sim = small().await;
    let one = async |fields: &str| sim.get("company/contacts/3022", &[("fields", fields)]).await.json();
    assert_eq!(one("id,FirstName").await, json!({"id": 3022, "firstName": "Wim"}));
    assert_eq!(
        one("id,company/id").await,
        json!({"id": 3022, "company": {"id": 19_302}})
    );
    assert_eq!(
        one("communicationItems/communicationType").await["communicationItems"][0]
            .as_object()
            .unwrap()
            .len(),
        1
    );
    assert!(one("_info").await["_info"]["lastUpdated"].is_string());
    assert!(has_info_href(&one("company").await["company"]));
    let whole = one("company,company/id").await;
    assert_eq!(whole["company"]["name"], cases::NAMESAKE);
    assert!(sim.contact(3_024).await["portalPassword"].is_string());
}

#[tokio::test]
async fn the_shape_of_sub_fields_and_the_fate_of_unknown_ones_are_switched() {
    let sim = small().await;
    let one = async |fields: &str| sim.get("company/companies/2", &[("fields", fields)]).await;
    assert_eq!(one("colour,*").await.json(), json!({"id": 2}), "an id always comes");
    assert_eq!(
        one("colour,identifier").await.json(),
        json!({"id": 2, "identifier": "YourCompany"})
    );
    let in_conditions = sim.get("company/companies", &[("conditions", "colour = 1")]).await;
    assert_eq!(in_conditions.error(), refused("colour is not a recognized name."));
    sim.switch(json!({"unknownFields": "refuse"}));
    assert_eq!(
        one("id,colour").await.error(),
        refused("colour is not a recognized name.")
    );
    sim.switch(json!({"unknownFields": "drop", "subFields": "flat"}));
    assert_eq!(
        one("id,colour,status/id").await.json(),
        json!({"id": 2, "status/id": 1})
    );
    sim.switch(json!({"subFields": "whole"}));
    assert_eq!(one("status/id").await.json()["status"]["name"], "Active");
}

#[tokio::test]
async fn communications_are_the_items_with_their_contact() {
    let sim = small().await;
    let contact = sim.contact(3_027).await;
    let items = sim.get("company/contacts/3027/communications", &[]).await.rows();
    let values = |items: &[Value]| {
        items
            .iter()
            .map(|item| item["value"].to_string())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        values(&items),
        values(contact["communicationItems"].as_array().unwrap())
    );
    assert!(
        items
            .iter()
            .all(|item| item["contactId"] == 3_027 && item["_info"].is_object() && has_info_href(&item["type"]))
    );
    let count = sim.get("company/contacts/3027/communications/count", &[]).await.json();
    assert_eq!(count, json!({"count": items.len()}));
    let id = items[0]["id"].as_i64().unwrap();
    assert_eq!(
        sim.get(&format!("company/contacts/3027/communications/{id}"), &[])
            .await
            .json(),
        items[0]
    );
    let email = items.iter().find(|item| item["communicationType"] == "Email").unwrap();
    assert!(email["domain"].as_str().unwrap().starts_with('@'));
}

#[tokio::test]
async fn type_associations_pair_companies_with_types() {
    let sim = small().await;
    let own = sim.get("company/companies/19322/typeAssociations", &[]).await.rows();
    assert_eq!(
        own.iter().map(|row| row["type"]["id"].clone()).collect::<Vec<_>>(),
        [json!(1), json!(4)]
    );
    assert!(
        own.iter()
            .all(|row| row["company"]["id"] == 19_322 && has_info_href(&row["type"]))
    );
    let of_vendors = sim
        .ids("company/companyTypeAssociations", &[("conditions", "type/id=4")])
        .await;
    assert!(of_vendors.contains(&own[1]["id"].as_i64().unwrap()));
}

#[tokio::test]
async fn single_records_and_parents_that_are_not_there_are_not_found() {
    let sim = small().await;
    for (path, message) in [
        ("company/companies/123", "Company 123 not found"),
        ("company/contacts/5", "Contact 5 not found"),
        ("company/contacts/5/communications", "Contact 5 not found"),
        ("company/companies/5/typeAssociations", "Company 5 not found"),
        ("company/companies/types/14", "CompanyType 14 not found"),
    ] {
        assert_eq!(
            sim.get(path, &[]).await.error(),
            (404, json!("NotFound"), message.to_owned())
        );
    }
    assert_eq!(
        sim.get("company/companies/statuses/4", &[]).await.json()["name"],
        "Former client"
    );
}

#[tokio::test]
async fn errors_are_printed_over_several_lines_ended_the_windows_way() {
    let sim = small().await;
    let text = sim.get("company/companies/123", &[]).await.text;
    assert!(text.contains(",\r\n") && !text.replace("\r\n", "").contains('\n'));
}

#[tokio::test]
async fn a_contact_without_communication_has_no_such_key() {
    let sim = small().await;
    sim.change(json!({"contacts": [{"id": 5_000, "firstName": "Silent"}]}));
    assert_eq!(sim.contact(5_000).await.get("communicationItems"), None);
    let asked = [("conditions", "id = 5000"), ("fields", "communicationItems")];
    assert_eq!(sim.get("company/contacts", &asked).await.json(), json!([{"id": 5_000}]));
}

#[tokio::test]
async fn the_shape_of_portal_accounts_is_switched() {
    let sim = small().await;
    let path = "company/contacts/3024/portalSecurity";
    let list = sim.get(path, &[]).await.rows();
    sim.switch(json!({"portalSecurityIsObject": true}));
    assert_eq!(sim.get(path, &[]).await.json(), list[0]);
}
