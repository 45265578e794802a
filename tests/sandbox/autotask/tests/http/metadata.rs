use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Sandbox, everything, ids, property_order, start};

async fn fields(sandbox: &Sandbox, entity: &str) -> Vec<Value> {
    let (status, body) = sandbox.get(&format!("{entity}/entityInformation/fields")).await;
    assert_eq!(status, 200);
    body["fields"].as_array().unwrap().clone()
}

async fn field(sandbox: &Sandbox, entity: &str, name: &str) -> Value {
    fields(sandbox, entity)
        .await
        .into_iter()
        .find(|field| field["name"] == name)
        .unwrap()
}

fn choices(field: &Value) -> Vec<(&str, &str)> {
    let values = field["picklistValues"].as_array().unwrap().iter();
    values
        .map(|value| (value["value"].as_str().unwrap(), value["label"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_entity_says_what_can_be_done_with_it() {
    let sandbox = start().await;
    let info = &sandbox.get("Companies/entityInformation").await.1["info"];
    assert_eq!(
        (&info["name"], &info["canDelete"], &info["userAccessForQuery"]),
        (&json!("Company"), &json!(false), &json!(1))
    );
    assert_eq!(info.as_object().unwrap().len(), 11);
    sandbox.switch(json!({"pluralEntityName": true, "accessAsText": true}));
    let info = &sandbox.get("Companies/entityInformation").await.1["info"];
    assert_eq!(
        (&info["name"], &info["userAccessForDelete"]),
        (&json!("Companies"), &json!("None"))
    );
}

#[tokio::test]
async fn fields_are_described_one_by_one_in_the_servers_order() {
    let sandbox = start().await;
    let text = sandbox
        .request(Method::GET, "Companies/entityInformation/fields")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let first = text.strip_prefix("{\"fields\":[").unwrap();
    let keys = "name dataType length isRequired isReadOnly isQueryable isReference referenceEntityType isPickList picklistValues picklistParentValueField isSupportedWebhookField";
    assert_eq!(
        property_order(first.split_inclusive('}').next().unwrap()),
        keys.split(' ').collect::<Vec<_>>()
    );
    for entity in ["Companies", "Contacts", "CompanyCategories"] {
        let names: Vec<_> = fields(&sandbox, entity)
            .await
            .iter()
            .map(|field| field["name"].clone())
            .collect();
        let item = &sandbox
            .query(entity, &json!({"filter": everything(), "MaxRecords": 1}))
            .await["items"][0];
        assert!(names.iter().all(|name| item.get(name.as_str().unwrap()).is_some()));
        assert_eq!(
            names.len() + 1,
            item.as_object().unwrap().len(),
            "user-defined fields are apart"
        );
    }
}

#[tokio::test]
async fn company_types_are_texts_in_the_list_and_numbers_on_records() {
    let sandbox = start().await;
    let field = field(&sandbox, "Companies", "companyType").await;
    assert_eq!(
        (&field["dataType"], &field["isPickList"]),
        (&json!("short"), &json!(true))
    );
    let wanted = [
        ("1", "Customer"),
        ("2", "Lead"),
        ("3", "Prospect"),
        ("4", "Dead"),
        ("6", "Cancelation"),
        ("7", "Vendor"),
        ("8", "Partner"),
    ];
    assert_eq!(choices(&field), wanted);
    assert!(sandbox.item("Companies", 0).await["companyType"].is_i64());
    sandbox.switch(json!({"germanLabels": true}));
    let field = self::field(&sandbox, "Companies", "companyType").await;
    assert_eq!(choices(&field)[0], ("1", "Kunde"));
}

#[tokio::test]
async fn records_carry_values_that_are_no_longer_active() {
    let sandbox = start().await;
    for name in ["classification", "marketSegmentID"] {
        let field = field(&sandbox, "Companies", name).await;
        let retired = field["picklistValues"]
            .as_array()
            .unwrap()
            .iter()
            .find(|value| value["isActive"] == false)
            .unwrap();
        let value: i64 = retired["value"].as_str().unwrap().parse().unwrap();
        assert!(
            sandbox
                .count("Companies", json!([{"op": "eq", "field": name, "value": value}]))
                .await
                > 0,
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_value_on_a_record_is_in_its_list() {
    let sandbox = start().await;
    for name in [
        "companyType",
        "classification",
        "marketSegmentID",
        "territoryID",
        "competitorID",
    ] {
        let field = field(&sandbox, "Companies", name).await;
        let values: Vec<i64> = choices(&field)
            .iter()
            .map(|(value, _)| value.parse().unwrap())
            .collect();
        let known = json!([{"op": "in", "field": name, "value": values}]);
        let any = json!([{"op": "exist", "field": name}]);
        assert_eq!(
            sandbox.count("Companies", known).await,
            sandbox.count("Companies", any).await,
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_category_is_a_reference_a_picklist_or_both() {
    let sandbox = start().await;
    let look = async || {
        let field = field(&sandbox, "Companies", "companyCategoryID").await;
        (
            field["isReference"] == true,
            field["referenceEntityType"] == "CompanyCategory",
            field["isPickList"] == true,
            !field["picklistValues"].is_null(),
        )
    };
    assert_eq!(look().await, (true, true, false, false));
    sandbox.switch(json!({"categoryIsPicklist": true}));
    assert_eq!(look().await, (true, true, true, true));
    sandbox.switch(json!({"categoryIsReference": false}));
    assert_eq!(look().await, (false, false, true, true));
}

#[tokio::test]
async fn categories_can_be_queried() {
    let sandbox = start().await;
    let page = sandbox
        .query("CompanyCategories", &json!({"filter": everything()}))
        .await;
    assert_eq!(ids(&page), [1, 2, 3, 4, 5]);
    let standard = json!({"id": 1, "name": "Standard", "nickname": "Sta", "isActive": true, "isApiOnly": false, "isGlobalDefault": true, "displayColorRGB": "#1F77B4", "userDefinedFields": []});
    assert_eq!(page["items"][0], standard);
    assert_eq!(
        sandbox
            .ids(
                "CompanyCategories",
                json!([{"op": "eq", "field": "isActive", "value": false}])
            )
            .await,
        [4]
    );
    let unknown = json!([{"op": "notIn", "field": "companyCategoryID", "value": ids(&page)}]);
    assert_eq!(sandbox.count("Companies", unknown).await, 0);
}

#[tokio::test]
async fn user_defined_fields_have_a_type_and_not_a_data_type() {
    let sandbox = start().await;
    let body = sandbox.get("Companies/entityInformation/userDefinedFields").await.1;
    let udf = &body["fields"][3];
    assert_eq!(
        (&udf["name"], &udf["type"]),
        (&json!("Number of Employees"), &json!("double"))
    );
    assert!(udf.get("dataType").is_none());
    assert_eq!(udf.as_object().unwrap().len(), 15);
    assert_eq!(
        sandbox
            .get("CompanyCategories/entityInformation/userDefinedFields")
            .await
            .1,
        json!({"fields": []})
    );
}
