//! Which of Autotask's zones a tenant is in. Tenants move, so a zone is never kept for longer than a run.

use bytes::Bytes;
use domain::ids::TenantFingerprint;
use http_client::header::HeaderMap;
use http_client::{
    BaseUrl, Call, Classification, Deployment, Endpoint, FailureKind, Gate, RetryAdvice, RetryScope, Session,
};

use super::address;
use super::rules::RULES;
use super::wire::ZoneInformation;
use crate::failure::{Failed, failure};
use crate::text::present;

/// The folder of the API, in every zone.
pub(super) const API: [&str; 2] = ["ATServicesRest", "v1.0"];

static ZONE_INFORMATION: Endpoint = Endpoint::get("/zoneInformation", "");

/// Where a tenant is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) url: BaseUrl,
    pub(super) name: Option<String>,
    /// The number of the tenant, which is the same in every zone.
    pub(super) tenant: TenantFingerprint,
}

/// Asks where the API user's zone is, which takes no credentials. Only the host of the answer is used, and only if credentials
/// may go there.
pub(super) async fn discover(session: &Session, url: &BaseUrl, user: &str, gate: &Gate) -> Result<Zone, Failed> {
    let mut url = url.path(&[&API, &["zoneInformation"][..]].concat());
    url.query_pairs_mut().append_pair("user", user);
    let call = Call {
        endpoint: &ZONE_INFORMATION,
        url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        retry: RetryScope::Faults,
        deployment: Deployment::Discovery,
        rules: &RULES,
        gate,
    };
    let zone: ZoneInformation = session.call(&call).await.map_err(Failed::of_no_record)?.value;
    let url = BaseUrl::parse(&address::RULES, &zone.url, session.policy()).map_err(|refused| {
        let elsewhere = Classification {
            kind: FailureKind::InvalidResponse,
            advice: RetryAdvice::Never,
            reason: "the zone is not where credentials may go: ",
        };
        failure(&ZONE_INFORMATION, elsewhere, &refused.to_string())
    })?;
    Ok(Zone {
        url,
        name: present(zone.zone_name),
        tenant: TenantFingerprint::new(zone.ci.to_string()),
    })
}
