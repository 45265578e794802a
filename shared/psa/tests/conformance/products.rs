//! The products that ship, as the suite knows them.

use std::sync::Arc;

use domain::filter::Subject;
use domain::psa::PsaKind;
use psa::{Vendor, vendor};
use psa_conformance::product::Product;
use serde_json::{Value, json};
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::{Company, Kind, Size};

pub const CONNECTWISE: &dyn Product = &ConnectWise;
pub const AUTOTASK: &dyn Product = &Autotask;

struct ConnectWise;
struct Autotask;

impl Product for ConnectWise {
    fn vendor(&self) -> &'static Vendor {
        vendor(PsaKind::Connectwise)
    }

    fn simulator(&self, size: Size) -> Arc<dyn Simulator> {
        Arc::new(sim_connectwise::ConnectWise::open(size, None, SimClock::new()).unwrap())
    }

    fn credentials(&self) -> Value {
        json!({
            "companyId": sim_connectwise::COMPANY_ID, "publicKey": sim_connectwise::PUBLIC_KEY,
            "privateKey": sim_connectwise::PRIVATE_KEY, "clientId": sim_connectwise::CLIENT_ID,
        })
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["publicKey", "privateKey"]
    }

    fn company_id(&self, number: u32) -> i64 {
        sim_connectwise::company_id(number)
    }

    fn contact_id(&self, number: u32) -> i64 {
        sim_connectwise::contact_id(number)
    }

    fn lists(&self) -> [&'static str; 2] {
        ["/company/companies$", "/company/contacts$"]
    }

    fn attributes(&self) -> (&'static [(&'static str, Subject)], &'static str) {
        let attributes = &[
            ("companyType", Subject::Company),
            ("companyStatus", Subject::Company),
            ("contactType", Subject::Contact),
        ];
        (attributes, "Client")
    }

    fn page(&self, rows: &[Value]) -> Value {
        json!(rows)
    }

    fn new_contact(&self, id: i64) -> Value {
        json!({"id": id, "firstName": "New", "company": {"id": self.company_id(2)}})
    }

    fn keeps_deleted(&self) -> bool {
        true
    }

    /// Inactive companies have a status of their own, which some bankrupt ones have lost.
    fn is_active(&self, company: &Company) -> bool {
        company.active || (company.kind == Kind::Dead && company.number.is_multiple_of(2))
    }

    fn longest_name(&self) -> usize {
        50
    }

    fn batches_of_600(&self) -> usize {
        4
    }

    fn pages_of_600(&self) -> usize {
        1
    }

    fn small_pages(&self) -> Option<Value> {
        Some(json!({"pageCap": 100}))
    }
}

impl Product for Autotask {
    fn vendor(&self) -> &'static Vendor {
        vendor(PsaKind::Autotask)
    }

    fn simulator(&self, size: Size) -> Arc<dyn Simulator> {
        Arc::new(sim_autotask::Autotask::open(size, None, SimClock::new()))
    }

    fn credentials(&self) -> Value {
        json!({
            "username": sim_autotask::USERNAME, "secret": sim_autotask::SECRET,
            "integrationCode": sim_autotask::INTEGRATION_CODE,
        })
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["secret"]
    }

    fn company_id(&self, number: u32) -> i64 {
        sim_autotask::company_id(number)
    }

    fn contact_id(&self, number: u32) -> i64 {
        sim_autotask::contact_id(number)
    }

    fn lists(&self) -> [&'static str; 2] {
        ["(?i)/Companies/query$", "(?i)/Contacts/query$"]
    }

    fn attributes(&self) -> (&'static [(&'static str, Subject)], &'static str) {
        let attributes = &[
            ("companyType", Subject::Company),
            ("companyCategory", Subject::Company),
            ("classification", Subject::Company),
            ("marketSegment", Subject::Company),
            ("companyActive", Subject::Company),
            ("contactActive", Subject::Contact),
        ];
        (attributes, "Customer")
    }

    fn page(&self, rows: &[Value]) -> Value {
        let details = json!({"count": rows.len(), "requestCount": 500, "prevPageUrl": null, "nextPageUrl": null});
        json!({"items": rows, "pageDetails": details})
    }

    fn new_contact(&self, id: i64) -> Value {
        json!({"id": id, "firstName": "New", "lastName": "One", "companyID": self.company_id(2), "isActive": 1})
    }

    fn longest_name(&self) -> usize {
        100
    }
}
