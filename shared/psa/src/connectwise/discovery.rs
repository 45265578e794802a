//! Where the API of a login company is: `GET /login/companyinfo/{companyId}`, which takes no credentials.

use domain::name::NameKey;
use domain::psa::PsaFailure;
use domain::psa::PsaFailureKind::{PsaInvalidResponse, PsaUnauthorized};
use reqwest::header::HeaderMap;

use super::Connectwise;
use super::wire::CompanyInfo;
use crate::flag::Flag;
use crate::http::session::Endpoint;
use crate::http::verdict::{Again, Place, Verdict};

static COMPANY_INFO: Endpoint = Endpoint {
    name: "GET /login/companyinfo",
    right: "",
};

/// Works everywhere, and is the only one outside the cloud.
const UNVERSIONED: &str = "v4_6_release/";

/// What a login company's server says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct System {
    /// The folder that the API is in.
    pub(super) codebase: String,
    pub(super) cloud: bool,
    /// The name of the MSP, by which its own company is known.
    pub(super) msp: Option<NameKey>,
}

impl Connectwise {
    /// Finds the codebase. Whatever else the answer says about addresses is not followed: credentials go to the host that was
    /// entered and to no other.
    pub(super) async fn discover(&self) -> Result<System, PsaFailure> {
        let url = self.url.path(&["login", "companyinfo", &self.company_id]);
        let call = self.request(&COMPANY_INFO, url, HeaderMap::new(), Place::Discovery);
        let info: Option<CompanyInfo> = self.session.call(&call).await?.value;
        // An unknown company is a 200 with `null`.
        let info = info.ok_or_else(|| refused(PsaUnauthorized, "the company id is unknown at this address"))?;
        let codebase = codebase(&info.codebase).ok_or_else(|| refused(PsaInvalidResponse, "the codebase is none"))?;
        Ok(System {
            cloud: self.url.is_connectwise_cloud() || Flag::is_set(info.is_cloud) || info.codebase != UNVERSIONED,
            codebase: codebase.to_owned(),
            msp: info
                .company_name
                .as_deref()
                .map(NameKey::of)
                .filter(|name| !name.as_str().is_empty()),
        })
    }
}

fn refused(kind: domain::psa::PsaFailureKind, reason: &'static str) -> PsaFailure {
    COMPANY_INFO.failure(
        Verdict {
            kind,
            again: Again::Never,
            reason,
        },
        "",
    )
}

/// `v…/`, which cannot lead to another host or folder.
fn codebase(text: &str) -> Option<&str> {
    let name = text.strip_prefix('v')?.strip_suffix('/')?;
    let plain = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then(|| text.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r50_a_codebase_is_one_plain_folder() {
        for text in ["v4_6_release/", "v2025_1/", "v2017_3/"] {
            assert_eq!(codebase(text), text.strip_suffix('/'));
        }
        for text in [
            "", "v", "v/", "/", "v1", "V4_6/", "v1//", "v1/x/", "../v1/", "v1/../", "v1%2f/", "v.1/", "v1@x/", "v1\n/",
        ] {
            assert_eq!(codebase(text), None, "{text:?}");
        }
    }
}
