use serde_json::{Value, json};
use sim_autotask::{company_id, contact_id};
use simkit::msp::{self, Size, cases};

use crate::client::{everything, ids, start};

fn is(op: &str, field: &str, value: Value) -> Value {
    json!([{"op": op, "field": field, "value": value}])
}

#[tokio::test]
async fn the_six_comparisons() {
    let sandbox = start().await;
    let ids = async |op| sandbox.ids("Companies", is(op, "id", json!(29_683_003))).await;
    let (lower, upper) = (vec![0, 29_683_002], (29_683_004..=29_683_040).collect::<Vec<_>>());
    let own = vec![29_683_003];
    assert_eq!(ids("eq").await, own);
    assert_eq!(ids("noteq").await, [lower.clone(), upper.clone()].concat());
    assert_eq!(ids("gt").await, upper);
    assert_eq!(ids("gte").await, [own.clone(), upper].concat());
    assert_eq!(ids("lt").await, lower);
    assert_eq!(ids("lte").await, [lower, own].concat());
}

#[tokio::test]
async fn the_first_id_is_0_and_gt_0_skips_it() {
    let sandbox = start().await;
    assert_eq!(sandbox.ids("Companies", is("gte", "id", json!(0))).await[0], 0);
    assert_eq!(
        sandbox.ids("Companies", is("gt", "id", json!(0))).await[0],
        company_id(2)
    );
}

#[tokio::test]
async fn the_three_text_operators_ignore_case() {
    let sandbox = start().await;
    let names = async |op, value: &str| sandbox.count("Companies", is(op, "companyName", json!(value))).await;
    assert_eq!(names("beginsWith", "brasserie").await, 2);
    assert_eq!(names("endsWith", "GMBH").await, names("endsWith", "gmbh").await);
    assert_eq!(names("contains", "VAN DIJK").await, 2);
    assert_eq!(names("eq", "brasserie du port").await, 2);
    sandbox.switch(json!({"caseSensitive": true}));
    assert_eq!(names("eq", cases::CASE_PAIR[1]).await, 1);
    assert_eq!(names("beginsWith", "brasserie").await, 0);
}

#[tokio::test]
async fn exist_means_not_null_and_takes_no_value() {
    let sandbox = start().await;
    let all = sandbox.query("Companies", &json!({"filter": everything()})).await;
    let with = |wanted: fn(&Value) -> bool| {
        let items = all["items"].as_array().unwrap().iter();
        items
            .filter(|item| wanted(&item["taxID"]))
            .map(|item| item["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let exist = sandbox
        .ids("Companies", json!([{"op": "exist", "field": "taxID"}]))
        .await;
    let not = sandbox
        .ids("Companies", json!([{"op": "notExist", "field": "taxID"}]))
        .await;
    assert_eq!(exist, with(|value| !value.is_null()), "a space is a value");
    assert_eq!(not, with(Value::is_null));
    assert!(!exist.is_empty() && !not.is_empty());
}

#[tokio::test]
async fn in_and_not_in_take_lists() {
    let sandbox = start().await;
    let wanted = json!([company_id(5), 0, company_id(3), 999]);
    assert_eq!(
        sandbox.ids("Companies", is("in", "id", wanted.clone())).await,
        [0, company_id(3), company_id(5)]
    );
    assert_eq!(sandbox.count("Companies", is("notIn", "id", wanted)).await, 37);
    let names = json!([cases::NAMESAKE.to_uppercase(), cases::NUL]);
    assert_eq!(sandbox.count("Companies", is("in", "companyName", names)).await, 3);
}

#[tokio::test]
async fn conditions_on_the_id_narrow_each_other() {
    let sandbox = start().await;
    let id = |op: &str, value: Value| json!({"op": op, "field": "id", "value": value});
    let lists = [
        id("in", json!([0, company_id(2), company_id(3)])),
        id("in", json!([company_id(3), 0, company_id(4)])),
    ];
    assert_eq!(sandbox.ids("Companies", json!(lists)).await, [0, company_id(3)]);
    let [one, other] = lists;
    assert_eq!(
        sandbox.ids("Companies", json!([one, other, id("gt", json!(0))])).await,
        [company_id(3)]
    );
    let range = json!([
        id("gt", json!(company_id(2))),
        id("gte", json!(0)),
        id("lt", json!(company_id(5)))
    ]);
    assert_eq!(sandbox.ids("Companies", range).await, [company_id(3), company_id(4)]);
    let nothing = json!([id("gt", json!(company_id(5))), id("lt", json!(company_id(2)))]);
    assert_eq!(sandbox.count("Companies", nothing).await, 0);
}

#[tokio::test]
async fn the_top_level_is_an_and_and_groups_nest() {
    let sandbox = start().await;
    let type_is = |value: i64| json!({"op": "eq", "field": "companyType", "value": value});
    let leads_and_vendors = json!({"op": "or", "items": [type_is(2), type_is(7)]});
    let active = json!({"op": "eq", "field": "isActive", "value": true});
    let top = sandbox.ids("Companies", json!([leads_and_vendors, active])).await;
    let explicit = json!([{"op": "AND", "items": [leads_and_vendors, {"op": "and", "items": [active]}]}]);
    assert_eq!(sandbox.ids("Companies", explicit).await, top);
    let msp = msp::generate(Size::Small);
    let wanted = |c: &&msp::Company| c.active && matches!(c.kind, msp::Kind::Lead | msp::Kind::Vendor);
    assert_eq!(
        top,
        msp.companies
            .iter()
            .filter(wanted)
            .map(|c| company_id(c.number))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn names_of_fields_operators_and_properties_ignore_case() {
    let sandbox = start().await;
    let body = json!({"FILTER": [{"OP": "BeginsWith", "Field": "COMPANYNAME", "VALUE": "Bakkerij"}], "maxrecords": 1, "INCLUDEFIELDS": ["ID"]});
    let answer = sandbox.query("Companies", &body).await;
    assert_eq!(ids(&answer), [company_id(2)]);
    assert_eq!(answer["pageDetails"]["requestCount"], 1);
}

#[tokio::test]
async fn user_defined_fields_compare_by_their_type() {
    let sandbox = start().await;
    let udf = |op: &str, field: &str, value: Value| json!([{"op": op, "field": field, "udf": true, "value": value}]);
    assert_eq!(
        sandbox
            .ids("Companies", udf("eq", "crm id", json!("eb25c34c-0003")))
            .await,
        [company_id(4)]
    );
    // Stored as "6.0000".
    let same = sandbox
        .ids("Companies", udf("eq", "Number of Employees", json!("6")))
        .await;
    assert_eq!(same, [company_id(3)]);
    assert_eq!(
        sandbox
            .ids("Companies", udf("eq", "Number of Employees", json!(6)))
            .await,
        same
    );
    let ends = sandbox
        .count("Companies", udf("lt", "Contract End", json!("2023-01-01")))
        .await;
    assert!(
        ends > 0
            && ends
                < sandbox
                    .count("Companies", udf("exist", "Contract End", Value::Null))
                    .await
    );
}

#[tokio::test]
async fn dates_come_in_many_forms() {
    let sandbox = start().await;
    let item = sandbox.item("Contacts", contact_id(50)).await;
    let (modified, day) = (
        item["lastModifiedDate"].as_str().unwrap(),
        &item["lastModifiedDate"].as_str().unwrap()[..10],
    );
    let matches = async |op, value: &str| {
        sandbox
            .ids("Contacts", is(op, "lastModifiedDate", json!(value)))
            .await
            .contains(&contact_id(50))
    };
    assert!(matches("eq", modified).await && matches("gte", modified).await && !matches("gt", modified).await);
    assert!(matches("gt", day).await);
    assert!(matches("gt", &format!("{day}T00:00:00.000000Z")).await);
    assert!(matches("gt", &format!("{day}T00:00:00")).await);
}

#[tokio::test]
async fn an_unknown_operator_is_silently_ignored() {
    let sandbox = start().await;
    for op in ["ne", "isNull", "like", "noteExist", "between"] {
        assert_eq!(
            sandbox.count("Companies", is(op, "companyType", json!(1))).await,
            40,
            "{op}"
        );
    }
    let ignored = json!({"op": "ne", "field": "companyType", "value": 1});
    let vendor = json!({"op": "eq", "field": "companyName", "value": cases::VENDOR});
    assert_eq!(sandbox.count("Companies", json!([ignored, vendor])).await, 1);
    assert_eq!(
        sandbox
            .count("Companies", json!([{"op": "or", "items": [ignored, vendor]}]))
            .await,
        1
    );
    assert_eq!(
        sandbox
            .count("Companies", json!([{"op": "or", "items": [ignored]}]))
            .await,
        40
    );
}

#[tokio::test]
async fn active_is_found_by_bool_text_and_number() {
    let sandbox = start().await;
    for entity in ["Companies", "Contacts"] {
        let active = sandbox.count(entity, is("eq", "isActive", json!(true))).await;
        let inactive = sandbox.count(entity, is("eq", "isActive", json!("false"))).await;
        assert_eq!(active + inactive, if entity == "Companies" { 40 } else { 600 });
        for same in [json!("true"), json!(1)] {
            assert_eq!(sandbox.count(entity, is("eq", "isActive", same)).await, active);
        }
    }
}

#[tokio::test]
async fn rows_without_a_value_match_no_negation_unless_switched() {
    let sandbox = start().await;
    let with_value = sandbox
        .count("Companies", json!([{"op": "exist", "field": "classification"}]))
        .await;
    assert!(with_value < 40);
    let other = async |op, value| sandbox.count("Companies", is(op, "classification", value)).await;
    assert_eq!(other("noteq", json!(-1)).await, with_value);
    assert_eq!(other("notIn", json!([-1])).await, with_value);
    sandbox.switch(json!({"negationKeepsNull": true}));
    assert_eq!(
        [other("noteq", json!(-1)).await, other("notIn", json!([-1])).await],
        [40, 40]
    );
}

#[tokio::test]
async fn a_text_never_equals_an_id_but_is_converted_for_other_numbers() {
    let sandbox = start().await;
    assert!(
        sandbox
            .ids("Companies", is("eq", "id", json!("29683002")))
            .await
            .is_empty()
    );
    assert!(
        sandbox
            .ids("Companies", is("in", "id", json!(["29683002"])))
            .await
            .is_empty()
    );
    let as_text = sandbox.ids("Contacts", is("eq", "companyID", json!("29683002"))).await;
    assert_eq!(
        as_text,
        sandbox.ids("Contacts", is("eq", "companyID", json!(29_683_002))).await
    );
    assert!(!as_text.is_empty());
}

#[tokio::test]
async fn blanks_at_the_end_of_a_text_count_for_nothing_but_in_like() {
    let sandbox = start().await;
    let name = sandbox.item("Companies", company_id(2)).await["companyName"].clone();
    let padded = format!("{}  ", name.as_str().unwrap());
    let with = |op: &str, value: Value| json!([{"op": op, "field": "companyName", "value": value}]);
    assert!(
        sandbox
            .ids("Companies", with("eq", json!(padded)))
            .await
            .contains(&company_id(2))
    );
    assert!(
        sandbox
            .ids("Companies", with("in", json!([padded])))
            .await
            .contains(&company_id(2))
    );
    assert!(
        !sandbox
            .ids("Companies", with("noteq", json!(padded)))
            .await
            .contains(&company_id(2))
    );
    assert!(
        sandbox
            .ids("Companies", with("beginsWith", json!(padded)))
            .await
            .is_empty()
    );
}
