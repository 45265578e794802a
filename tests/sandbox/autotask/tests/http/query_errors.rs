use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{answer, everything, start};

const NO_FILTER: &str = "Value cannot be null.\r\nParameter name: filters";
const TOO_MANY_ORS: &str = "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.";

#[tokio::test]
async fn an_unknown_field_is_named_in_the_clients_spelling() {
    let sandbox = start().await;
    let active = json!({"op": "eq", "field": "Active", "value": true});
    let nested = json!([{"op": "or", "items": [{"op": "and", "items": [active]}]}]);
    for filter in [json!([active]), nested] {
        assert_eq!(
            sandbox.error("Contacts", &json!({"filter": filter})).await,
            "Unable to find Active in the Contact Entity"
        );
    }
    let include = json!({"filter": everything(), "IncludeFields": ["id", "companyName"]});
    assert_eq!(
        sandbox.error("Contacts", &include).await,
        "Unable to find companyName in the Contact Entity"
    );
    let udf = json!({"filter": [{"op": "eq", "field": "companyName", "udf": true, "value": "x"}]});
    assert_eq!(
        sandbox.error("Companies", &udf).await,
        "Unable to find companyName in the Company Entity"
    );
    let category = json!({"filter": [{"op": "exist", "field": "colour"}]});
    assert_eq!(
        sandbox.error("CompanyCategories", &category).await,
        "Unable to find colour in the CompanyCategory Entity"
    );
}

#[tokio::test]
async fn a_missing_filter_is_an_error_however_it_is_missing() {
    let sandbox = start().await;
    for body in [
        json!({}),
        json!({"filter": null}),
        json!({"filter": {}}),
        json!({"MaxRecords": 5}),
        json!([]),
    ] {
        assert_eq!(sandbox.error("Companies", &body).await, NO_FILTER, "{body}");
    }
    for (method, path, body) in [
        (Method::POST, "Companies/query", ""),
        (Method::POST, "Companies/query", "{\"filter\":["),
        (Method::GET, "Companies/query", ""),
        (Method::POST, "Companies/query/count", ""),
        (Method::GET, "Companies/query/count?search=", ""),
    ] {
        let refused = answer(sandbox.request(method, path).body(body)).await;
        assert_eq!(refused, (500, json!({"errors": [NO_FILTER]})), "{path}");
    }
}

#[tokio::test]
async fn an_empty_filter_matches_everything_unless_switched() {
    let sandbox = start().await;
    assert_eq!(sandbox.count("Companies", json!([])).await, 40);
    sandbox.switch(json!({"emptyFilterFails": true}));
    assert_eq!(sandbox.error("Companies", &json!({"filter": []})).await, NO_FILTER);
}

#[tokio::test]
async fn a_page_holds_1_to_500_records() {
    let sandbox = start().await;
    for wrong in [json!(0), json!(501), json!(-1), json!("many"), json!(1.5)] {
        let body = json!({"filter": everything(), "MaxRecords": wrong});
        assert_eq!(
            sandbox.error("Companies", &body).await,
            "maxCountOfRecordsToReturn must be between 1 and 500"
        );
    }
    for right in [json!(1), json!(500), json!("7"), Value::Null] {
        sandbox
            .query("Companies", &json!({"filter": everything(), "MaxRecords": right}))
            .await;
    }
}

#[tokio::test]
async fn more_than_500_or_conditions_are_refused_and_lists_count() {
    let sandbox = start().await;
    let condition = json!({"op": "eq", "field": "id", "value": 0});
    let or = |count: usize| json!({"op": "or", "items": vec![condition.clone(); count]});
    let list = |count: i64| json!({"op": "in", "field": "id", "value": (0..count).collect::<Vec<_>>()});
    for allowed in [json!([or(500)]), json!([list(500)]), json!([or(250), list(250)])] {
        assert_eq!(sandbox.ids("Companies", allowed).await, [0]);
    }
    for refused in [
        json!([or(501)]),
        json!([list(501)]),
        json!([or(250), {"op": "and", "items": [list(251)]}]),
    ] {
        assert_eq!(
            sandbox.error("Companies", &json!({"filter": refused})).await,
            TOO_MANY_ORS
        );
    }
}

#[tokio::test]
async fn one_user_defined_field_is_allowed_in_a_query() {
    let sandbox = start().await;
    let udf = json!({"op": "exist", "field": "CRM ID", "udf": true});
    assert_eq!(sandbox.count("Companies", json!([udf])).await, 40);
    assert!(
        sandbox
            .error("Companies", &json!({"filter": [udf, udf]}))
            .await
            .starts_with("Invalid query syntax.")
    );
}

#[tokio::test]
async fn values_of_the_wrong_type_fail_to_convert() {
    let sandbox = start().await;
    let error = async |entity, op: &str, field: &str, value: Value| {
        sandbox
            .error(entity, &json!({"filter": [{"op": op, "field": field, "value": value}]}))
            .await
    };
    let int = "Conversion failed when converting varchar 'material' to data type int";
    assert_eq!(error("Companies", "eq", "companyType", json!("material")).await, int);
    assert_eq!(
        error("Companies", "in", "classification", json!([15, "material"])).await,
        int
    );
    assert_eq!(error("Contacts", "eq", "isActive", json!("material")).await, int);
    assert!(
        error("Companies", "eq", "isActive", json!("yes"))
            .await
            .starts_with("Conversion failed")
    );
    assert!(
        error("Companies", "gt", "createDate", json!("yesterday"))
            .await
            .starts_with("Conversion failed")
    );
    assert!(
        error("Companies", "eq", "id", json!([0]))
            .await
            .starts_with("Unexpected character")
    );
    assert!(
        error("Companies", "eq", "companyName", json!({}))
            .await
            .starts_with("Unexpected character")
    );
    assert!(
        error("Companies", "in", "id", json!(0))
            .await
            .starts_with("Error converting value")
    );
    assert!(
        error("Companies", "gte", "id", Value::Null)
            .await
            .starts_with("Value cannot be null.")
    );
}

#[tokio::test]
async fn some_fields_cannot_be_asked_for() {
    let sandbox = start().await;
    for (entity, field) in [
        ("Companies", "assetValue"),
        ("Contacts", "isOptedOutFromBulkEmail"),
        ("Contacts", "solicitationOptOut"),
        ("Contacts", "surveyOptOut"),
    ] {
        let body = json!({"filter": [{"op": "exist", "field": field}]});
        assert!(sandbox.error(entity, &body).await.contains(field));
        sandbox
            .query(entity, &json!({"filter": everything(), "IncludeFields": [field]}))
            .await;
    }
}
