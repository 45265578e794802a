//! Imports that a schedule or an event starts, as the integration's own principal (R48, R49).

use domain::ids::ImportId;
use domain::import::{Import, Person};
use domain::problem::{Mistake, Problem};
use lambda::metrics::{Metric, count};
use lambda::{Services, Trigger, Triggered};
use store::imports::Started;
use tracing::{info, warn};

use crate::start::begin;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// `Err` only if redelivery can help: our own faults. A PSA that does not answer is waited for by the worker (R63).
pub(crate) async fn start(services: Services, trigger: Trigger) -> Result<Triggered, Error> {
    if trigger.token.as_str().is_empty() {
        return Ok(refused(&Problem::invalid("/token", Mistake::NoToken)));
    }
    let tenant = services.tenant(&trigger.msp);
    let Some(integration) = tenant.integration(&trigger.integration).await? else {
        return Ok(refused(&Problem::IntegrationNotFound));
    };
    let mut import = Import::new(
        ImportId::new(services.ids.next()),
        trigger.msp,
        trigger.integration,
        integration.policy.filter.clone(),
        Person::principal(&integration.id, &integration.name),
        services.clock.now(),
    );
    import.unattended = true;
    match begin(&services, &integration, &import, Some(&trigger.token)).await {
        Ok(Started::Running) => {
            info!(import = %import.id, "an unattended import begins");
            Ok(Triggered::Started { import: import.id })
        }
        Ok(Started::Already(import)) => Ok(Triggered::Already { import }),
        Ok(Started::Locked(holder)) => Ok(refused(&Problem::IntegrationLocked(holder))),
        Err(error) if *error.problem == Problem::Internal => Err(error.into()),
        Err(error) => Ok(refused(&error.problem)),
    }
}

fn refused(problem: &Problem) -> Triggered {
    let code = problem.code().as_str();
    count(Metric::ImportsRefused, 1);
    warn!(code, "an unattended import was refused");
    Triggered::Refused { code }
}
