//! Stands for IAM: a function does what its role in the template allows, and nothing else.
//!
//! Clients of functions name their function as the SDK's *app*; every other client is the sandbox's own and may do anything.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};

use crate::template::Permission;
use crate::{Error, Template};

pub(crate) use calls::{of_dynamodb, of_secrets};

/// Names a file to which every kind of call is added that a function made, a line each.
const JOURNAL: &str = "RECORDED_CALLS";

/// One thing that a function does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `service:Operation`, as policies name it.
    pub action: String,
    /// A table or an index by its name, or an ARN.
    pub resource: String,
    /// The partition key.
    pub key: Option<String>,
}

/// Judges the calls of functions.
#[derive(Debug)]
pub(crate) struct Access {
    permissions: BTreeMap<String, Vec<Permission>>,
    journal: Option<PathBuf>,
    written: Mutex<BTreeSet<String>>,
}

impl Access {
    pub fn new(template: &Template) -> Self {
        let functions = template.functions().map(|function| {
            let permissions = template.permissions(function).to_vec();
            (function.to_owned(), permissions)
        });
        Self {
            permissions: functions.collect(),
            journal: env::var_os(JOURNAL).map(PathBuf::from),
            written: Mutex::default(),
        }
    }

    /// Refuses a request that its function's role does not allow, with what IAM would say.
    pub fn judge(&self, headers: &HeaderMap, calls: impl FnOnce() -> Vec<Call>) -> Result<(), String> {
        let Some((function, permissions)) = self.function(headers) else {
            return Ok(());
        };
        for call in calls() {
            let Some(resource) = permissions.iter().find_map(|permission| permission.allows(&call)) else {
                let Call { action, resource, key } = call;
                return Err(format!(
                    "{function} is not authorized to perform: {action} on resource: {resource}, key {key:?}"
                ));
            };
            self.write(function, &call, resource)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn function(&self, headers: &HeaderMap) -> Option<(&str, &[Permission])> {
        let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
        let mut words = agent.split_ascii_whitespace();
        let app = words.find_map(|word| word.strip_prefix("app/"))?;
        let (function, permissions) = self.permissions.get_key_value(app)?;
        Some((function, permissions))
    }

    /// Each kind of call once: what is interesting of a resource is what the policy calls it, and of a key its kind.
    fn write(&self, function: &str, call: &Call, resource: &str) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let key = call.key.as_deref().map_or_else(|| "-".to_owned(), kind_of_key);
        let line = format!("{function} {} {resource} {key}\n", call.action);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.insert(line.clone()) {
            let mut file = OpenOptions::new().create(true).append(true).open(journal)?;
            file.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

impl Permission {
    /// Whether it allows this call; gives the resource by which it does.
    fn allows(&self, call: &Call) -> Option<&str> {
        let key = call.key.as_deref().unwrap_or_default();
        if !self.actions.contains(&call.action)
            || !self.leading_keys.is_empty() && !self.leading_keys.iter().any(|pattern| like(pattern, key))
        {
            return None;
        }
        let mut resources = self.resources.iter().map(String::as_str);
        resources.find(|pattern| like(pattern, &call.resource))
    }
}

/// `MSP#m#IMPORT#x` is one of `MSP#*#IMPORT#*`, and a month of the sweeper's index one of `forget#*`; any other key is its own kind.
fn kind_of_key(key: &str) -> String {
    let parts: Vec<&str> = key.split('#').take(4).collect();
    match parts.as_slice() {
        ["MSP", _] => "MSP#*".to_owned(),
        ["forget", _] => "forget#*".to_owned(),
        // One partition of an MSP, in which all its users are listed.
        ["MSP", _, kind] => format!("MSP#*#{kind}"),
        ["MSP", _, kind, _] => format!("MSP#*#{kind}#*"),
        _ => key.to_owned(),
    }
}

/// IAM's `StringLike` without `?`, which nobody here uses.
fn like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(first) else {
        return false;
    };
    // What the star stands for ends at any place, the end included.
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| like(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("MSP#*#IMPORT#*", "MSP#m#IMPORT#x", true),
            ("MSP#*#IMPORT#*", "MSP#m#COMPANY#c", false),
            ("MSP#*", "MSP#", true),
            ("fetch", "fetch", true),
            ("fetch", "fetches", false),
            ("arn:secret:psa-import/*", "arn:secret:psa-import/m/i", true),
            ("arn:secret:psa-import/*", "arn:secret:other/m", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn keys_of_one_kind_are_one_line() {
        assert_eq!(kind_of_key("MSP#m#ADDRESS#a#b"), "MSP#*#ADDRESS#*");
        assert_eq!(kind_of_key("MSP#m"), "MSP#*");
        assert_eq!(kind_of_key("MSP#m#ROSTER"), "MSP#*#ROSTER");
        assert_eq!(kind_of_key("forget#2027-06"), "forget#*");
        assert_eq!(kind_of_key("execute"), "execute");
    }
}
