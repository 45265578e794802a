use std::collections::{HashMap, HashSet};

use reqwest::Method;
use serde_json::{Value, json};
use sim_autotask::{company_id, contact_id};
use simkit::msp::{self, Size, cases};

use crate::client::{Sandbox, everything, ids, property_order, start};

const COMPANY: &str = "id additionalAddressInformation address1 address2 alternatePhone1 alternatePhone2 apiVendorID assetValue billToCompanyLocationID billToAdditionalAddressInformation billingAddress1 billingAddress2 billToAddressToUse billToAttention billToCity billToCountryID billToState billToZipCode city classification companyCategoryID companyName companyNumber companyType competitorID countryID createDate createdByResourceID currencyID fax impersonatorCreatorResourceID invoiceEmailMessageID invoiceMethod invoiceNonContractItemsToParentCompany invoiceTemplateID isActive isClientPortalActive isEnabledForComanaged isSample isTaskFireActive isTaxExempt lastActivityDate lastTrackedModifiedDateTime marketSegmentID ownerResourceID parentCompanyID phone postalCode purchaseOrderTemplateID quoteEmailMessageID quoteTemplateID sicCode state stockMarket stockSymbol surveyCompanyRating taxID taxRegionID territoryID webAddress userDefinedFields";
const CONTACT: &str = "id additionalAddressInformation addressLine addressLine1 alternatePhone apiVendorID bulkEmailOptOutTime city companyID companyLocationID countryID createDate emailAddress emailAddress2 emailAddress3 extension externalID facebookUrl faxNumber firstName impersonatorCreatorResourceID isActive isOptedOutFromBulkEmail lastActivityDate lastModifiedDate lastName linkedInUrl middleInitial mobilePhone namePrefix nameSuffix note receivesEmailNotifications phone primaryContact billingContact roomNumber solicitationOptOut solicitationOptOutTime state surveyOptOut title twitterUrl zipCode userDefinedFields";

async fn all(sandbox: &Sandbox, entity: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = -1;
    loop {
        let filter = json!([{"op": "gt", "field": "id", "value": after}]);
        let page = sandbox.query(entity, &json!({"filter": filter})).await;
        let Some(&last) = ids(&page).last() else {
            return items;
        };
        after = last;
        items.extend(page["items"].as_array().unwrap().clone());
    }
}

/// The text of the only item of a page.
async fn only_item(sandbox: &Sandbox, entity: &str, body: Value) -> String {
    let request = sandbox
        .request(Method::POST, &format!("{entity}/query"))
        .body(body.to_string());
    let text = request.send().await.unwrap().text().await.unwrap();
    text.strip_prefix("{\"items\":[")
        .unwrap()
        .split("],\"pageDetails\"")
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn records_have_all_fields_in_the_servers_order() {
    let sandbox = start().await;
    for (entity, order) in [("Companies", COMPANY), ("Contacts", CONTACT)] {
        let text = only_item(&sandbox, entity, json!({"filter": everything(), "MaxRecords": 1})).await;
        assert_eq!(property_order(&text), order.split(' ').collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_projection_keeps_the_servers_order_and_shows_user_defined_fields_always() {
    let sandbox = start().await;
    let body = json!({"filter": everything(), "MaxRecords": 1, "IncludeFields": ["isActive", "CompanyName", "ID"]});
    assert_eq!(
        only_item(&sandbox, "Companies", body).await,
        format!(
            r#"{{"id":0,"companyName":"{}","isActive":true,"userDefinedFields":[]}}"#,
            cases::OWN
        )
    );
    let body = json!({"filter": everything(), "MaxRecords": 1, "IncludeFields": ["CRM ID", "city"]});
    assert_eq!(
        only_item(&sandbox, "Companies", body).await,
        r#"{"city":"Den Helder","userDefinedFields":[{"name":"CRM ID","value":"EB25C34C-0000"}]}"#
    );
}

#[tokio::test]
async fn a_projection_without_id_has_none_unless_switched() {
    let sandbox = start().await;
    let body = json!({"filter": everything(), "MaxRecords": 1, "IncludeFields": ["city"]});
    assert!(sandbox.query("Companies", &body).await["items"][0].get("id").is_none());
    sandbox.switch(json!({"alwaysId": true}));
    assert_eq!(sandbox.query("Companies", &body).await["items"][0]["id"], 0);
}

#[tokio::test]
async fn a_missing_id_is_a_null_item_unless_switched() {
    let sandbox = start().await;
    for path in ["Companies/1", "Contacts/1", "Companies/-1", "CompanyCategories/99"] {
        assert_eq!(sandbox.get(path).await, (200, json!({"item": null})), "{path}");
    }
    sandbox.switch(json!({"missingItemStatus": 404}));
    assert_eq!(sandbox.get("Companies/1").await.0, 404);
}

#[tokio::test]
async fn a_contact_of_a_company_comes_as_one_item_or_in_a_list() {
    let sandbox = start().await;
    let (_, listed) = sandbox.get("Companies/0/Contacts").await;
    let contact = &listed["items"][0];
    let path = format!("Companies/0/Contacts/{}", contact["id"]);
    assert_eq!(sandbox.get(&path).await.1["item"]["id"], contact["id"]);
    sandbox.switch(json!({"childInItems": true}));
    let (status, answer) = sandbox.get(&path).await;
    assert_eq!(
        (status, &answer["items"][0]["id"], &answer["pageDetails"]["count"]),
        (200, &contact["id"], &json!(1))
    );
    assert_eq!(sandbox.get("Companies/0/Contacts/1").await.1["items"], json!([]));
}

#[tokio::test]
async fn an_item_has_all_fields_and_the_msp_itself_has_id_0() {
    let sandbox = start().await;
    let own = sandbox.item("Companies", 0).await;
    assert_eq!(
        (&own["id"], &own["companyName"], &own["parentCompanyID"]),
        (&json!(0), &json!(cases::OWN), &Value::Null)
    );
    assert_eq!(own.as_object().unwrap().len(), COMPANY.split(' ').count());
}

#[tokio::test]
async fn everything_the_msp_has_is_there() {
    let sandbox = start().await;
    let msp = msp::generate(Size::Small);
    let companies = all(&sandbox, "Companies").await;
    let names: Vec<_> = companies.iter().map(|c| c["companyName"].as_str().unwrap()).collect();
    assert_eq!(names, msp.companies.iter().map(|c| c.name.as_str()).collect::<Vec<_>>());
    for (shown, contact) in all(&sandbox, "Contacts").await.iter().zip(&msp.contacts) {
        assert_eq!(shown["id"], contact_id(contact.number));
        assert_eq!(shown["firstName"].as_str().unwrap(), contact.first);
        assert_eq!(shown["lastName"].as_str().unwrap_or_default(), contact.last);
        assert_eq!(shown["isActive"], i64::from(contact.active), "a number, not a truth");
        let addresses =
            ["emailAddress", "emailAddress2", "emailAddress3"].map(|name| shown[name].as_str().unwrap_or_default());
        let wanted = [0, 1, 2].map(|slot| contact.emails.get(slot).map_or("", String::as_str));
        assert_eq!(addresses, wanted);
        if let Some(company) = contact.company {
            assert_eq!(shown["companyID"], company_id(company));
        }
    }
}

#[tokio::test]
async fn types_are_the_fixed_ones_and_activity_is_apart_from_them() {
    let sandbox = start().await;
    let companies = all(&sandbox, "Companies").await;
    let types: HashSet<_> = companies.iter().map(|c| c["companyType"].as_i64().unwrap()).collect();
    assert!(types.is_superset(&HashSet::from([1, 2, 3, 7, 8])) && (types.contains(&4) || types.contains(&6)));
    assert!(!types.contains(&5));
    let inactive = companies.iter().find(|c| c["companyName"] == cases::INACTIVE).unwrap();
    assert_eq!(inactive["isActive"], false);
    let contacts = all(&sandbox, "Contacts").await;
    assert!(
        contacts
            .iter()
            .any(|c| c["companyID"] == inactive["id"] && c["isActive"] == 1)
    );
}

#[tokio::test]
async fn empty_comes_as_null_as_nothing_and_as_a_space() {
    let sandbox = start().await;
    let contacts = all(&sandbox, "Contacts").await;
    for empty in [Value::Null, json!(""), json!(" ")] {
        assert!(contacts.iter().any(|c| c["emailAddress"] == empty), "{empty}");
    }
    let companies = all(&sandbox, "Companies").await;
    for empty in [Value::Null, json!(""), json!(" ")] {
        assert!(companies.iter().any(|c| c["state"] == empty), "{empty}");
    }
}

#[tokio::test]
async fn some_contacts_belong_to_a_company_nobody_sees() {
    let sandbox = start().await;
    let known: HashSet<_> = ids(&sandbox.query("Companies", &json!({"filter": everything()})).await)
        .into_iter()
        .collect();
    let contacts = all(&sandbox, "Contacts").await;
    assert!(
        contacts
            .iter()
            .any(|c| c["companyID"].as_i64().is_some_and(|id| !known.contains(&id)))
    );
    assert!(contacts.iter().any(|c| c["companyID"].is_null()));
}

#[tokio::test]
async fn one_address_can_be_in_two_companies() {
    let sandbox = start().await;
    let mut companies: HashMap<String, HashSet<i64>> = HashMap::new();
    for contact in all(&sandbox, "Contacts").await {
        if let (Some(address), Some(company)) = (contact["emailAddress"].as_str(), contact["companyID"].as_i64()) {
            companies.entry(address.to_owned()).or_default().insert(company);
        }
    }
    assert_eq!(companies[cases::IN_TWO_COMPANIES].len(), 2);
}

#[tokio::test]
async fn user_defined_values_are_texts_or_null_and_all_listed() {
    let sandbox = start().await;
    let companies = all(&sandbox, "Companies").await;
    let values: Vec<_> = companies
        .iter()
        .flat_map(|c| c["userDefinedFields"].as_array().unwrap())
        .collect();
    assert_eq!(values.len(), companies.len() * 5);
    assert!(
        values
            .iter()
            .all(|udf| udf["value"].is_string() || udf["value"].is_null())
    );
    assert!(values.iter().any(|udf| udf["value"] == "0.0500") && values.iter().any(|udf| udf["value"].is_null()));
}

#[tokio::test]
async fn dates_are_utc_with_a_varying_number_of_digits() {
    let sandbox = start().await;
    let contacts = all(&sandbox, "Contacts").await;
    let dates: Vec<_> = contacts
        .iter()
        .map(|c| c["lastModifiedDate"].as_str().unwrap())
        .collect();
    assert!(
        dates
            .iter()
            .all(|date| date.ends_with('Z') && !date.ends_with("0Z") || !date.contains('.'))
    );
    let lengths: HashSet<_> = dates.iter().map(|date| date.len()).collect();
    assert_eq!(lengths, HashSet::from([20, 22, 23, 24]));
    sandbox.switch(json!({"datesWithoutZone": true}));
    let contact = sandbox.item("Contacts", contact_id(1)).await;
    assert_eq!(contact["lastModifiedDate"], dates[0].trim_end_matches('Z'));
}

#[tokio::test]
async fn a_companys_contacts_are_its_children() {
    let sandbox = start().await;
    let company = company_id(25);
    let wanted = sandbox
        .ids(
            "Contacts",
            json!([{"op": "eq", "field": "companyID", "value": company}]),
        )
        .await;
    let (status, children) = sandbox.get(&format!("Companies/{company}/Contacts")).await;
    assert_eq!((status, ids(&children)), (200, wanted.clone()));
    assert_eq!(children["pageDetails"]["count"], wanted.len());
    let child = sandbox
        .get(&format!("Companies/{company}/Contacts/{}", wanted[0]))
        .await
        .1;
    assert_eq!(child["item"]["id"], wanted[0]);
    let stranger = sandbox.get(&format!("Companies/0/Contacts/{}", wanted[0])).await.1;
    assert_eq!(stranger, json!({"item": null}));
    assert!(ids(&sandbox.get("Companies/1/Contacts").await.1).is_empty());
}

#[tokio::test]
async fn unknown_and_missing_properties_come_by_switch() {
    let sandbox = start().await;
    sandbox.switch(json!({"extraField": true, "sparseQueries": true}));
    let item = &sandbox.query("Companies", &json!({"filter": everything()})).await["items"][0];
    assert!(item.get("impersonatorUpdaterResourceID").is_some());
    assert!(item.get("parentCompanyID").is_none());
    assert!(
        sandbox.item("Companies", 0).await.get("parentCompanyID").is_some(),
        "an item has all fields"
    );
}
