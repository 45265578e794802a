//! Configurations for clients of the stand-ins.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;

/// The region the stand-ins pretend to be in.
pub const REGION: &str = "eu-west-1";

/// The account the stand-ins pretend to be of.
pub(crate) const ACCOUNT: &str = "000000000000";

/// The access key id of everybody who is not told another.
pub(crate) const ACCESS_KEY: &str = "sandbox";

/// By default the SDK waits for an answer for ever.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(20);

/// Configuration for the SDK's clients of a stand-in at this origin, with credentials that open nothing elsewhere.
///
/// Its HTTP client speaks plain HTTP only: reading the system's certificates would be most of a client's start-up.
pub fn config(url: &str) -> SdkConfig {
    config_with(url, ACCESS_KEY)
}

/// As [`config`], with another access key id.
pub(crate) fn config_with(url: &str, access_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, "sandbox", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Builder::new().build_http())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_LIMIT)
                .build(),
        )
        .build()
}

/// As [`config`], for the client of a function, whose role is held to what the template allows.
pub fn config_of(url: &str, function: &str) -> SdkConfig {
    let mut config = config(url).into_builder();
    // A name that cannot stand in a header would not be a logical id either.
    config.set_app_name(AppName::new(function.to_owned()).ok());
    config.build()
}
