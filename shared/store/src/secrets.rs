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

    /// Stores the credentials of an integration, replacing those there are; `false` if they are being deleted.
    pub async fn write(&self, msp: &MspId, secret: &SecretId, credentials: &SecretString) -> Result<bool, StoreError> {
        let name = self.name(msp, secret);
        let created = self
            .client
            .create_secret()
            .name(&name)
            .secret_string(credentials.expose_secret())
            .send()
            .await;
        match created {
            Ok(_) => return Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_invalid_request_exception() => return Ok(false),
            Err(SdkError::ServiceError(error)) if error.err().is_resource_exists_exception() => {}
            Err(error) => return Err(StoreError::sdk("CreateSecret", error)),
        }
        let put = self
            .client
            .put_secret_value()
            .secret_id(&name)
            .secret_string(credentials.expose_secret())
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_invalid_request_exception() => Ok(false),
            Err(error) => Err(StoreError::sdk("PutSecretValue", error)),
        }
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
