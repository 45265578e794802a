//! Where the API of a login company is: `GET /login/companyinfo/{companyId}`, which takes no credentials.

use bytes::Bytes;
use domain::name::NameKey;
use domain::psa::PsaFailure;
use http_client::FailureKind::{self, InvalidResponse, Unauthorized};
use http_client::header::HeaderMap;
use http_client::{BaseUrl, Call, Classification, Deployment, Endpoint, Gate, RetryAdvice, RetryScope, Session};

use super::address::is_cloud;
use super::rules::RULES;
use super::wire::CompanyInfo;
use crate::failure::{Failed, failure};
use crate::flag::Flag;
use crate::text::present;

static COMPANY_INFO: Endpoint = Endpoint::get("/login/companyinfo", "");

/// Works everywhere, and is the only one outside the cloud.
const UNVERSIONED: &str = "v4_6_release/";

/// The first release whose companies and contacts have all that is read here: before it, their types were another field, or none, so
/// that a filter by type would find nothing and not say so.
const FIRST_RELEASE: Release = (2020, 4);

/// Year and number.
type Release = (u16, u16);

/// What a login company's server says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct System {
    /// The folder that the API is in.
    pub(super) codebase: String,
    pub(super) cloud: bool,
    /// The release.
    pub(super) version: Option<String>,
    /// The name of the MSP, by which its own company is known.
    pub(super) msp: Option<NameKey>,
}

/// Finds the codebase. Whatever else the answer says about addresses is not followed: credentials go to the host that was entered and
/// to no other.
pub(super) async fn discover(
    session: &Session,
    url: &BaseUrl,
    company_id: &str,
    gate: &Gate,
) -> Result<System, Failed> {
    let call = Call {
        endpoint: &COMPANY_INFO,
        url: url.path(&["login", "companyinfo", company_id]),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        retry: RetryScope::Faults,
        deployment: Deployment::Discovery,
        rules: &RULES,
        gate,
    };
    let info: Option<CompanyInfo> = session.call(&call).await.map_err(Failed::of_no_record)?.value;
    // An unknown company is a 200 with `null`.
    let info = info.ok_or_else(|| refused(Unauthorized, "the company id is unknown at this address", ""))?;
    check_release(&info)?;
    let codebase = codebase(&info.codebase)
        .ok_or_else(|| refused(InvalidResponse, "the codebase is not the name of a folder", ""))?;
    Ok(System {
        cloud: is_cloud(url) || Flag::is_set(info.is_cloud) || info.codebase != UNVERSIONED,
        codebase: codebase.to_owned(),
        version: present(info.version_code),
        msp: info
            .company_name
            .as_deref()
            .map(NameKey::of)
            .filter(|name| !name.as_str().is_empty()),
    })
}

fn refused(kind: FailureKind, reason: &'static str, detail: &str) -> PsaFailure {
    let classification = Classification {
        kind,
        advice: RetryAdvice::Never,
        reason,
    };
    failure(&COMPANY_INFO, classification, detail)
}

/// A server that does not say which release it is may be a new one.
fn check_release(info: &CompanyInfo) -> Result<(), PsaFailure> {
    let told = info.version_code.as_deref().and_then(release);
    match told.or_else(|| release(&info.codebase)) {
        Some(told @ (year, number)) if told < FIRST_RELEASE => {
            let reason = "ConnectWise PSA 2020.4 or later is needed; this server is ";
            Err(refused(InvalidResponse, reason, &format!("{year}.{number}")))
        }
        _ => Ok(()),
    }
}

/// The release of `v2025.1` or `v2025_1/`. `v4_6_release/` is of every one.
fn release(text: &str) -> Option<Release> {
    let mut parts = text
        .trim()
        .trim_start_matches(['v', 'V'])
        .trim_end_matches('/')
        .split(['.', '_']);
    let (year, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (2000..3000).contains(&year).then_some((year, number))
}

/// `v…/`, which cannot lead to another host or folder.
fn codebase(text: &str) -> Option<&str> {
    let name = text.strip_prefix('v')?.strip_suffix('/')?;
    let plain = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then(|| text.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use domain::psa::PsaFailureKind;

    use super::*;

    #[test]
    fn a_release_is_told_in_two_ways_or_not_at_all() {
        for (text, told) in [
            ("v2025.1", Some((2025, 1))),
            ("v2017_3/", Some((2017, 3))),
            (" V2020.4.12345 ", Some((2020, 4))),
            ("2019.5", Some((2019, 5))),
            ("v4_6_release/", None),
            ("v4.6.104532", None),
            ("v2019", None),
            ("v2019.x", None),
            ("v99999.1", None),
            ("", None),
        ] {
            assert_eq!(release(text), told, "{text}");
        }
    }

    #[test]
    fn a_release_that_is_too_old_is_refused_by_its_name() {
        let check = |codebase: &str, version: Option<&str>| {
            check_release(&CompanyInfo {
                company_name: None,
                codebase: codebase.to_owned(),
                is_cloud: None,
                version_code: version.map(str::to_owned),
            })
        };
        for (codebase, version, refused) in [
            ("v4_6_release/", Some("v2020.3"), Some("2020.3")),
            ("v4_6_release/", Some("v2019.5"), Some("2019.5")),
            ("v2018_6/", None, Some("2018.6")),
            ("v2018_6/", Some("v4.6.release"), Some("2018.6")),
            ("v4_6_release/", Some("v2020.4"), None),
            ("v2021_1/", None, None),
            ("v4_6_release/", None, None),
            ("v4_6_release/", Some("new"), None),
        ] {
            let failure = check(codebase, version).err();
            assert_eq!(failure.is_some(), refused.is_some(), "{codebase} {version:?}");
            if let (Some(failure), Some(release)) = (failure, refused) {
                assert_eq!(
                    (failure.kind, failure.retryable),
                    (PsaFailureKind::PsaInvalidResponse, false)
                );
                assert!(
                    failure
                        .reason
                        .ends_with(&format!("2020.4 or later is needed; this server is {release}"))
                );
            }
        }
    }

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
