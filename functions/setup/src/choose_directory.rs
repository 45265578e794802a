//! Choosing the directory of an MSP (R81): its key is checked with reads before it is stored.

use std::collections::HashSet;
use std::time::Instant;

use api::{Api, Caller, admit_psa_call};
use directory::DirectoryError;
use directory::builtin::BuiltIn;
use domain::directory::{ChosenDirectory, DirectoryKind};
use domain::ids::{IntegrationId, ManagedCompanyId, SecretId};
use domain::problem::{DirectoryFailure, Problem};
use lambda::Services;
use secrecy::SecretString;
use store::chosen_directory::DirectoryChoice;
use store::retry::Attempts;

use crate::changes::noticed;

/// Chooses `LastPass`, or replaces its key.
pub async fn choose_lastpass(services: &Services, caller: &Caller, key: &SecretString) -> Api<ChosenDirectory> {
    // Check the lock before calling LastPass, so that a refused call answers at once.
    refuse_while_locked(services, caller).await?;
    // A directory that is another system is called as a PSA is: as often, and no longer.
    let deadline = admit_psa_call(services, &caller.msp).await?;
    let kind = DirectoryKind::LastPass;
    let listed = listed(services, key, deadline).await?;
    if is_another_account(&mapped(services, caller, kind).await?, &listed) {
        return Err(Problem::Directory(DirectoryFailure::OtherAccount).into());
    }
    let secret = SecretId::new(services.ids.next());
    // Named before it is made: should this be the last thing that happens, the sweeper deletes it.
    let tenant = services.tenant(&caller.msp);
    tenant.expect_secret(&secret, services.clock.now()).await?;
    services.secrets.create(&caller.msp, &secret, key).await?;
    choose(services, caller, (kind, Some(&secret))).await
}

/// The managed companies that `LastPass` lists under a key: all of them, since a list cut short would look like another account's.
async fn listed(services: &Services, key: &SecretString, deadline: Instant) -> Api<HashSet<ManagedCompanyId>> {
    let unlike_a_key = |_| Problem::Directory(DirectoryFailure::Unauthorized);
    let lastpass = services.lastpass(key, deadline).map_err(unlike_a_key)?;
    let listed = lastpass.companies().await.map_err(DirectoryError::from);
    let listed = listed.map_err(|error| Problem::Directory(error.failure()))?;
    Ok(listed.into_iter().map(|company| company.id).collect())
}

/// Goes back to the built-in directory. The mappings to the other one rest.
pub async fn choose_built_in(services: &Services, caller: &Caller) -> Api<ChosenDirectory> {
    choose(services, caller, (DirectoryKind::BuiltIn, None)).await
}

/// Stores a choice; its key was checked. No plan is kept that was computed before.
async fn choose(
    services: &Services,
    caller: &Caller,
    chosen: (DirectoryKind, Option<&SecretId>),
) -> Api<ChosenDirectory> {
    let directory = BuiltIn::new(services.tenant(&caller.msp));
    let stored = async { Ok::<_, DirectoryError>(store(services, caller, chosen).await) };
    noticed(services, &directory, stored).await?
}

async fn store(
    services: &Services,
    caller: &Caller,
    (kind, secret): (DirectoryKind, Option<&SecretId>),
) -> Api<ChosenDirectory> {
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    let mut attempts = Attempts::at("choice of a directory");
    loop {
        let before = tenant.chosen_directory().await?;
        // Repeated since its answer was lost.
        if before.kind == kind && before.secret.as_ref() == secret {
            return Ok(before);
        }
        let integrations = tenant.integrations().await?.items.into_iter();
        let integrations: Vec<IntegrationId> = integrations.map(|integration| integration.id).collect();
        let choice = tenant.choose_directory(&before, (kind, secret), &integrations, &caller.person, now);
        match choice.await? {
            DirectoryChoice::Stored => return Ok(tenant.chosen_directory().await?),
            DirectoryChoice::Locked(holder) => return Err(Problem::IntegrationLocked(holder).into()),
            DirectoryChoice::Overtaken => attempts.again().await?,
        }
    }
}

/// An import that is under way rests on the directory that it began with.
async fn refuse_while_locked(services: &Services, caller: &Caller) -> Api<()> {
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    for integration in tenant.integrations().await?.items {
        if let Some(holder) = tenant.holder(&integration.id, now).await? {
            return Err(Problem::IntegrationLocked(holder).into());
        }
    }
    Ok(())
}

/// The companies of this directory that the MSP's integrations are mapped to.
async fn mapped(services: &Services, caller: &Caller, kind: DirectoryKind) -> Api<HashSet<ManagedCompanyId>> {
    let tenant = services.tenant(&caller.msp);
    let mut mapped = HashSet::new();
    for integration in tenant.integrations().await?.items {
        let mappings = tenant.company_mappings(&integration.id).await?;
        let companies = mappings.into_values().map(|mapping| mapping.managed);
        mapped.extend(companies.filter(|company| DirectoryKind::of(company) == kind));
    }
    Ok(mapped)
}

/// Whether fewer than half of the mapped companies are listed. Where nothing is mapped, nothing can tell.
fn is_another_account(mapped: &HashSet<ManagedCompanyId>, listed: &HashSet<ManagedCompanyId>) -> bool {
    let found = mapped.intersection(listed).count();
    found * 2 < mapped.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn companies(ids: std::ops::Range<u32>) -> HashSet<ManagedCompanyId> {
        ids.map(|id| ManagedCompanyId::new(format!("lastpass-{id}"))).collect()
    }

    #[test]
    fn r81_a_key_that_lists_fewer_than_half_of_the_mapped_companies_is_another_accounts() {
        let mapped = companies(0..4);
        assert!(is_another_account(&mapped, &companies(3..99)));
        assert!(is_another_account(&mapped, &HashSet::new()));
        assert!(!is_another_account(&mapped, &companies(2..99)));
        assert!(
            !is_another_account(&HashSet::new(), &HashSet::new()),
            "nothing is mapped yet"
        );
    }

    #[test]
    fn r81_a_mapping_tells_its_directory_by_the_id_of_its_company() {
        assert_eq!(
            DirectoryKind::of(&ManagedCompanyId::new("lastpass-7")),
            DirectoryKind::LastPass
        );
        assert_eq!(DirectoryKind::of(&ManagedCompanyId::new("c-7")), DirectoryKind::BuiltIn);
    }
}
