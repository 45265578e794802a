//! Calls that are costly to all MSPs: those that read a PSA while a caller waits, and those that compute a plan (R65).

use std::time::{Duration, Instant};

use domain::filter::Attribute;
use domain::ids::MspId;
use domain::integration::Integration;
use domain::problem::Problem;
use lambda::{Services, psa_failed};
use store::rate::{Admission, CallRate};

use crate::Api;

/// How long a call may read the PSA: API Gateway waits 30 seconds.
const PSA_TIME_LIMIT: Duration = Duration::from_secs(20);

/// Admits a call that reads a PSA, until the returned moment. A PSA that never answers holds a Lambda environment until then, so that
/// the rate also limits how many environments one MSP can hold.
pub async fn admit_psa_call(services: &Services, msp: &MspId) -> Api<Instant> {
    admit(services, msp, services.call_rates.psa).await?;
    Ok(Instant::now() + PSA_TIME_LIMIT)
}

/// Admits a call that computes a plan.
pub async fn admit_plan_call(services: &Services, msp: &MspId) -> Api<()> {
    admit(services, msp, services.call_rates.plan).await
}

async fn admit(services: &Services, msp: &MspId, rate: CallRate) -> Api<()> {
    match services.tenant(msp).admit(rate, services.clock.now()).await? {
        Admission::Admitted => Ok(()),
        Admission::Refused { retry_after } => {
            // Whole seconds, rounded up: a caller who waits that long is admitted.
            let retry_after = retry_after.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX);
            Err(Problem::TooManyCalls { retry_after }.into())
        }
    }
}

/// The attributes of an integration's PSA.
pub async fn read_attributes(
    services: &Services,
    msp: &MspId,
    integration: &Integration,
    deadline: Instant,
) -> Api<Vec<Attribute>> {
    let psa = services.psa(msp, integration, deadline).await?;
    Ok(psa.attributes().await.map_err(psa_failed(integration))?)
}
