//! What a PSA is asked with. Secrets all, the user name included; none of them can be printed or serialised by accident.

use std::collections::BTreeMap;

use domain::problem::{Mistake, Wording};
use domain::psa::PsaKind;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

/// Credentials of one PSA, complete.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An API member's keys and the product's client id.
    Connectwise {
        /// The API member's public key.
        public_key: SecretString,
        /// The API member's private key.
        private_key: SecretString,
        /// The id that `ConnectWise` gave to this product.
        client_id: SecretString,
    },
    /// An API user and the product's tracking identifier.
    Autotask {
        /// The API user's name, shaped like an e-mail address.
        username: SecretString,
        /// Its password.
        secret: SecretString,
        /// The tracking identifier.
        integration_code: SecretString,
    },
}

/// The longest credential, in characters; the longest that is known has a few dozen.
const LONGEST: usize = 1_000;

/// The longest secret text: every character may be an escape of six.
const LARGEST_JSON: usize = 3 * (6 * LONGEST + 50);

/// Credentials as an administrator submits them or as they are stored: anything may be missing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubmittedCredentials {
    /// `ConnectWise`.
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub public_key: Option<SecretString>,
    /// `ConnectWise`.
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub private_key: Option<SecretString>,
    /// `ConnectWise`.
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub client_id: Option<SecretString>,
    /// Autotask.
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub username: Option<SecretString>,
    /// Autotask.
    #[serde(deserialize_with = "short")]
    #[schemars(with = "Option<String>", length(max = LONGEST))]
    pub secret: Option<SecretString>,
    /// Autotask.
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
    /// The first field that is filled in and belongs to the other kind of PSA: somebody has mixed up the two.
    pub fn foreign_to(&self, kind: PsaKind) -> Option<&'static str> {
        let others = match kind {
            PsaKind::Autotask => [
                ("publicKey", &self.public_key),
                ("privateKey", &self.private_key),
                ("clientId", &self.client_id),
            ],
            PsaKind::Connectwise => [
                ("username", &self.username),
                ("secret", &self.secret),
                ("integrationCode", &self.integration_code),
            ],
        };
        let is_filled_in = |value: &Option<SecretString>| {
            value
                .as_ref()
                .is_some_and(|value| !value.expose_secret().trim().is_empty())
        };
        others
            .into_iter()
            .find_map(|(field, value)| is_filled_in(value).then_some(field))
    }

    /// The credentials that this kind of PSA takes, or the first that is missing.
    pub fn complete(self, kind: PsaKind) -> Result<Credentials, MissingCredential> {
        Ok(match kind {
            PsaKind::Connectwise => Credentials::Connectwise {
                public_key: present("publicKey", self.public_key)?,
                private_key: present("privateKey", self.private_key)?,
                client_id: present("clientId", self.client_id)?,
            },
            PsaKind::Autotask => Credentials::Autotask {
                username: present("username", self.username)?,
                secret: present("secret", self.secret)?,
                integration_code: present("integrationCode", self.integration_code)?,
            },
        })
    }
}

impl Credentials {
    /// Reads what [`to_secret_json`](Self::to_secret_json) wrote. A text that is no such JSON holds no credential at all.
    pub fn from_secret_json(kind: PsaKind, json: &str) -> Result<Self, MissingCredential> {
        let submitted: SubmittedCredentials = serde_json::from_str(json).unwrap_or_default();
        submitted.complete(kind)
    }

    /// The secret text for Secrets Manager: the only way by which credentials leave this type.
    pub fn to_secret_json(&self) -> SecretString {
        let fields = match self {
            Self::Connectwise {
                public_key,
                private_key,
                client_id,
            } => [
                ("publicKey", public_key),
                ("privateKey", private_key),
                ("clientId", client_id),
            ],
            Self::Autotask {
                username,
                secret,
                integration_code,
            } => [
                ("username", username),
                ("secret", secret),
                ("integrationCode", integration_code),
            ],
        };
        // Written where it stays: values on the way would be copies that nobody wipes.
        let exposed: BTreeMap<&str, &str> = fields.map(|(name, value)| (name, value.expose_secret())).into();
        let mut json = Vec::with_capacity(LARGEST_JSON);
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
fn present(field: &'static str, value: Option<SecretString>) -> Result<SecretString, MissingCredential> {
    let value = value.ok_or(MissingCredential { field })?;
    let trimmed = value.expose_secret().trim();
    if trimmed.is_empty() || trimmed.contains(char::is_control) {
        return Err(MissingCredential { field });
    }
    Ok(trimmed.into())
}

#[cfg(test)]
mod tests {
    use secrecy::zeroize::ZeroizeOnDrop;
    use serde_json::json;

    use super::*;

    const CONNECTWISE: &str = r#"{"publicKey":" pub\n","privateKey":"priv","clientId":"3b8f"}"#;
    const AUTOTASK: &str = r#"{"username":"api@msp.example","secret":"s3cret","integrationCode":"ABC"}"#;

    fn missing(kind: PsaKind, json: &str) -> Option<&'static str> {
        Credentials::from_secret_json(kind, json)
            .err()
            .map(|missing| missing.field)
    }

    #[test]
    fn r5_credentials_survive_being_stored() {
        for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
            let stored = Credentials::from_secret_json(kind, json).unwrap().to_secret_json();
            let again = Credentials::from_secret_json(kind, stored.expose_secret()).unwrap();
            assert_eq!(again.to_secret_json().expose_secret(), stored.expose_secret());
        }
    }

    #[test]
    fn r5_a_credential_of_the_other_psa_is_named() {
        let submitted = |json: &str| serde_json::from_str::<SubmittedCredentials>(json).unwrap();
        assert_eq!(submitted(CONNECTWISE).foreign_to(PsaKind::Autotask), Some("publicKey"));
        assert_eq!(submitted(AUTOTASK).foreign_to(PsaKind::Connectwise), Some("username"));
        assert_eq!(submitted(CONNECTWISE).foreign_to(PsaKind::Connectwise), None);
        assert_eq!(submitted(AUTOTASK).foreign_to(PsaKind::Autotask), None);
        assert_eq!(submitted(r#"{"secret":" "}"#).foreign_to(PsaKind::Connectwise), None);
    }

    #[test]
    fn r5_a_missing_or_blank_credential_is_named() {
        for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
            let complete: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(missing(kind, json), None);
            for field in complete.as_object().unwrap().keys() {
                for bad in [
                    json!(null),
                    json!(""),
                    json!("  \t"),
                    json!("a\r\nX-Evil: 1"),
                    json!("a\0b"),
                ] {
                    let mut blank = complete.clone();
                    blank[field] = bad;
                    assert_eq!(missing(kind, &blank.to_string()), Some(field.as_str()));
                }
                let mut without = complete.clone();
                without.as_object_mut().unwrap().remove(field);
                assert_eq!(missing(kind, &without.to_string()), Some(field.as_str()));
            }
        }
    }

    #[test]
    fn r5_what_is_stored_but_unreadable_is_missing() {
        for json in ["", "null", "[]", "{", "{\"publicKey\":5}"] {
            assert_eq!(missing(PsaKind::Connectwise, json), Some("publicKey"), "{json}");
        }
    }

    #[test]
    fn r50_credentials_are_not_in_their_debug_form() {
        for (kind, json, secrets) in [
            (PsaKind::Connectwise, CONNECTWISE, ["pub", "priv", "3b8f"]),
            (PsaKind::Autotask, AUTOTASK, ["api@msp", "s3cret", "ABC"]),
        ] {
            let submitted: SubmittedCredentials = serde_json::from_str(json).unwrap();
            let credentials = Credentials::from_secret_json(kind, json).unwrap();
            let shown = format!("{submitted:?} {credentials:?} {:?}", credentials.to_secret_json());
            let values = shown.replace("public_key", "").replace("private_key", "");
            for secret in secrets {
                assert!(!values.contains(secret), "{shown}");
            }
        }
    }

    /// Compiles only while every credential is of a type that does.
    #[test]
    fn r50_credentials_are_wiped_when_they_are_dropped() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
            let SubmittedCredentials {
                public_key,
                private_key,
                client_id,
                username,
                secret,
                integration_code,
            } = serde_json::from_str(json).unwrap();
            for field in [public_key, private_key, client_id, username, secret, integration_code]
                .iter()
                .flatten()
            {
                wiped(field);
            }
            let credentials = Credentials::from_secret_json(kind, json).unwrap();
            wiped(&credentials.to_secret_json());
            match credentials {
                Credentials::Connectwise {
                    public_key,
                    private_key,
                    client_id,
                } => {
                    [public_key, private_key, client_id].iter().for_each(wiped);
                }
                Credentials::Autotask {
                    username,
                    secret,
                    integration_code,
                } => {
                    [username, secret, integration_code].iter().for_each(wiped);
                }
            }
        }
    }
}
