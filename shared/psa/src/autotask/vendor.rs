//! The descriptor, and what it takes to connect.

use std::sync::Arc;

use domain::psa::{PsaFailure, PsaKind};
use http_client::header::HeaderName;
use secrecy::ExposeSecret;

use super::address;
use super::api::Api;
use super::client::Autotask;
use super::entities::{COMPANIES, CONTACTS};
use crate::client::Client;
use crate::hidden::{Evidence, HiddenRows};
use crate::port::Psa;
use crate::vendor::{Access, FingerprintSource, Vendor, secret_headers};

/// Datto Autotask PSA.
pub(crate) static VENDOR: Vendor = Vendor {
    id: PsaKind::Autotask.id(),
    product: PsaKind::Autotask.product(),
    credential_fields: &["username", "secret", "integrationCode"],
    login_company: None,
    address: address::RULES,
    fingerprint: FingerprintSource::Answer,
    request_id: None,
    hidden_rows: &[
        HiddenRows {
            // The MSP's own company.
            evidence: Evidence::CompanyMissing("0"),
            list: &COMPANIES.rows,
            reason: "company 0, which every tenant has, is not shown",
        },
        HiddenRows {
            evidence: Evidence::NoContacts,
            list: &CONTACTS.rows,
            reason: "no contact is shown, although addresses are mapped",
        },
        HiddenRows {
            evidence: Evidence::CompaniesOfContactsMissing,
            list: &COMPANIES.rows,
            reason: "companies that contacts hang on are not shown",
        },
    ],
    connect,
};

fn connect(access: Access<'_>) -> Result<Arc<dyn Psa>, PsaFailure> {
    let [username, secret, code] = access.secrets(["username", "secret", "integrationCode"])?;
    let headers = secret_headers([
        (HeaderName::from_static("username"), username.expose_secret()),
        (HeaderName::from_static("secret"), secret.expose_secret()),
        (HeaderName::from_static("apiintegrationcode"), code.expose_secret()),
    ])?;
    let api = Api::new(access.session, access.url, username.clone(), headers);
    Ok(Arc::new(Client(Autotask::new(api))))
}
