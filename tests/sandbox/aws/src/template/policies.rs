//! What the role of each function allows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::document::Document;
use crate::Error;

/// One statement of a role's policy.
#[derive(Debug, Clone)]
pub struct Permission {
    /// `service:Operation`.
    pub actions: Vec<String>,
    /// Tables, indexes and queues by logical id, the rest as ARN; `*` stands for anything.
    pub resources: Vec<String>,
    /// Patterns of the partition keys it is limited to; empty for no limit.
    pub leading_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function {
    role: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Role {
    #[serde(rename = "AssumeRolePolicyDocument")]
    _trust: Value,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "PolicyName")]
    _name: String,
    policy_document: Statements,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statements {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: Allow,
    action: OneOrMany<String>,
    resource: OneOrMany<Value>,
    condition: Option<Condition>,
}

/// Nothing is denied: what is not allowed is not possible.
#[derive(Deserialize)]
enum Allow {
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "ForAllValues:StringLike")]
    like: LeadingKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeadingKeys {
    #[serde(rename = "dynamodb:LeadingKeys")]
    keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

pub(super) fn read(document: &Document) -> Result<BTreeMap<String, Vec<Permission>>, Error> {
    let mut roles = document.all::<Value>("AWS::IAM::Role")?;
    let functions = document.all::<Function>("AWS::Serverless::Function")?;
    functions
        .into_iter()
        .map(|(function, properties)| {
            let wrong = |what: String| Error::Template(format!("the role of {function}: {what}"));
            // A role that two functions shared would allow each what only the other does.
            let role = roles.remove(&document.text(&properties.role)?);
            let role = role.ok_or_else(|| wrong("there is none of its own".into()))?;
            let role: Role = serde_json::from_value(role).map_err(|error| wrong(error.to_string()))?;
            let statements = role
                .policies
                .into_iter()
                .flat_map(|policy| policy.policy_document.statement);
            let permissions = statements.map(|statement| permission(document, statement));
            Ok((function.clone(), permissions.collect::<Result<_, _>>()?))
        })
        .collect()
}

fn permission(document: &Document, statement: Statement) -> Result<Permission, Error> {
    let Allow::Allow = statement.effect;
    let resources = statement.resource.into_vec();
    Ok(Permission {
        actions: statement.action.into_vec(),
        resources: resources
            .iter()
            .map(|resource| document.text(resource))
            .collect::<Result<_, _>>()?,
        leading_keys: statement
            .condition
            .map(|condition| condition.like.keys)
            .unwrap_or_default(),
    })
}
