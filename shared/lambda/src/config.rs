//! Configuration, read once at start from the environment.

use std::env;

use psa::{HttpPolicy, Origin};
use store::rate::CallRate;

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
    /// `PSA_CALLS_PER_MINUTE` and `PLAN_CALLS_PER_MINUTE`: how many costly calls an MSP may make; 0 sets no limit.
    /// Default 20 and 60.
    pub call_rates: CallRates,
    /// How PSAs may be called. `PSA_ALLOWED_ORIGINS` lists origins that are exempt from the rules about addresses,
    /// separated by commas; for a sandbox only, empty by default.
    pub psa: HttpPolicy,
    /// Where and how LastPass is asked.
    pub lastpass: LastPassConfig,
}

/// Where and how LastPass is asked.
#[derive(Debug, Clone)]
pub struct LastPassConfig {
    /// `LASTPASS_ORIGIN`: where LastPass is instead of at its own address; for a sandbox only, which `PSA_ALLOWED_ORIGINS` exempts.
    pub origin: Option<String>,
    /// `LASTPASS_REQUESTS_PER_SECOND`: how many requests a process begins in a second; 0 sets no limit. Default 5.
    pub per_second: u32,
}

impl Default for LastPassConfig {
    fn default() -> Self {
        Self {
            origin: None,
            per_second: 5,
        }
    }
}

/// How many calls of each kind an MSP may make (R65), so that it cannot take what all MSPs share: Lambda environments and processors.
#[derive(Debug, Clone, Copy)]
pub struct CallRates {
    /// Calls that read a PSA. Each may hold an environment for 20 seconds if the PSA does not answer.
    pub psa: CallRate,
    /// Calls that compute a plan.
    pub plan: CallRate,
}

impl CallRates {
    /// So many calls a minute.
    pub const fn per_minute(psa: u32, plan: u32) -> Self {
        Self {
            psa: CallRate {
                kind: "psa",
                per_minute: psa,
            },
            plan: CallRate {
                kind: "plan",
                per_minute: plan,
            },
        }
    }
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
            call_rates: CallRates::per_minute(rate("PSA_CALLS_PER_MINUTE", 20)?, rate("PLAN_CALLS_PER_MINUTE", 60)?),
            psa: HttpPolicy {
                allowed_origins: allowed_origins()?,
                ..HttpPolicy::default()
            },
            lastpass: LastPassConfig {
                origin: env::var("LASTPASS_ORIGIN").ok().filter(|origin| !origin.is_empty()),
                per_second: rate("LASTPASS_REQUESTS_PER_SECOND", 5)?,
            },
        })
    }
}

fn rate(name: &'static str, default: u32) -> Result<u32, ConfigError> {
    let Ok(text) = env::var(name) else { return Ok(default) };
    text.parse().map_err(|_| ConfigError::Invalid(name, text))
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
