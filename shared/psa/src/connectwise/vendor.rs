//! The descriptor, and what it takes to connect.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::problem::Mistake;
use domain::psa::{PsaFailure, PsaKind};
use http_client::header::{AUTHORIZATION, HeaderName};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::address;
use super::api::Api;
use super::client::Connectwise;
use super::resources::{COMPANIES, CONTACTS};
use crate::client::Client;
use crate::hidden::{Evidence, HiddenRows};
use crate::port::Psa;
use crate::vendor::{Access, FingerprintSource, LoginCompany, Vendor, secret_headers};

/// `ConnectWise` PSA.
pub(crate) static VENDOR: Vendor = Vendor {
    id: PsaKind::Connectwise.id(),
    product: PsaKind::Connectwise.product(),
    credential_fields: &["publicKey", "privateKey", "clientId"],
    login_company: Some(LoginCompany {
        fits: is_company_id,
        mistake: Mistake::CompanyIdCharacters,
    }),
    address: address::RULES,
    fingerprint: FingerprintSource::LoginCompany,
    request_id: Some("x-cw-request-id"),
    hidden_rows: &[
        HiddenRows {
            evidence: Evidence::NoContacts,
            list: &CONTACTS.rows,
            reason: "no contact is shown, although addresses are mapped",
        },
        HiddenRows {
            evidence: Evidence::NoContactHasCompany,
            list: &COMPANIES.rows,
            reason: "every contact is shown without its company",
        },
        HiddenRows {
            evidence: Evidence::CompaniesOfContactsMissing,
            list: &COMPANIES.rows,
            reason: "companies that contacts hang on are not shown",
        },
    ],
    connect,
};

/// Whether this can be the login company: it becomes a segment of a path and the first part of a user name, and `+` ends it there.
fn is_company_id(id: &str) -> bool {
    let fits = |c: char| !c.is_control() && !matches!(c, '+' | ':' | '/' | '\\');
    id.len() <= 100 && id.chars().all(fits) && !id.chars().all(|c| c == '.')
}

fn connect(access: Access<'_>) -> Result<Arc<dyn Psa>, PsaFailure> {
    let [public_key, private_key, client_id] = access.secrets(["publicKey", "privateKey", "clientId"])?;
    let basic = basic(
        access.company_id,
        public_key.expose_secret(),
        private_key.expose_secret(),
    );
    let headers = secret_headers([
        (AUTHORIZATION, basic.as_str()),
        (HeaderName::from_static("clientid"), client_id.expose_secret()),
    ])?;
    let api = Api::new(access.session, access.url, access.company_id.to_owned(), headers);
    Ok(Arc::new(Client(Connectwise::new(api))))
}

/// `Basic …`, of which no copy is left behind in memory but the header's.
fn basic(company_id: &str, public_key: &str, private_key: &str) -> Zeroizing<String> {
    let plain = Zeroizing::new([company_id, "+", public_key, ":", private_key].concat());
    // So large from the beginning that it is not moved while it grows.
    let mut basic = Zeroizing::new(String::with_capacity(8 + plain.len() * 2));
    basic.push_str("Basic ");
    BASE64_STANDARD.encode_string(plain.as_bytes(), &mut basic);
    basic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_joined_as_the_guide_has_them() {
        assert_eq!(basic("msp", "pub", "s3cret").as_str(), "Basic bXNwK3B1YjpzM2NyZXQ=");
    }
}
