//! From an integration's address and credentials to a PSA that can be read.

use std::sync::Arc;
use std::time::Instant;

use domain::problem::UrlRefused;
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind, VendorId};
use http_client::{BaseUrl, HttpClient, HttpPolicy, NoClient, Session};
use jiff::Timestamp;

use crate::credentials::{Credentials, MissingCredential};
use crate::failure::not_asked;
use crate::port::Psa;
use crate::vendor::{Access, Vendor};
use crate::vendors;

/// Which PSA an integration reads.
#[derive(Debug, Clone)]
pub struct Target {
    vendor: &'static Vendor,
    url: BaseUrl,
    company_id: String,
}

/// Why an integration leads to no PSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// This version has no descriptor of its product.
    #[error("the PSA product is unknown")]
    UnknownVendor,
    /// The address is refused.
    #[error("the address of the PSA is refused")]
    Address(UrlRefused),
    /// The login company is missing or cannot be one.
    #[error(transparent)]
    CompanyId(MissingCredential),
}

/// Opens PSAs. One for each process: it holds the one HTTP client with its connections, and the products there are.
#[derive(Debug, Clone)]
pub struct Connector {
    http: HttpClient,
    vendors: Vec<&'static Vendor>,
}

impl Connector {
    /// Builds the HTTP client, for the products that ship.
    pub fn new(policy: HttpPolicy) -> Result<Self, NoClient> {
        let mut connector = Self::without_products(policy)?;
        connector.vendors = PsaKind::ALL.map(vendors::vendor).to_vec();
        Ok(connector)
    }

    /// Builds the HTTP client alone. A function that reads no PSA is then not linked with the products.
    pub fn without_products(policy: HttpPolicy) -> Result<Self, NoClient> {
        Ok(Self {
            http: HttpClient::new(policy)?,
            vendors: Vec::new(),
        })
    }

    /// The same connector with one more product.
    #[must_use]
    pub fn with_vendor(mut self, vendor: &'static Vendor) -> Self {
        self.vendors.push(vendor);
        self
    }

    /// The same connector by another clock than the machine's: it says when to come back to a PSA that asks for a wait.
    #[must_use]
    pub fn with_clock(&self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            http: self.http.with_clock(now),
            vendors: self.vendors.clone(),
        }
    }

    /// The one HTTP client.
    pub const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// What requests may do.
    pub fn policy(&self) -> &HttpPolicy {
        self.http.policy()
    }

    /// The descriptor of a product, if this version knows it.
    pub fn vendor(&self, id: VendorId) -> Option<&'static Vendor> {
        self.vendors.iter().copied().find(|vendor| vendor.id == id.as_str())
    }

    /// The PSA at this address. Products that take no login company ignore it.
    pub fn target(&self, id: VendorId, address: &str, company_id: Option<&str>) -> Result<Target, NoTarget> {
        let vendor = self.vendor(id).ok_or(NoTarget::UnknownVendor)?;
        let url = vendor.address(address, self.policy()).map_err(NoTarget::Address)?;
        let company_id = company_id.unwrap_or_default().trim();
        if !vendor.accepts_company_id(company_id) {
            return Err(NoTarget::CompanyId(MissingCredential { field: "companyId" }));
        }
        Ok(Target {
            vendor,
            url,
            company_id: company_id.to_owned(),
        })
    }

    /// Opens a PSA for one run. Nothing is asked yet; nothing will be asked after the deadline.
    pub fn connect(
        &self,
        target: &Target,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Arc<dyn Psa>, PsaFailure> {
        let Target {
            vendor,
            url,
            company_id,
        } = target;
        // A target may come from a connector with another policy.
        url.check(&vendor.address, self.policy())
            .map_err(|refused| not_asked(PsaFailureKind::PsaUnknownError, &refused.to_string()))?;
        (vendor.connect)(Access {
            session: Session::new(self.http.clone(), deadline, vendor.request_id),
            url: url.clone(),
            company_id,
            credentials,
        })
    }
}
