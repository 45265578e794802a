//! What a request asks for, in the words of policies.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Call;
use crate::sdk::{ACCOUNT, REGION};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Asked {
    table_name: String,
    index_name: Option<String>,
    key: Option<Key>,
    item: Option<Key>,
    key_condition_expression: String,
    expression_attribute_values: BTreeMap<String, Attribute>,
    transact_items: Vec<BTreeMap<String, Action>>,
    request_items: BTreeMap<String, Batch>,
}

#[derive(Deserialize)]
struct Key {
    pk: Attribute,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Attribute {
    Text {
        #[serde(rename = "S")]
        text: String,
    },
    Other(#[expect(dead_code, reason = "only has to be read past")] Value),
}

impl Attribute {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text } => Some(text),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    table_name: String,
    key: Option<Key>,
    item: Option<Key>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Batch {
    Get {
        #[serde(rename = "Keys")]
        keys: Vec<Key>,
    },
    Write(Vec<BTreeMap<String, Write>>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Write {
    key: Option<Key>,
    item: Option<Key>,
}

fn call(operation: &str, resource: &str, key: Option<&str>) -> Call {
    Call {
        action: format!("dynamodb:{operation}"),
        resource: resource.to_owned(),
        key: key.map(ToOwned::to_owned),
    }
}

fn leading<'a>(key: Option<&'a Key>, item: Option<&'a Key>) -> Option<&'a str> {
    key.or(item).and_then(|key| key.pk.text())
}

/// A request that is not understood asks for something nobody is allowed.
pub(crate) fn of_dynamodb(operation: &str, body: &[u8]) -> Vec<Call> {
    let Ok(request) = serde_json::from_slice::<Asked>(body) else {
        return vec![call(operation, "not understood", None)];
    };
    match operation {
        "TransactWriteItems" | "TransactGetItems" => transaction(&request),
        "BatchGetItem" | "BatchWriteItem" => batch(operation, &request),
        "Query" => {
            let resource = match &request.index_name {
                Some(index) => format!("{}/index/{index}", request.table_name),
                None => request.table_name.clone(),
            };
            vec![call(operation, &resource, partition(&request))]
        }
        _ => {
            let key = leading(request.key.as_ref(), request.item.as_ref());
            vec![call(operation, &request.table_name, key)]
        }
    }
}

/// Every action of a transaction is allowed by itself.
fn transaction(request: &Asked) -> Vec<Call> {
    let actions = request.transact_items.iter().flatten();
    actions
        .map(|(kind, action)| {
            let operation = match kind.as_str() {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                kind => format!("{kind}Item"),
            };
            let key = leading(action.key.as_ref(), action.item.as_ref());
            call(&operation, &action.table_name, key)
        })
        .collect()
}

fn batch(operation: &str, request: &Asked) -> Vec<Call> {
    let mut calls = Vec::new();
    for (table, batch) in &request.request_items {
        match batch {
            Batch::Get { keys } => {
                calls.extend(keys.iter().map(|key| call(operation, table, key.pk.text())));
            }
            Batch::Write(writes) => {
                let writes = writes.iter().flat_map(BTreeMap::values);
                calls.extend(
                    writes.map(|write| call(operation, table, leading(write.key.as_ref(), write.item.as_ref()))),
                );
            }
        }
    }
    calls
}

/// The partition of a query: its condition begins with it.
fn partition(request: &Asked) -> Option<&str> {
    let (_, rest) = request.key_condition_expression.split_once('=')?;
    let name = rest.split_ascii_whitespace().next()?;
    request.expression_attribute_values.get(name)?.text()
}

/// A secret is named, or named by its ARN.
pub(crate) fn of_secrets(operation: &str, body: &[u8]) -> Vec<Call> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = request["SecretId"].as_str().or_else(|| request["Name"].as_str());
    let name = name.unwrap_or_default();
    let resource = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}")
    };
    vec![Call {
        action: format!("secretsmanager:{operation}"),
        resource,
        key: None,
    }]
}
