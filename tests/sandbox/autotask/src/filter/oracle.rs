//! The evaluator against a naive reading of the rules, which looks at every record's JSON and knows no ids, no hashes
//! and no ranges.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use simkit::msp::Size;

use super::{Filter, Rules};
use crate::query::{Columns, Record, Style};
use crate::store::{Entity, EntityName, Store};

static STORE: LazyLock<Store> = LazyLock::new(|| Store::new(Size::Small));
static COMPANIES: LazyLock<Vec<Value>> = LazyLock::new(|| records(EntityName::Companies));
static CONTACTS: LazyLock<Vec<Value>> = LazyLock::new(|| records(EntityName::Contacts));

fn records(name: EntityName) -> Vec<Value> {
    let entity = STORE.entity(name);
    let columns = Columns::all(&entity.model);
    let record = |row| {
        json!(Record {
            entity,
            row,
            columns: &columns,
            style: Style::default()
        })
    };
    entity
        .rows
        .between(i64::MIN, i64::MAX)
        .iter()
        .map(|(_, row)| record(row))
        .collect()
}

/// What a record says, made comparable in the plainest way.
#[derive(Debug, PartialEq, PartialOrd)]
enum Plain {
    Number(f64),
    Text(String),
}

fn plain(value: &Value, rules: Rules) -> Option<Plain> {
    match value {
        Value::Bool(truth) => Some(Plain::Number(f64::from(u8::from(*truth)))),
        Value::Number(number) => number.as_f64().map(Plain::Number),
        Value::String(text) if rules.case_sensitive => Some(Plain::Text(text.clone())),
        Value::String(text) => Some(Plain::Text(text.to_lowercase())),
        _ => None,
    }
}

/// Blanks at the end count for nothing where values are compared.
fn compared(plain: Plain) -> Plain {
    match plain {
        Plain::Text(text) => Plain::Text(text.trim_end_matches(' ').to_owned()),
        number @ Plain::Number(_) => number,
    }
}

fn stored(record: &Value, condition: &Value) -> Value {
    let field = condition["field"].as_str().unwrap();
    if condition["udf"] == json!(true) {
        let udfs = record["userDefinedFields"].as_array().unwrap();
        return udfs.iter().find(|udf| udf["name"] == field).unwrap()["value"].clone();
    }
    record[field].clone()
}

/// None is a condition that counts for nothing.
fn holds(record: &Value, condition: &Value, rules: Rules) -> Option<bool> {
    let op = condition["op"].as_str().unwrap();
    if op == "and" || op == "or" {
        let items = condition["items"].as_array().unwrap();
        let known: Vec<bool> = items.iter().filter_map(|item| holds(record, item, rules)).collect();
        return match op {
            _ if known.is_empty() => None,
            "and" => Some(!known.contains(&false)),
            _ => Some(known.contains(&true)),
        };
    }
    let has = plain(&stored(record, condition), rules);
    let negative = matches!(op, "noteq" | "notIn");
    let Some(has) = has else {
        return match op {
            "ne" | "isNull" => None,
            "notExist" => Some(true),
            _ => Some(negative && rules.negation_keeps_null),
        };
    };
    let is_like = matches!(op, "beginsWith" | "endsWith" | "contains");
    let has = if is_like { has } else { compared(has) };
    let listed = || {
        let values = condition["value"].as_array().unwrap().iter();
        values
            .filter_map(|one| plain(one, rules))
            .any(|one| compared(one) == has)
    };
    let value = || {
        let value = plain(&condition["value"], rules).unwrap();
        if is_like { value } else { compared(value) }
    };
    let text = |plain: Plain| match plain {
        Plain::Text(text) => text,
        Plain::Number(number) => number.to_string(),
    };
    Some(match op {
        "exist" => true,
        "notExist" => false,
        "eq" => has == value(),
        "noteq" => has != value(),
        "gt" => has > value(),
        "gte" => has >= value(),
        "lt" => has < value(),
        "lte" => has <= value(),
        "in" => listed(),
        "notIn" => !listed(),
        "beginsWith" => text(has).starts_with(&text(value())),
        "endsWith" => text(has).ends_with(&text(value())),
        "contains" => text(has).contains(&text(value())),
        _ => return None,
    })
}

fn expected(records: &[Value], filter: &Value, rules: Rules) -> Vec<i64> {
    let all = json!({"op": "and", "items": filter});
    let matching = records
        .iter()
        .filter(|record| holds(record, &all, rules).unwrap_or(true));
    matching.map(|record| record["id"].as_i64().unwrap()).collect()
}

fn found(entity: &Entity, filter: &Value, rules: Rules) -> Vec<i64> {
    let filter = Filter::compile(&entity.model, Some(filter), rules).unwrap();
    let ids: Vec<i64> = filter.rows(entity, None, None).map(|(id, _)| id).collect();
    assert_eq!(filter.count(entity), ids.len());
    let mut backwards: Vec<i64> = filter.rows(entity, None, None).rev().map(|(id, _)| id).collect();
    backwards.reverse();
    assert_eq!(backwards, ids);
    ids
}

const OPS: [&str; 15] = [
    "eq",
    "noteq",
    "gt",
    "gte",
    "lt",
    "lte",
    "beginsWith",
    "endsWith",
    "contains",
    "exist",
    "notExist",
    "in",
    "notIn",
    "ne",
    "isNull",
];

/// Conditions whose values come from the records, cut or in other letters, so that many match something.
fn condition(records: &'static [Value], fields: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let from_record = (select(fields), any::<[Index; 4]>());
    (from_record, select(&OPS[..]), 0..5_u8).prop_map(move |((field, picks), op, twist)| {
        let values: Vec<Value> = picks
            .iter()
            .map(|pick| value(some(records, field, *pick), twist))
            .collect();
        let value = if matches!(op, "in" | "notIn") {
            json!(values)
        } else {
            values[0].clone()
        };
        json!({"op": op, "field": field, "value": value})
    })
}

/// The value of the record picked, or of the next that has one: its type is the field's.
fn some<'a>(records: &'a [Value], field: &str, pick: Index) -> &'a Value {
    let mut from_pick = records
        .iter()
        .cycle()
        .skip(pick.index(records.len()))
        .take(records.len());
    from_pick
        .find(|record| !record[field].is_null())
        .map_or(&Value::Null, |record| &record[field])
}

fn value(stored: &Value, twist: u8) -> Value {
    match (stored, twist) {
        (Value::Null, _) => json!(0),
        (Value::Number(number), 1) => json!(number.as_i64().unwrap() + 1),
        (Value::String(text), 1) => json!(text.to_uppercase()),
        (Value::String(text), 2) => json!(text.chars().skip(1).take(3).collect::<String>()),
        (Value::String(text), 3) => json!(text.chars().take(2).collect::<String>()),
        (Value::String(text), 4) => json!(format!("{text}  ")),
        (other, _) => other.clone(),
    }
}

fn filters(records: &'static [Value], fields: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let node = condition(records, fields).prop_recursive(3, 24, 5, |inner| {
        (select(&["and", "or"][..]), prop::collection::vec(inner, 0..5))
            .prop_map(|(op, items)| json!({"op": op, "items": items}))
    });
    prop::collection::vec(node, 0..4).prop_map(Value::Array)
}

fn rules() -> impl Strategy<Value = Rules> {
    any::<(bool, bool)>().prop_map(|(case_sensitive, negation_keeps_null)| Rules {
        case_sensitive,
        negation_keeps_null,
        empty_filter_fails: false,
    })
}

const COMPANY_FIELDS: &[&str] = &[
    "id",
    "companyName",
    "companyType",
    "isActive",
    "classification",
    "marketSegmentID",
    "parentCompanyID",
    "taxID",
    "webAddress",
];
const CONTACT_FIELDS: &[&str] = &[
    "id",
    "companyID",
    "isActive",
    "emailAddress",
    "emailAddress2",
    "firstName",
    "lastName",
    "primaryContact",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn companies_match_as_the_rules_say(filter in filters(&COMPANIES, COMPANY_FIELDS), rules in rules()) {
        let entity = STORE.entity(EntityName::Companies);
        prop_assert_eq!(found(entity, &filter, rules), expected(&COMPANIES, &filter, rules));
    }

    #[test]
    fn contacts_match_as_the_rules_say(filter in filters(&CONTACTS, CONTACT_FIELDS), rules in rules()) {
        let entity = STORE.entity(EntityName::Contacts);
        prop_assert_eq!(found(entity, &filter, rules), expected(&CONTACTS, &filter, rules));
    }

    #[test]
    fn a_user_defined_text_matches_as_the_rules_say(
        op in select(&OPS[..]), pick: Index, twist in 0..5_u8, rules in rules(),
    ) {
        let stored = pick.get(&COMPANIES[..])["userDefinedFields"][0]["value"].clone();
        let value = value(&stored, twist);
        let value = if matches!(op, "in" | "notIn") { json!([value]) } else { value };
        let filter = json!([{"op": op, "field": "CRM ID", "udf": true, "value": value}]);
        let entity = STORE.entity(EntityName::Companies);
        prop_assert_eq!(found(entity, &filter, rules), expected(&COMPANIES, &filter, rules));
    }
}
