//! The `DynamoDB` behind the proxy.

use url::Url;

use crate::{Error, sdk};

/// Where requests go in the end, and whose they are there.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    pub url: String,
    pub access_key: String,
    /// Whether it is the engine in this process.
    pub is_embedded: bool,
}

impl Upstream {
    pub fn embedded(url: String) -> Self {
        let access_key = sdk::ACCESS_KEY.to_owned();
        Self {
            url,
            access_key,
            is_embedded: true,
        }
    }

    /// The proxy changes the requests, so their signatures no longer fit: AWS itself would refuse every one of them.
    pub fn remote(url: &Url) -> Result<Self, Error> {
        if url.scheme() != "http" {
            return Err(Error::DynamoDb(format!(
                "{url}: only plain HTTP, for the requests are changed on their way and not signed again"
            )));
        }
        let access_key = match url.username() {
            "" => sdk::ACCESS_KEY,
            access_key => access_key,
        };
        let access_key = access_key.to_owned();
        let mut url = url.clone();
        // Neither can fail for an address by http.
        let _ = (url.set_username(""), url.set_password(None));
        let url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            url,
            access_key,
            is_embedded: false,
        })
    }

    pub fn config(&self) -> aws_config::SdkConfig {
        sdk::config_with(&self.url, &self.access_key)
    }

    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config())
    }
}
