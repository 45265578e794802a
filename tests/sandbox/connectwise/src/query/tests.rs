//! The language as a whole: what is written is read back, and means what a plain reading of it says.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::evaluate::{Evaluator, ListTests, Record, descend};
use super::grammar::{Dialect, parse};
use super::syntax::{Comparison, Condition, Literal, Test};
use super::typed::{Checker, Reach};
use crate::data::schemas::COMPANY;

impl Record for Value {
    fn at(&self, path: &[&str]) -> Value {
        descend(self, path).clone()
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Unequal};
    select(vec![Equal, Unequal, Less, LessOrEqual, Greater, GreaterOrEqual])
}

fn null_test() -> impl Strategy<Value = Test> {
    select(vec![Comparison::Equal, Comparison::Unequal]).prop_map(|sign| Test::Compare(sign, Literal::Null))
}

fn compared(literal: impl Strategy<Value = Literal> + Clone + 'static) -> BoxedStrategy<Test> {
    prop_oneof![
        4 => (comparison(), literal).prop_map(|(comparison, literal)| Test::Compare(comparison, literal)),
        1 => null_test(),
    ]
    .boxed()
}

fn number() -> BoxedStrategy<Literal> {
    (-1_i8..4).prop_map(|number| Literal::Number(number.into())).boxed()
}

fn texts(pattern: &'static str) -> BoxedStrategy<Test> {
    let literal = pattern.prop_map(Literal::Text);
    prop_oneof![
        compared(literal),
        pattern.prop_map(Test::Contains),
        pattern.prop_map(Test::Like)
    ]
    .boxed()
}

fn negatable(test: BoxedStrategy<Test>) -> BoxedStrategy<Test> {
    (test, any::<bool>())
        .prop_map(|(test, negate)| match test {
            Test::Compare(..) => test,
            _ if negate => Test::Not(Box::new(test)),
            _ => test,
        })
        .boxed()
}

fn on(path: &'static [&'static str], test: BoxedStrategy<Test>) -> BoxedStrategy<Condition> {
    let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
    negatable(test)
        .prop_map(move |test| Condition::Test {
            path: path.clone(),
            test,
        })
        .boxed()
}

fn combined(leaf: BoxedStrategy<Condition>) -> BoxedStrategy<Condition> {
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

fn conditions() -> BoxedStrategy<Condition> {
    let in_numbers = proptest::collection::vec(number(), 1..4).prop_map(Test::In).boxed();
    let flag = any::<bool>().prop_map(Literal::Flag);
    let leaf = prop_oneof![
        on(&["id"], prop_oneof![compared(number()), in_numbers].boxed()),
        on(&["Name"], texts("[aB*%]{0,3}")),
        on(&["deletedFlag"], compared(flag)),
        on(
            &["lastUpdated"],
            compared((0_i64..4).prop_map(|second| Literal::Time(time(second))))
        ),
        on(&["status", "ID"], compared(number())),
    ];
    combined(leaf.boxed())
}

fn child_conditions() -> BoxedStrategy<Condition> {
    let leaf = prop_oneof![
        on(&["types", "id"], compared(number())),
        on(&["types", "name"], texts("[aB*%]{0,3}"))
    ];
    combined(leaf.boxed())
}

prop_compose! {
    fn companies()(
        id in 0_i64..4, name in proptest::option::of("[Ab]{0,3}"), flag in any::<Option<bool>>(), second in 0_i64..4,
        status in proptest::option::of(0_i64..4),
        types in proptest::collection::vec((proptest::option::of(0_i64..3), "[Ab]{0,2}"), 0..3),
    ) -> Value {
        let types: Vec<Value> = types.into_iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
        let last_updated = time(second).to_string();
        json!({"id": id, "name": name, "deletedFlag": flag, "status": {"id": status}, "types": types,
            "_info": {"lastUpdated": last_updated}})
    }
}

/// The plain reading: every field by its name, nothing shared with the code under test.
type Flat = BTreeMap<String, Value>;

fn flat(company: &Value, kind: &Value) -> Flat {
    let fields = [
        ("id", &company["id"]),
        ("name", &company["name"]),
        ("deletedflag", &company["deletedFlag"]),
        ("lastupdated", &company["_info"]["lastUpdated"]),
        ("status/id", &company["status"]["id"]),
        ("types/id", &kind["id"]),
        ("types/name", &kind["name"]),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

fn meaning(condition: &Condition, fields: &Flat) -> Option<bool> {
    let all = |parts: &[Condition]| parts.iter().map(|part| meaning(part, fields)).collect::<Vec<_>>();
    match condition {
        Condition::And(parts) => match all(parts) {
            parts if parts.contains(&Some(false)) => Some(false),
            parts if parts.contains(&None) => None,
            _ => Some(true),
        },
        Condition::Or(parts) => match all(parts) {
            parts if parts.contains(&Some(true)) => Some(true),
            parts if parts.contains(&None) => None,
            _ => Some(false),
        },
        Condition::Not(inner) => meaning(inner, fields).map(|truth| !truth),
        Condition::Test { path, test } => meaning_of_test(test, &fields[&path.join("/").to_lowercase()]),
    }
}

fn meaning_of_test(test: &Test, value: &Value) -> Option<bool> {
    match test {
        Test::Compare(Comparison::Equal, Literal::Null) => Some(value.is_null()),
        Test::Compare(Comparison::Unequal, Literal::Null) => Some(!value.is_null()),
        Test::Not(test) => meaning_of_test(test, value).map(|truth| !truth),
        _ if value.is_null() => None,
        Test::Compare(sign, literal) => Some(signs(order(value, literal)).contains(&sign.sign())),
        Test::In(literals) => Some(literals.iter().any(|literal| order(value, literal).is_eq())),
        Test::Contains(pattern) => Some(fits(&format!("*{pattern}*"), value)),
        Test::Like(pattern) => Some(fits(pattern, value)),
    }
}

fn order(value: &Value, literal: &Literal) -> Ordering {
    match literal {
        Literal::Text(text) => value.as_str().unwrap().to_lowercase().cmp(&text.to_lowercase()),
        Literal::Number(number) => value.as_f64().unwrap().total_cmp(number),
        Literal::Flag(flag) => value.as_bool().unwrap().cmp(flag),
        Literal::Time(time) => value.as_str().unwrap().cmp(&time.to_string()),
        Literal::Null => unreachable!("null is only tested for equality"),
    }
}

fn signs(order: Ordering) -> [&'static str; 3] {
    match order {
        Ordering::Less => ["<", "<=", "!="],
        Ordering::Equal => ["=", "<=", ">="],
        Ordering::Greater => [">", ">=", "!="],
    }
}

fn fits(pattern: &str, value: &Value) -> bool {
    let pattern = pattern.replace(['*', '%'], ".*");
    regex::Regex::new(&format!("(?i)^{pattern}$"))
        .unwrap()
        .is_match(value.as_str().unwrap())
}

fn holds(condition: Condition, reach: Reach, company: &Value) -> bool {
    let filter = Checker {
        fields: COMPANY,
        reach,
        case_sensitive: false,
    }
    .check(condition)
    .unwrap();
    Evaluator {
        lists: ListTests::SameElement,
        case_sensitive: false,
    }
    .holds(&filter, company)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_condition_is_read_as_it_was_written(condition in prop_oneof![conditions(), child_conditions()]) {
        let written = condition.to_string();
        prop_assert_eq!(parse(&written, Dialect::default()), Ok(condition), "{}", written);
    }

    #[test]
    fn a_text_of_any_characters_is_read_as_it_was_written(text in any::<String>(), path in "[a-zA-Z_][a-zA-Z0-9_]{0,8}") {
        let test = Test::Compare(Comparison::Equal, Literal::Text(text));
        let condition = Condition::Test { path: vec![path], test };
        prop_assert_eq!(parse(&condition.to_string(), Dialect::default()), Ok(condition));
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused(text in any::<String>(), junk in "[()a=1 'notand,\\[\\]\"%<>!/]{0,60}") {
        let _ = parse(&text, Dialect::default());
        let _ = parse(&junk, Dialect::default());
    }

    #[test]
    fn conditions_mean_what_a_plain_reading_says(condition in conditions(), company in companies()) {
        let expected = meaning(&condition, &flat(&company, &Value::Null)) == Some(true);
        prop_assert_eq!(holds(condition.clone(), Reach::Fields, &company), expected, "{}", condition);
    }

    #[test]
    fn child_conditions_hold_when_one_element_passes_them_all(condition in child_conditions(), company in companies()) {
        let types = company["types"].as_array().unwrap();
        let expected = types.iter().any(|kind| meaning(&condition, &flat(&company, kind)) == Some(true));
        prop_assert_eq!(holds(condition.clone(), Reach::Lists, &company), expected, "{}", condition);
    }
}
