//! A template as a tree: parameters, globals, resources by type, and the few intrinsic functions in use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::sdk::{ACCOUNT, REGION};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    pub globals: Value,
    resources: BTreeMap<String, Resource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

impl Document {
    pub fn parse(text: &str) -> Result<Self, Error> {
        serde_norway::from_str(text).map_err(|error| Error::Template(error.to_string()))
    }

    /// The properties of every resource of one type, by logical id.
    pub fn all<T: DeserializeOwned>(&self, kind: &str) -> Result<BTreeMap<String, T>, Error> {
        let found = self.resources.iter().filter(|(_, resource)| resource.r#type == kind);
        found
            .map(|(id, resource)| {
                let properties = T::deserialize(&resource.properties);
                let properties = properties.map_err(|error| Error::Template(format!("{id}: {error}")))?;
                Ok((id.clone(), properties))
            })
            .collect()
    }

    /// The properties of the only resource of one type.
    pub fn only<T: DeserializeOwned>(&self, kind: &str) -> Result<T, Error> {
        let mut found = self.all(kind)?.into_values();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(Error::Template(format!("there must be exactly one {kind}"))),
        }
    }

    /// A text, a number, or what an intrinsic function stands for: a parameter is its default, a resource (and any
    /// attribute of it) its logical id.
    pub fn text(&self, value: &Value) -> Result<String, Error> {
        match value {
            Value::String(text) => return Ok(text.clone()),
            Value::Number(number) => return Ok(number.to_string()),
            _ => {}
        }
        let function = value.as_object().filter(|object| object.len() == 1);
        match function.and_then(|function| function.iter().next()) {
            Some((name, Value::String(id))) if name == "Ref" => self.named(id),
            Some((name, Value::Array(parts))) if name == "Fn::GetAtt" => match parts.as_slice() {
                [Value::String(id), Value::String(_)] => self.named(id),
                _ => Err(unknown(value)),
            },
            Some((name, Value::String(text))) if name == "Fn::Sub" => self.filled(text),
            // Every condition asks whether a parameter was set, and none is here.
            Some((name, Value::Array(parts))) if name == "Fn::If" => match parts.as_slice() {
                [Value::String(_), _, otherwise] => self.text(otherwise),
                _ => Err(unknown(value)),
            },
            _ => Err(unknown(value)),
        }
    }

    /// Whether it is a parameter, chosen by a condition or not, that the deployment has to set.
    pub fn is_left_open(&self, value: &Value) -> bool {
        let value = value["Fn::If"].get(2).unwrap_or(value);
        let parameter = value["Ref"].as_str().and_then(|id| self.parameters.get(id));
        parameter.is_some_and(|parameter| parameter.default.is_none())
    }

    fn named(&self, id: &str) -> Result<String, Error> {
        match id {
            "AWS::AccountId" => return Ok(ACCOUNT.to_owned()),
            "AWS::Partition" => return Ok("aws".to_owned()),
            "AWS::Region" => return Ok(REGION.to_owned()),
            _ => {}
        }
        if let Some(resource) = self.resources.get(id) {
            // Of a secret, a reference gives the ARN, and policies want no other.
            return Ok(match resource.r#type.as_str() {
                "AWS::SecretsManager::Secret" => format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{id}"),
                _ => id.to_owned(),
            });
        }
        let parameter = self.parameters.get(id);
        let default = parameter.and_then(|parameter| parameter.default.clone());
        default.ok_or_else(|| Error::Template(format!("{id} is neither a resource nor a parameter with a default")))
    }

    /// Fills in `${Name}`, and `${Name.Attribute}` like `${Name}`.
    fn filled(&self, text: &str) -> Result<String, Error> {
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (id, rest) = part.split_once('}').ok_or_else(|| unknown(&Value::from(text)))?;
            let id = id.split('.').next().unwrap_or(id);
            filled.push_str(&self.named(id)?);
            filled.push_str(rest);
        }
        Ok(filled)
    }
}

fn unknown(value: &Value) -> Error {
    Error::Template(format!("not understood here: {value}"))
}
