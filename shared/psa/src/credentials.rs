//! What a PSA is asked with. Secrets all, the user name included; none of them can be printed or serialised by accident.

use std::collections::BTreeMap;

use domain::problem::{Mistake, Wording};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

/// Credentials of one PSA, complete.
#[derive(Debug, Clone)]
pub struct Credentials(Vec<(&'static str, SecretString)>);

/// The longest credential, in characters; the longest that is known has a few dozen.
const LONGEST: usize = 1_000;

/// The longest secret text of one credential, with its name: every character may be an escape of six.
const LARGEST_FIELD: usize = 6 * LONGEST + 50;

/// Credentials as an administrator submits them. A product takes only its own fields, and requires all of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubmittedCredentials {
    /// The public key of an API member (`ConnectWise` only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub public_key: Option<SecretString>,
    /// The private key of that API member (`ConnectWise` only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub private_key: Option<SecretString>,
    /// The client id of the integration (`ConnectWise` only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub client_id: Option<SecretString>,
    /// The user name of an API user (Autotask only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub username: Option<SecretString>,
    /// The secret of that API user (Autotask only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub secret: Option<SecretString>,
    /// The tracking identifier of the integration (Autotask only).
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub integration_code: Option<SecretString>,
}

/// A credential that is missing, blank, or not to be sent in a header. Found before any call is made (R5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential {field} is missing")]
pub struct MissingCredential {
    /// The field's name in JSON.
    pub field: &'static str,
}

impl SubmittedCredentials {
    /// Every field, by its name in JSON.
    fn fields(&self) -> [(&'static str, &Option<SecretString>); 6] {
        let Self {
            public_key,
            private_key,
            client_id,
            username,
            secret,
            integration_code,
        } = self;
        [
            ("publicKey", public_key),
            ("privateKey", private_key),
            ("clientId", client_id),
            ("username", username),
            ("secret", secret),
            ("integrationCode", integration_code),
        ]
    }

    /// The first field that is filled in and is none of these, which a product takes: somebody has mixed up two products.
    pub fn foreign_to(&self, taken: &[&str]) -> Option<&'static str> {
        let foreign = self.fields().into_iter().find(|(field, value)| {
            let filled_in = |value: &SecretString| !value.expose_secret().trim().is_empty();
            !taken.contains(field) && value.as_ref().is_some_and(filled_in)
        });
        foreign.map(|(field, _)| field)
    }

    /// The credentials that a product takes, or the first that is missing.
    pub fn complete(&self, taken: &[&'static str]) -> Result<Credentials, MissingCredential> {
        let submitted = self.fields();
        let complete = taken.iter().map(|field| {
            let given = submitted.iter().find(|(name, _)| name == field);
            let value = given.and_then(|(_, value)| value.as_ref());
            Ok((*field, present(field, value)?))
        });
        complete.collect::<Result<_, _>>().map(Credentials)
    }
}

impl Credentials {
    /// Reads what [`to_secret_json`](Self::to_secret_json) wrote. A text that is no such JSON holds no credential at all.
    pub fn from_secret_json(taken: &[&'static str], json: &str) -> Result<Self, MissingCredential> {
        let submitted: SubmittedCredentials = serde_json::from_str(json).unwrap_or_default();
        submitted.complete(taken)
    }

    /// One credential, by its name in JSON. Credentials of another product lack it.
    pub fn get(&self, field: &'static str) -> Result<&SecretString, MissingCredential> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| value).ok_or(MissingCredential { field })
    }

    /// The secret text for Secrets Manager: the only text with all credentials that this type gives out.
    pub fn to_secret_json(&self) -> SecretString {
        // Written where it stays: values on the way would be copies that nobody wipes.
        let exposed: BTreeMap<&str, &str> = self
            .0
            .iter()
            .map(|(name, value)| (*name, value.expose_secret()))
            .collect();
        let mut json = Vec::with_capacity(self.0.len() * LARGEST_FIELD);
        let written = serde_json::to_writer(&mut json, &exposed);
        debug_assert!(written.is_ok(), "texts are always JSON");
        String::from_utf8(json).unwrap_or_default().into()
    }
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let value = Option::<SecretString>::deserialize(deserializer)?;
    if value
        .as_ref()
        .is_some_and(|value| value.expose_secret().chars().count() > LONGEST)
    {
        return Err(de::Error::custom(Wording::from(Mistake::TooLong(LONGEST))));
    }
    Ok(value)
}

/// White space around a credential comes from copying it; a header could not carry it anyway.
fn present(field: &'static str, value: Option<&SecretString>) -> Result<SecretString, MissingCredential> {
    let value = value.ok_or(MissingCredential { field })?;
    let trimmed = value.expose_secret().trim();
    if trimmed.is_empty() || trimmed.contains(char::is_control) {
        return Err(MissingCredential { field });
    }
    Ok(trimmed.into())
}

#[cfg(test)]
mod tests;
