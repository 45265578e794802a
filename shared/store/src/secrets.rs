//! Credentials of PSAs, in Secrets Manager and nowhere else (R5).

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use domain::ids::{MspId, SecretId};
use secrecy::{ExposeSecret, SecretString};

use crate::StoreError;

/// For how long a deleted secret can be restored.
const RECOVERY_DAYS: i64 = 7;

/// The secrets of all tenants, under one prefix.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
    prefix: String,
}

impl Secrets {
    /// Secrets whose names begin with `prefix`.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self {
            client,
            prefix: prefix.into(),
        }
    }

    /// Opens a connection before anybody waits for one. What is asked for does not exist.
    pub async fn warm(&self) {
        let get = self.client.get_secret_value();
        // If this fails, so will the first call, which says why.
        let _ = get.secret_id(format!("{}nothing", self.prefix)).send().await;
    }

    fn name(&self, msp: &MspId, secret: &SecretId) -> String {
        format!("{}{msp}/{secret}", self.prefix)
    }

    /// The credentials of an integration; `None` if there are none, or somebody has them deleted.
    pub async fn read(&self, msp: &MspId, secret: &SecretId) -> Result<Option<SecretString>, StoreError> {
        match self
            .client
            .get_secret_value()
            .secret_id(self.name(msp, secret))
            .send()
            .await
        {
            Ok(answer) => Ok(answer.secret_string.map(SecretString::from)),
            Err(SdkError::ServiceError(error))
                if error.err().is_resource_not_found_exception() || error.err().is_invalid_request_exception() =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::sdk("GetSecretValue", error)),
        }
    }

    /// Stores credentials under a name that was never used.
    pub async fn create(&self, msp: &MspId, secret: &SecretId, credentials: &SecretString) -> Result<(), StoreError> {
        let create = self.client.create_secret().name(self.name(msp, secret));
        let created = create.secret_string(credentials.expose_secret()).send().await;
        created
            .map(drop)
            .map_err(|error| StoreError::sdk("CreateSecret", error))
    }

    /// Deletes the credentials of an integration. They can be restored by hand for seven days.
    pub async fn delete(&self, msp: &MspId, secret: &SecretId) -> Result<(), StoreError> {
        let delete = self.client.delete_secret().secret_id(self.name(msp, secret));
        match delete.recovery_window_in_days(RECOVERY_DAYS).send().await {
            Ok(_) => Ok(()),
            // Deleted before, or marked for it.
            Err(SdkError::ServiceError(error))
                if error.err().is_resource_not_found_exception() || error.err().is_invalid_request_exception() =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::sdk("DeleteSecret", error)),
        }
    }
}
