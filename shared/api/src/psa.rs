//! Reading a PSA while a caller waits.

use std::time::{Duration, Instant};

use domain::filter::Attribute;
use domain::ids::MspId;
use domain::integration::Integration;
use lambda::{Services, psa_failed};

use crate::Api;

/// How long a call may read the PSA: API Gateway waits 30 seconds.
const PSA_TIME_LIMIT: Duration = Duration::from_secs(20);

/// The moment by which a call that begins now must have read the PSA.
pub fn psa_deadline() -> Instant {
    Instant::now() + PSA_TIME_LIMIT
}

/// The attributes of an integration's PSA.
pub async fn read_attributes(services: &Services, msp: &MspId, integration: &Integration) -> Api<Vec<Attribute>> {
    let psa = services.psa(msp, integration, psa_deadline()).await?;
    Ok(psa.attributes().await.map_err(psa_failed(integration))?)
}
