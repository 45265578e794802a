//! Configuration, read once at start from the environment.

use std::env;

use psa::{HttpPolicy, Origin};

/// What a function needs to know. AWS endpoints and credentials are read by the AWS SDK itself.
#[derive(Debug, Clone)]
pub struct Config {
    /// `RECORDS_TABLE`: the table of what lasts.
    pub records_table: String,
    /// `IMPORTS_TABLE`: the table of work under way.
    pub imports_table: String,
    /// `SECRET_PREFIX`: what names of secrets begin with. Default `psa-import/`.
    pub secret_prefix: String,
    /// `ROLES_CLAIM`: the claim of a token that holds the roles of a person. Default `roles`; for Cognito `cognito:groups`.
    pub roles_claim: String,
    /// How PSAs may be called. `PSA_ALLOWED_ORIGINS` lists origins that are exempt from the rules about addresses,
    /// separated by commas; for a sandbox only, empty by default.
    pub psa: HttpPolicy,
}

/// A variable that is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// It cannot be understood.
    #[error("environment variable {0} is not valid: {1}")]
    Invalid(&'static str, String),
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let required = |name| env::var(name).map_err(|_| ConfigError::Missing(name));
        Ok(Self {
            records_table: required("RECORDS_TABLE")?,
            imports_table: required("IMPORTS_TABLE")?,
            secret_prefix: env::var("SECRET_PREFIX").unwrap_or_else(|_| "psa-import/".to_owned()),
            roles_claim: env::var("ROLES_CLAIM").unwrap_or_else(|_| "roles".to_owned()),
            psa: HttpPolicy {
                allowed_origins: allowed_origins()?,
                ..HttpPolicy::default()
            },
        })
    }
}

fn allowed_origins() -> Result<Vec<Origin>, ConfigError> {
    const NAME: &str = "PSA_ALLOWED_ORIGINS";
    let listed = env::var(NAME).unwrap_or_default();
    let origins = listed.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            origin
                .parse()
                .map_err(|_| ConfigError::Invalid(NAME, origin.to_owned()))
        })
        .collect()
}
