//! Connecting a PSA: its credentials are complete, and are proved to read it before they are stored (R5).

use api::{Api, Caller, admit_psa_call};
use domain::audit::{AuditAction, Entry};
use domain::integration::Integration;
use domain::problem::{Mistake, Problem};
use domain::psa::PsaKind;
use lambda::{Services, psa_failed};
use psa::{Credentials, LoginCompany, SubmittedCredentials, Vendor};

/// Stores a new integration, once its credentials are proved.
pub async fn add(
    services: &Services,
    caller: &Caller,
    integration: &Integration,
    credentials: &Credentials,
) -> Api<()> {
    // The secret first: an integration is never stored without its credentials.
    store_credentials(services, caller, integration, credentials).await?;
    let tenant = services.tenant(&caller.msp);
    Ok(tenant.add_integration(integration, &caller.person).await?)
}

/// Replaces the credentials of an integration, once the new ones are proved.
pub async fn replace_credentials(
    services: &Services,
    caller: &Caller,
    integration: &Integration,
    credentials: &Credentials,
) -> Api<()> {
    store_credentials(services, caller, integration, credentials).await?;
    let entry = Entry {
        at: services.clock.now(),
        by: caller.person.clone(),
        import: None,
        action: AuditAction::CredentialsReplaced,
    };
    let tenant = services.tenant(&caller.msp);
    Ok(tenant
        .audit_alone(&integration.id, &entry, &services.ids.next())
        .await?)
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

/// Stores the credentials, once one company and one contact are read with them.
async fn store_credentials(
    services: &Services,
    caller: &Caller,
    integration: &Integration,
    credentials: &Credentials,
) -> Api<()> {
    let deadline = admit_psa_call(services, &caller.msp).await?;
    let psa = services.connect(integration, credentials, deadline)?;
    psa.check().await.map_err(psa_failed(integration))?;
    let secret = credentials.to_secret_json();
    Ok(services.secrets.write(&caller.msp, &integration.id, &secret).await?)
}
