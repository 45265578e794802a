//! Which of Autotask's zones a tenant is in. Tenants move, so a zone is never kept for longer than a run.

use domain::language::Language;
use domain::psa::PsaFailureKind::PsaInvalidResponse;
use domain::psa::{PsaFailure, PsaKind};
use reqwest::header::HeaderMap;

use super::wire::ZoneInformation;
use super::{API, Autotask};
use crate::http::address::PsaUrl;
use crate::http::session::Endpoint;
use crate::http::verdict::{Again, Place, Verdict};

static ZONE_INFORMATION: Endpoint = Endpoint {
    name: "GET /zoneInformation",
    right: "",
};

impl Autotask {
    /// Asks where the API user's zone is, which takes no credentials. Only the host of the answer is used, and only if credentials
    /// may go there.
    pub(super) async fn discover(&self) -> Result<PsaUrl, PsaFailure> {
        let mut url = self.url.path(&[&API, &["zoneInformation"][..]].concat());
        url.query_pairs_mut().append_pair("user", self.user());
        let call = self.request(&ZONE_INFORMATION, url, HeaderMap::new(), Place::Discovery);
        let zone: ZoneInformation = self.session.call(&call).await?.value;
        PsaUrl::parse(PsaKind::Autotask, &zone.url, self.session.policy()).map_err(|refused| {
            let verdict = Verdict {
                kind: PsaInvalidResponse,
                again: Again::Never,
                reason: "the zone is not where credentials may go: ",
            };
            ZONE_INFORMATION.failure(verdict, refused.text(Language::English))
        })
    }
}
