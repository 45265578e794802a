//! Imports that a schedule or an event starts, as the integration's own principal (R48, R49).

use domain::ids::ImportId;
use domain::import::{Import, Person};
use domain::problem::{Code, Mistake, Problem};
use domain::published::PublishedEvent;
use lambda::metrics::{Mishap, count_mishap};
use lambda::{Services, Trigger, Triggered};
use store::imports::Started;
use tracing::{info, warn};

use crate::start::begin;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// `Err` only if redelivery can help: faults of our own. The PSA is asked nothing here; the import itself waits for it.
pub(crate) async fn start(services: Services, trigger: Trigger) -> Result<Triggered, Error> {
    // Without an occasion a redelivery could not be told from another refusal.
    if trigger.token.as_str().is_empty() {
        return Ok(refused(Problem::invalid("/token", Mistake::NoToken).code()));
    }
    let problem = match begin_or_refuse(&services, &trigger).await? {
        Ok(triggered) => return Ok(triggered),
        Err(problem) => problem,
    };
    let code = problem.code();
    let event = PublishedEvent::refused(
        services.ids.next(),
        trigger.msp.clone(),
        trigger.integration,
        code,
        services.clock.now(),
    );
    // False: the occasion was delivered and refused before, and operators know.
    let _ = services
        .tenant(&trigger.msp)
        .publish_refusal(&trigger.token, &event)
        .await?;
    Ok(refused(code))
}

async fn begin_or_refuse(services: &Services, trigger: &Trigger) -> Result<Result<Triggered, Problem>, Error> {
    let tenant = services.tenant(&trigger.msp);
    let Some(integration) = tenant.integration(&trigger.integration).await? else {
        return Ok(Err(Problem::IntegrationNotFound));
    };
    let mut import = Import::new(
        ImportId::new(services.ids.next()),
        trigger.msp.clone(),
        trigger.integration.clone(),
        integration.policy.filter.clone(),
        Person::principal(&integration.id, &integration.name),
        services.clock.now(),
    );
    import.unattended = true;
    match begin(services, &integration, &import, Some(&trigger.token)).await {
        Ok(Started::Running) => {
            info!(import = %import.id, "an unattended import begins");
            Ok(Ok(Triggered::Started { import: import.id }))
        }
        Ok(Started::Already(import)) => Ok(Ok(Triggered::Already { import })),
        Ok(Started::Paused) => Ok(Err(Problem::IntegrationPaused)),
        Ok(Started::Removed) => Ok(Err(Problem::IntegrationNotFound)),
        Ok(Started::Locked(holder)) => Ok(Err(Problem::IntegrationLocked(holder))),
        Err(error) if *error.problem == Problem::Internal => Err(error.into()),
        Err(error) => Ok(Err(*error.problem)),
    }
}

fn refused(code: Code) -> Triggered {
    count_mishap(Mishap::Refused, code);
    let code = code.as_str();
    warn!(code, "an unattended import was refused");
    Triggered::Refused { code }
}
