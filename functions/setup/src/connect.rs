//! Connecting a PSA: its credentials are complete, are proved to read it, and lead to the integration's tenant before they are stored
//! (R5, R51, R52).

use std::sync::Arc;

use api::{Api, Caller, admit_psa_call};
use domain::audit::{AuditAction, Entry};
use domain::ids::{IntegrationId, SecretId};
use domain::integration::{Integration, RemovedIntegration};
use domain::problem::{Limited, Mistake, Problem};
use domain::psa::PsaKind;
use lambda::{Services, psa_failed};
use psa::{Credentials, LoginCompany, Psa, SubmittedCredentials, Vendor};

/// Stores a new integration, once its credentials are proved.
pub async fn add(
    services: &Services,
    caller: &Caller,
    integration: Integration,
    credentials: &Credentials,
) -> Api<Integration> {
    check_number(services, caller).await?;
    let psa = prove(services, caller, &integration, credentials).await?;
    let tenant = psa.fingerprint().await.map_err(psa_failed(&integration))?;
    let system = psa.system().await.map_err(psa_failed(&integration))?;
    let integration = Integration {
        tenant: Some(tenant),
        system: Some(system),
        ..integration
    };
    store_new_secret(services, caller, &integration.secret, credentials).await?;
    let tenant = services.tenant(&caller.msp);
    tenant.add_integration(&integration, &caller.person).await?;
    Ok(integration)
}

/// Refuses one integration more than an MSP may have (R65). Simultaneous calls may each find room for the last one: the rate of calls
/// that reach a PSA limits how many those are.
async fn check_number(services: &Services, caller: &Caller) -> Api<()> {
    let integrations = services.tenant(&caller.msp).integrations().await?;
    let there_are = integrations.items.len() as u64 + integrations.unreadable;
    Ok(Limited::Integrations.check(there_are + 1)?)
}

/// Puts a removed integration back with a new connection, once this is proved to lead to the same tenant.
async fn put_back(
    services: &Services,
    caller: &Caller,
    new: Integration,
    removed: &RemovedIntegration,
    credentials: &Credentials,
) -> Api<Integration> {
    check_number(services, caller).await?;
    let before = removed.integration.clone();
    let changed = Integration {
        name: new.name,
        address: new.address,
        company_id: new.company_id,
        secret: new.secret,
        version: before.version + 1,
        paused: false,
        ..before
    };
    let psa = prove(services, caller, &changed, credentials).await?;
    let fingerprint = services.prove_tenant(&caller.msp, &changed, psa.as_ref()).await?;
    let system = psa.system().await.map_err(psa_failed(&changed))?;
    let integration = Integration {
        tenant: Some(fingerprint),
        system: Some(system),
        ..changed
    };
    store_new_secret(services, caller, &integration.secret, credentials).await?;
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    let adopted = tenant.adopt_integration(removed, &integration, &caller.person, now);
    if adopted.await? {
        Ok(integration)
    } else {
        Err(not_removed().into())
    }
}

/// Takes over what a removed integration has left. Repeated, since its answer was lost, it stores the credentials once more.
pub async fn adopt(
    services: &Services,
    caller: &Caller,
    (new, id): (Integration, &IntegrationId),
    credentials: &Credentials,
) -> Api<Integration> {
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    let removed = tenant.removed(id).await?;
    let removed = removed.filter(|removed| removed.integration.kind == new.kind && removed.kept_until() > now);
    if let Some(removed) = removed {
        return put_back(services, caller, new, &removed, credentials).await;
    }
    let adopted = tenant
        .integration(id)
        .await?
        .filter(|adopted| is_connected_alike(adopted, &new));
    let adopted = adopted.ok_or_else(not_removed)?;
    let psa = prove(services, caller, &adopted, credentials).await?;
    services.prove_tenant(&caller.msp, &adopted, psa.as_ref()).await?;
    let again = Integration {
        secret: new.secret,
        version: adopted.version + 1,
        ..adopted.clone()
    };
    store_new_secret(services, caller, &again.secret, credentials).await?;
    if store(services, caller, (&adopted, &again), AuditAction::CredentialsReplaced).await? {
        Ok(again)
    } else {
        Err(not_removed().into())
    }
}

fn is_connected_alike(one: &Integration, other: &Integration) -> bool {
    let connection = |of: &Integration| (of.kind, of.name.clone(), of.address.clone(), of.company_id.clone());
    connection(one) == connection(other)
}

fn not_removed() -> Problem {
    Problem::invalid("/adopt", Mistake::NotRemoved)
}

/// The credentials, with every field that the PSA needs; nothing is asked of the PSA before that.
pub fn complete(
    vendor: &Vendor,
    submitted: &SubmittedCredentials,
    company_id: Option<&str>,
) -> Result<Credentials, Problem> {
    check_login_company(vendor, company_id)?;
    if let Some(field) = submitted.foreign_to(vendor.credential_fields) {
        let mistake = Mistake::ForeignCredential(vendor.product);
        return Err(Problem::invalid(format!("/credentials/{field}"), mistake));
    }
    let complete = submitted.complete(vendor.credential_fields);
    complete.map_err(|error| missing(error.field))
}

/// Checks the login company that an integration is to have.
pub fn check_company_id(services: &Services, integration: &Integration) -> Result<(), Problem> {
    let vendor = services
        .connector
        .vendor(integration.kind)
        .ok_or(Problem::NewerVersion)?;
    check_login_company(vendor, integration.company_id.as_deref())
}

fn check_login_company(vendor: &Vendor, company_id: Option<&str>) -> Result<(), Problem> {
    let company_id = company_id.map_or("", str::trim);
    match vendor.login_company {
        Some(_) if company_id.is_empty() => Err(missing("companyId")),
        Some(LoginCompany { fits, mistake }) if !fits(company_id) => Err(Problem::invalid("/companyId", mistake)),
        None if !company_id.is_empty() => {
            let all = PsaKind::ALL.map(psa::vendor).into_iter();
            let takers = all.filter(|of| of.login_company.is_some()).map(|of| of.product);
            let takers: Vec<&str> = takers.collect();
            Err(Problem::invalid("/companyId", Mistake::OnlyFor(&takers)))
        }
        Some(_) | None => Ok(()),
    }
}

fn missing(field: &str) -> Problem {
    Problem::CredentialsRequired {
        field: Some(field.to_owned()),
    }
}

/// Reads one company and one contact with the credentials.
pub async fn prove(
    services: &Services,
    caller: &Caller,
    integration: &Integration,
    credentials: &Credentials,
) -> Api<Arc<dyn Psa>> {
    let deadline = admit_psa_call(services, &caller.msp).await?;
    let psa = services.connect(integration, credentials, deadline)?;
    psa.check().await.map_err(psa_failed(integration))?;
    Ok(psa)
}

/// Stores credentials under a new name. The caller stores the integration with that name afterwards. So no integration ever has a
/// connection and credentials that were not proved together. The name is written before the credentials: if the integration is never
/// stored, the sweeper finds the credentials by their name and deletes them.
pub async fn store_new_secret(
    services: &Services,
    caller: &Caller,
    secret: &SecretId,
    credentials: &Credentials,
) -> Api<()> {
    let tenant = services.tenant(&caller.msp);
    tenant.expect_secret(secret, services.clock.now()).await?;
    let credentials = credentials.to_secret_json();
    Ok(services.secrets.create(&caller.msp, secret, &credentials).await?)
}

/// Stores what an administrator has changed of an integration; `false` if it is not the version `before` any more.
pub async fn store(
    services: &Services,
    caller: &Caller,
    (before, after): (&Integration, &Integration),
    action: AuditAction,
) -> Api<bool> {
    let entry = Entry {
        at: services.clock.now(),
        by: caller.person.clone(),
        import: None,
        action,
    };
    let (tenant, what) = (services.tenant(&caller.msp), services.ids.next());
    Ok(tenant.edit_integration(before, after, &entry, &what).await?)
}
