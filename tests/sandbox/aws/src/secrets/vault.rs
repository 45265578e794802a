//! The secrets, their versions and stages, and the rules for changing them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::files;
use crate::sdk::{ACCOUNT, REGION};

pub(super) const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// Every secret by name. A change is on disk before it is answered.
#[derive(Debug)]
pub(super) struct Vault {
    file: Option<PathBuf>,
    secrets: BTreeMap<String, Secret>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Secret {
    pub arn: String,
    pub created: Timestamp,
    pub changed: Timestamp,
    /// Marked for deletion; the name stays taken.
    pub deleted: Option<Timestamp>,
    pub versions: BTreeMap<String, Version>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub content: Content,
    pub created: Timestamp,
    pub stages: BTreeSet<String>,
}

/// Without the content, so that no log can show it.
impl std::fmt::Debug for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Version")
            .field("stages", &self.stages)
            .finish_non_exhaustive()
    }
}

/// What is kept secret, as the caller sent it: a text, or bytes in Base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    #[serde(rename = "SecretString")]
    Text(String),
    #[serde(rename = "SecretBinary")]
    Binary(String),
}

impl Vault {
    pub fn open(file: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = file.as_deref().and_then(std::path::Path::parent) {
            std::fs::create_dir_all(folder)?;
        }
        let contents = file.as_deref().map(files::read).transpose()?.flatten();
        let secrets = contents.map(|contents| serde_json::from_slice(&contents)).transpose()?;
        Ok(Self {
            file,
            secrets: secrets.unwrap_or_default(),
        })
    }

    /// The name and the secret behind a name or an ARN, also one marked for deletion.
    pub fn find(&self, id: &str) -> Result<(&str, &Secret), Refusal> {
        let mut secrets = self.secrets.iter();
        let found = secrets.find(|(name, secret)| *name == id || secret.arn == id);
        found
            .map(|(name, secret)| (name.as_str(), secret))
            .ok_or_else(Refusal::not_found)
    }

    /// As [`Self::find`], without those marked for deletion.
    pub fn usable(&self, id: &str) -> Result<(&str, &Secret), Refusal> {
        let (name, secret) = self.find(id)?;
        match secret.deleted {
            None => Ok((name, secret)),
            Some(_) => Err(Refusal::marked_for_deletion()),
        }
    }

    /// Creates a secret, once for each token: the same token with the same content says again what it said before.
    /// Answers its name and version.
    pub fn create(
        &mut self,
        name: String,
        token: Option<String>,
        content: Option<Content>,
    ) -> Result<Changed, Refusal> {
        if let Ok((_, secret)) = self.find(&name) {
            if secret.deleted.is_some() {
                return Err(Refusal::scheduled_for_deletion());
            }
            let version = token.as_ref().and_then(|token| secret.versions.get(token));
            return if version.is_some_and(|version| Some(&version.content) == content.as_ref()) {
                Ok(Changed { name, version: token })
            } else {
                Err(Refusal::exists())
            };
        }
        let now = Timestamp::now();
        let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{}", suffix());
        let mut secret = Secret {
            arn,
            created: now,
            changed: now,
            deleted: None,
            versions: BTreeMap::new(),
        };
        let version = content.map(|content| secret.add(token, content));
        self.store(Changed { name, version }, secret)
    }

    /// Adds a version and makes it the current one, once for each token.
    pub fn put(&mut self, id: &str, token: Option<String>, content: Content) -> Result<Changed, Refusal> {
        let (name, secret) = self.usable(id)?;
        let (name, mut secret) = (name.to_owned(), secret.clone());
        if let Some(token) = &token
            && let Some(version) = secret.versions.get(token)
        {
            return if version.content == content {
                Ok(Changed {
                    name,
                    version: Some(token.clone()),
                })
            } else {
                Err(Refusal::version_exists())
            };
        }
        let version = Some(secret.add(token, content));
        self.store(Changed { name, version }, secret)
    }

    /// Marks a secret for deletion, or forgets it at once.
    pub fn delete(&mut self, id: &str, at_once: bool) -> Result<(String, Secret), Refusal> {
        let (name, secret) = self.find(id)?;
        let (name, mut secret) = (name.to_owned(), secret.clone());
        secret.deleted = Some(Timestamp::now());
        let before = self.secrets.clone();
        if at_once {
            self.secrets.remove(&name)
        } else {
            self.secrets.insert(name.clone(), secret.clone())
        };
        self.save_or(before)?;
        Ok((name, secret))
    }

    /// Takes the mark for deletion back.
    pub fn restore(&mut self, id: &str) -> Result<(String, Secret), Refusal> {
        let (name, secret) = self.find(id)?;
        let (name, mut secret) = (name.to_owned(), secret.clone());
        secret.deleted = None;
        let before = self.secrets.clone();
        self.secrets.insert(name.clone(), secret.clone());
        self.save_or(before)?;
        Ok((name, secret))
    }

    fn store(&mut self, changed: Changed, secret: Secret) -> Result<Changed, Refusal> {
        let before = self.secrets.clone();
        self.secrets.insert(changed.name.clone(), secret);
        self.save_or(before)?;
        Ok(changed)
    }

    /// What cannot be kept has not happened.
    fn save_or(&mut self, before: BTreeMap<String, Secret>) -> Result<(), Refusal> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let saved = serde_json::to_vec(&self.secrets).map_err(io::Error::from);
        saved
            .and_then(|contents| files::replace(file, &contents))
            .map_err(|error| {
                tracing::error!(%error, "the secrets cannot be kept");
                self.secrets = before;
                Refusal::internal()
            })
    }
}

/// What was changed: the secret's name, and the version if there is one.
pub(super) struct Changed {
    pub name: String,
    pub version: Option<String>,
}

impl Secret {
    fn add(&mut self, token: Option<String>, content: Content) -> String {
        let now = Timestamp::now();
        let id = token.unwrap_or_else(|| Uuid::now_v7().to_string());
        for version in self.versions.values_mut() {
            version.stages.remove(PREVIOUS);
            if version.stages.remove(CURRENT) {
                version.stages.insert(PREVIOUS.to_owned());
            }
        }
        let stages = BTreeSet::from([CURRENT.to_owned()]);
        self.versions.insert(
            id.clone(),
            Version {
                content,
                created: now,
                stages,
            },
        );
        self.changed = now;
        id
    }
}

/// The six characters that AWS puts behind a name, so that a name used again is another secret.
fn suffix() -> String {
    let id = Uuid::now_v7().simple().to_string();
    id[id.len() - 6..].to_owned()
}
