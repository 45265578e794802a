//! Connecting a PSA: its credentials are complete, are proved to read it, and lead to the integration's tenant before they are stored
//! (R5, R51).

use std::sync::Arc;

use api::{Api, Caller, admit_psa_call, find_integration};
use domain::audit::{AuditAction, Entry};
use domain::ids::IntegrationId;
use domain::integration::Integration;
use domain::problem::{Mistake, Problem};
use domain::psa::PsaKind;
use lambda::{Services, psa_failed};
use psa::{Credentials, LoginCompany, Psa, SubmittedCredentials, Vendor};
use store::retry::Attempts;

/// Stores a new integration, once its credentials are proved.
pub async fn add(
    services: &Services,
    caller: &Caller,
    integration: Integration,
    credentials: &Credentials,
) -> Api<Integration> {
    let psa = prove(services, caller, &integration, credentials).await?;
    let tenant = psa.fingerprint().await.map_err(psa_failed(&integration))?;
    let integration = Integration {
        tenant: Some(tenant),
        ..integration
    };
    // The secret first: an integration is never stored without its credentials.
    store_secret(services, caller, &integration.id, credentials).await?;
    let tenant = services.tenant(&caller.msp);
    tenant.add_integration(&integration, &caller.person).await?;
    Ok(integration)
}

/// Replaces the credentials of an integration, once the new ones are proved to lead to its tenant.
pub async fn replace_credentials(
    services: &Services,
    caller: &Caller,
    id: &IntegrationId,
    submitted: &SubmittedCredentials,
) -> Api<Integration> {
    let tenant = services.tenant(&caller.msp);
    let mut attempts = Attempts::at("credentials");
    loop {
        let before = find_integration(&tenant, id).await?;
        let vendor = services.connector.vendor(before.kind).ok_or(Problem::NewerVersion)?;
        let credentials = complete(vendor, submitted, before.company_id.as_deref())?;
        let psa = prove(services, caller, &before, &credentials).await?;
        let fingerprint = services.prove_tenant(&caller.msp, &before, psa.as_ref()).await?;
        let seen = before.version;
        let after = Integration {
            tenant: Some(fingerprint),
            version: seen + 1,
            ..before
        };
        let entry = Entry {
            at: services.clock.now(),
            by: caller.person.clone(),
            import: None,
            action: AuditAction::CredentialsReplaced,
        };
        // The integration first: its version proves that these credentials were checked with the address that it has.
        if tenant
            .edit_integration(seen, &after, &entry, &services.ids.next())
            .await?
        {
            store_secret(services, caller, id, &credentials).await?;
            return Ok(after);
        }
        attempts.again().await?;
    }
}

/// The credentials, with every field that the PSA needs; nothing is asked of the PSA before that.
pub fn complete(
    vendor: &Vendor,
    submitted: &SubmittedCredentials,
    company_id: Option<&str>,
) -> Result<Credentials, Problem> {
    let missing = |field: &str| Problem::CredentialsRequired {
        field: Some(field.to_owned()),
    };
    let company_id = company_id.map_or("", str::trim);
    match vendor.login_company {
        Some(_) if company_id.is_empty() => return Err(missing("companyId")),
        Some(LoginCompany { fits, mistake }) if !fits(company_id) => {
            return Err(Problem::invalid("/companyId", mistake));
        }
        None if !company_id.is_empty() => {
            let all = PsaKind::ALL.map(psa::vendor).into_iter();
            let takers = all.filter(|of| of.login_company.is_some()).map(|of| of.product);
            let takers: Vec<&str> = takers.collect();
            return Err(Problem::invalid("/companyId", Mistake::OnlyFor(&takers)));
        }
        Some(_) | None => {}
    }
    if let Some(field) = submitted.foreign_to(vendor.credential_fields) {
        let mistake = Mistake::ForeignCredential(vendor.product);
        return Err(Problem::invalid(format!("/credentials/{field}"), mistake));
    }
    let complete = submitted.complete(vendor.credential_fields);
    complete.map_err(|error| missing(error.field))
}

/// Reads one company and one contact with the credentials.
async fn prove(
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

async fn store_secret(services: &Services, caller: &Caller, id: &IntegrationId, credentials: &Credentials) -> Api<()> {
    let secret = credentials.to_secret_json();
    Ok(services.secrets.write(&caller.msp, id, &secret).await?)
}
