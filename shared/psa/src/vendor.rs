//! The descriptor of a PSA product: everything that differs between products before the first request.
//!
//! A new product takes a folder here with a constant of [`Vendor`], a variant of `PsaKind` and its place in `PsaKind::ALL`, an arm in
//! `vendors.rs`, and its own names of credentials in `credentials.rs`. What it takes outside of this crate is in `tests/README.md`, under
//! *One change of each kind*.

use std::fmt;
use std::sync::Arc;

use domain::ids::PsaCompanyId;
use domain::problem::{Mistake, UrlRefused};
use domain::psa::{PsaFailure, PsaFailureKind};
use http_client::header::{HeaderMap, HeaderName, HeaderValue};
use http_client::{
    AddressRefused, AddressRules, BaseUrl, Classification, FailureKind, HttpPolicy, RetryAdvice, Session,
};
use secrecy::SecretString;

use crate::credentials::Credentials;
use crate::failure::{failure, not_asked};
use crate::hidden::{Evidence, HiddenRows, Seen};
use crate::port::Psa;

/// One PSA product.
pub struct Vendor {
    /// How items and the API spell it.
    pub id: &'static str,
    /// The product's name as its users know it.
    pub product: &'static str,
    /// The credentials it takes, in the order in which they are asked for, by their names in JSON.
    pub credential_fields: &'static [&'static str],
    /// The login company that it takes besides; `None` if it takes none.
    pub login_company: Option<LoginCompany>,
    /// Where it may be, and where its API is.
    pub address: AddressRules,
    /// What its tenants are recognised by (R51).
    pub fingerprint: FingerprintSource,
    /// The header with the id that it gives a request, in lower case.
    pub request_id: Option<&'static str>,
    /// What proves that it hides rows from the API user.
    pub hidden_rows: &'static [HiddenRows],
    /// Makes a client. Nothing is asked yet.
    pub connect: fn(Access<'_>) -> Result<Arc<dyn Psa>, PsaFailure>,
}

/// What a product takes as a login company.
#[derive(Debug, Clone, Copy)]
pub struct LoginCompany {
    /// Whether a text can be one.
    pub fits: fn(&str) -> bool,
    /// What is wrong with a text that cannot.
    pub mistake: Mistake<'static>,
}

/// What the tenant behind an integration is recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FingerprintSource {
    /// The login company. It can be renamed, so the mapped companies decide whether a changed one is another tenant.
    LoginCompany,
    /// What the PSA says of the login's tenant, which never changes.
    Answer,
}

/// What a client is made from.
#[derive(Debug)]
pub struct Access<'a> {
    /// The requests of this run.
    pub session: Session,
    /// Where the PSA is.
    pub url: BaseUrl,
    /// The login company; empty if the product takes none.
    pub company_id: &'a str,
    /// The credentials.
    pub credentials: &'a Credentials,
}

impl Vendor {
    /// Reads the address that an administrator typed.
    pub fn address(&self, typed: &str, policy: &HttpPolicy) -> Result<BaseUrl, UrlRefused> {
        BaseUrl::parse(&self.address, typed, policy).map_err(url_refused)
    }

    /// Whether this can be the login company. A product that takes no login company accepts any, and ignores it.
    pub(crate) fn accepts_company_id(&self, id: &str) -> bool {
        self.login_company
            .is_none_or(|company| !id.is_empty() && (company.fits)(id))
    }

    /// The company that every tenant has and nobody can delete, if the product has one.
    pub fn permanent_company(&self) -> Option<PsaCompanyId> {
        self.hidden_rows.iter().find_map(|proof| match proof.evidence {
            Evidence::CompanyMissing(id) => Some(PsaCompanyId::new(id)),
            _ => None,
        })
    }

    /// Whether contacts that hang on no company can prove anything.
    pub fn shows_contacts_without_company(&self) -> bool {
        let mut proofs = self.hidden_rows.iter();
        proofs.any(|proof| proof.evidence == Evidence::NoContactHasCompany)
    }

    /// The failure of a snapshot that proves that rows were hidden.
    pub fn hidden_rows_in(&self, seen: &Seen) -> Option<PsaFailure> {
        let proof = self.hidden_rows.iter().find(|proof| seen.proves(proof.evidence))?;
        let hidden = Classification {
            kind: FailureKind::Forbidden,
            advice: RetryAdvice::Never,
            reason: proof.reason,
        };
        Some(failure(proof.list, hidden, ""))
    }
}

impl<'a> Access<'a> {
    /// Some of the credentials, which those of another product lack.
    pub fn secrets<const N: usize>(&self, fields: [&'static str; N]) -> Result<[&'a SecretString; N], PsaFailure> {
        let secrets: Result<Vec<_>, _> = fields.into_iter().map(|field| self.credentials.get(field)).collect();
        let secrets = secrets.ok().and_then(|secrets| secrets.try_into().ok());
        let why = "the credentials are those of another product";
        secrets.ok_or_else(|| not_asked(PsaFailureKind::PsaUnauthorized, why))
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

const fn url_refused(refused: AddressRefused) -> UrlRefused {
    match refused {
        AddressRefused::Empty => UrlRefused::Empty,
        AddressRefused::NotAnAddress => UrlRefused::NotAnAddress,
        AddressRefused::NotHttps => UrlRefused::NotHttps,
        AddressRefused::UserInfo => UrlRefused::UserInfo,
        AddressRefused::IpLiteral => UrlRefused::IpLiteral,
        AddressRefused::Port => UrlRefused::Port,
        AddressRefused::PrivateName => UrlRefused::PrivateName,
        AddressRefused::NotTheVendor => UrlRefused::NotTheVendor,
    }
}

/// The headers with credentials, marked as sensitive, so that no layer below shows them.
pub fn secret_headers<const N: usize>(headers: [(HeaderName, &str); N]) -> Result<HeaderMap, PsaFailure> {
    let mut map = HeaderMap::with_capacity(N + 2);
    for (name, value) in headers {
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            not_asked(
                PsaFailureKind::PsaUnauthorized,
                "a credential holds a control character",
            )
        })?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use http_client::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn r50_headers_with_credentials_are_not_in_their_debug_form() {
        let headers = [
            (AUTHORIZATION, "Basic bXNwK3B1YjpzM2NyZXQ="),
            (HeaderName::from_static("secret"), "s3cret"),
        ];
        let headers = secret_headers(headers).unwrap();
        assert!(headers.values().all(HeaderValue::is_sensitive));
        let shown = format!("{headers:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("bXNw"), "{shown}");
    }
}
