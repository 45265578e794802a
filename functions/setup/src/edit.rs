//! Changing an integration: its name, its connection, whether it is paused (R51, R52).

use std::sync::Arc;

use api::{Api, Caller, admit_psa_call, find_integration};
use domain::audit::{AuditAction, Connection};
use domain::ids::{IntegrationId, SecretId};
use domain::integration::Integration;
use domain::problem::Problem;
use lambda::{Services, psa_failed};
use psa::{Psa, SubmittedCredentials};
use store::retry::Attempts;

use crate::connect;

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// What the administrators call it.
    pub name: Option<String>,
    /// Where the PSA is.
    pub address: Option<String>,
    /// The login company.
    pub company_id: Option<String>,
    /// Whether schedules and events start no imports.
    pub paused: Option<bool>,
}

impl Edit {
    fn applied(&self, before: &Integration) -> Integration {
        let mut after = before.clone();
        after.name = self.name.clone().unwrap_or(after.name);
        after.address = self.address.clone().unwrap_or(after.address);
        after.company_id = self.company_id.clone().or(after.company_id);
        after.paused = self.paused.unwrap_or(after.paused);
        after.version += 1;
        after
    }
}

/// Changes an integration of which the caller has seen this version. Another address or login company is proved with the stored
/// credentials first.
pub async fn edit(
    services: &Services,
    caller: &Caller,
    id: &IntegrationId,
    seen: u64,
    edit: &Edit,
) -> Api<Integration> {
    let tenant = services.tenant(&caller.msp);
    let before = find_integration(&tenant, id).await?;
    if before.version != seen {
        return Err(Problem::DecisionConflict {
            version: before.version,
        }
        .into());
    }
    let mut after = edit.applied(&before);
    if (&after.address, &after.company_id) != (&before.address, &before.company_id) {
        connect::check_company_id(services, &after)?;
        let deadline = admit_psa_call(services, &caller.msp).await?;
        let psa = services.open_psa(&caller.msp, &after, deadline).await?;
        psa.check().await.map_err(psa_failed(&after))?;
        after.tenant = Some(services.prove_tenant(&caller.msp, &after, psa.as_ref()).await?);
        after.system = Some(psa.system().await.map_err(psa_failed(&after))?);
    }
    let action = AuditAction::IntegrationChanged {
        before: Connection::from(&before),
        after: Connection::from(&after),
    };
    if connect::store(services, caller, (&before, &after), action).await? {
        return Ok(after);
    }
    let version = find_integration(&tenant, id).await?.version;
    Err(Problem::DecisionConflict { version }.into())
}

/// Replaces the credentials of an integration, and address and login company with them, once they are proved to lead to its tenant.
pub async fn replace_credentials(
    services: &Services,
    caller: &Caller,
    id: &IntegrationId,
    (submitted, edit): (&SubmittedCredentials, &Edit),
) -> Api<Integration> {
    let tenant = services.tenant(&caller.msp);
    let mut attempts = Attempts::at("credentials");
    loop {
        let before = find_integration(&tenant, id).await?;
        let mut after = edit.applied(&before);
        after.secret = SecretId::new(services.ids.next());
        let vendor = services.connector.vendor(after.kind).ok_or(Problem::NewerVersion)?;
        let credentials = connect::complete(vendor, submitted, after.company_id.as_deref())?;
        let psa: Arc<dyn Psa> = connect::prove(services, caller, &after, &credentials).await?;
        after.tenant = Some(services.prove_tenant(&caller.msp, &after, psa.as_ref()).await?);
        after.system = Some(psa.system().await.map_err(psa_failed(&after))?);
        let (from, to) = (Connection::from(&before), Connection::from(&after));
        let action = if from == to {
            AuditAction::CredentialsReplaced
        } else {
            AuditAction::ConnectionReplaced {
                before: from,
                after: to,
            }
        };
        connect::store_new_secret(services, caller, &after.secret, &credentials).await?;
        if connect::store(services, caller, (&before, &after), action).await? {
            return Ok(after);
        }
        attempts.again().await?;
    }
}
