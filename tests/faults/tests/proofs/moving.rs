//! A PSA in which something happens before each page, and that may have bad manners besides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::psa::PsaKind;
use fastrand::Rng;
use faults::psas::simulator;
use serde_json::{Value, json};
use simkit::Simulator;
use tower::ServiceExt;

/// So few that there is something between.
const PER_PAGE: usize = 5;

/// What a PSA does besides changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Nothing.
    Good,
    /// Once, leaves companies out of a page, of which the walk sees nothing: as many others have appeared.
    PassesOver,
    /// The same, and does not answer questions about single companies.
    PassesOverAndIsSilent,
    /// Once, gives a page of contacts again.
    Repeats,
}

/// A PSA in which something happens before each page.
pub struct Moving {
    kind: PsaKind,
    psa: Arc<dyn Simulator>,
    rng: Rng,
    pub manners: Manners,
    /// The companies and contacts that there were at the beginning: each contact with every company it was ever of.
    pub companies: Vec<i64>,
    pub contacts: BTreeMap<i64, BTreeSet<i64>>,
    pub gone: BTreeSet<i64>,
    pub gone_contacts: BTreeSet<i64>,
    /// How many companies are to be passed over, and which were.
    pub to_pass: usize,
    pub passed: Vec<i64>,
    last_contacts: Option<Value>,
    pub moved: usize,
}

/// The PSA at hand, if there is one.
pub type Shared = Arc<Mutex<Option<Moving>>>;

impl Moving {
    pub fn new(kind: PsaKind, seed: u64, manners: Manners) -> Self {
        let psa = simulator(kind, false);
        if kind == PsaKind::Connectwise {
            psa.set_switches(json!({ "pageCap": PER_PAGE })).unwrap();
        }
        Self {
            kind,
            psa,
            rng: Rng::with_seed(seed),
            manners,
            companies: Vec::new(),
            contacts: BTreeMap::new(),
            gone: BTreeSet::new(),
            gone_contacts: BTreeSet::new(),
            to_pass: 0,
            passed: Vec::new(),
            last_contacts: None,
            moved: 0,
        }
    }

    fn change(&self, change: Value) {
        self.psa.change_records(change).unwrap();
    }

    fn of(&self, id: Option<i64>, company: i64) -> Value {
        let mut contact = match self.kind {
            PsaKind::Connectwise => json!({ "company": { "id": company } }),
            PsaKind::Autotask => json!({ "companyID": company }),
        };
        match (id, self.kind) {
            (Some(id), _) => contact["id"] = id.into(),
            (None, PsaKind::Connectwise) => contact["firstName"] = "New".into(),
            (None, PsaKind::Autotask) => {
                contact["firstName"] = "New".into();
                contact["lastName"] = "One".into();
                contact["isActive"] = 1.into();
            }
        }
        contact
    }

    fn new_company(&mut self) {
        let name = format!("New {}", self.rng.u64(..));
        let name = match self.kind {
            PsaKind::Connectwise => json!({ "name": name }),
            PsaKind::Autotask => json!({ "companyName": name }),
        };
        self.change(json!({ "companies": [name] }));
    }

    /// One of the first companies that is still there.
    fn some_company(&mut self) -> i64 {
        let there: Vec<i64> = self
            .companies
            .iter()
            .filter(|id| !self.gone.contains(id))
            .copied()
            .collect();
        there[self.rng.usize(..there.len())]
    }

    fn some_contact(&mut self) -> i64 {
        let all: Vec<i64> = self
            .contacts
            .keys()
            .filter(|id| !self.gone_contacts.contains(id))
            .copied()
            .collect();
        all[self.rng.usize(..all.len())]
    }

    fn happens(&mut self, contacts: bool) {
        for _ in 0..self.rng.usize(..4) {
            match self.rng.usize(..6) {
                0 | 1 => {
                    let (id, to) = (self.some_contact(), self.some_company());
                    self.change(json!({ "contacts": [self.of(Some(id), to)] }));
                    self.contacts.get_mut(&id).unwrap().insert(to);
                    self.moved += 1;
                }
                2 => {
                    let id = self.some_contact();
                    self.gone_contacts.insert(id);
                    self.change(json!({ "delete": { "contacts": [id] } }));
                }
                3 => {
                    let to = self.some_company();
                    self.change(json!({ "contacts": [self.of(None, to)] }));
                }
                4 if !contacts => self.new_company(),
                // With its people: what a PSA does with people whose company is deleted differs.
                5 if !contacts && self.gone.len() < 2 => {
                    let id = self.some_company();
                    let of_it = self
                        .contacts
                        .iter()
                        .filter(|(contact, of)| of.contains(&id) && !self.gone_contacts.contains(contact))
                        .map(|(contact, _)| *contact);
                    let of_it: Vec<i64> = of_it.collect();
                    self.gone.insert(id);
                    self.gone_contacts.extend(&of_it);
                    self.change(json!({ "delete": { "contacts": of_it } }));
                    self.change(json!({ "delete": { "companies": [id] } }));
                }
                _ => {}
            }
        }
    }

    /// The rows of a page.
    fn rows<'a>(&self, page: &'a mut Value) -> &'a mut Vec<Value> {
        let rows = match self.kind {
            PsaKind::Connectwise => page,
            PsaKind::Autotask => &mut page["items"],
        };
        rows.as_array_mut().unwrap()
    }

    fn pass_over(&mut self, page: &mut Value) {
        let known: Vec<i64> = self
            .companies
            .iter()
            .filter(|id| !self.gone.contains(id))
            .copied()
            .collect();
        let rows = self.rows(page);
        let before = rows.len();
        let mut passed = Vec::new();
        // Not the last: the walk goes on from there.
        for at in (0..rows.len().saturating_sub(1)).rev() {
            let id = rows[at]["id"].as_i64().unwrap();
            if passed.len() < 2 && known.contains(&id) {
                rows.remove(at);
                passed.push(id);
            }
        }
        let left = before - passed.len();
        if self.kind == PsaKind::Autotask {
            page["pageDetails"]["count"] = left.into();
        }
        for _ in &passed {
            self.new_company();
        }
        self.to_pass = 0;
        self.passed = passed;
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Asked {
    Companies,
    Contacts,
    /// Companies by their ids.
    Single,
    Other,
}

fn asked(kind: PsaKind, request: &Request, body: &str) -> Asked {
    let (path, query) = (
        request.uri().path().to_lowercase(),
        request.uri().query().unwrap_or_default(),
    );
    match kind {
        _ if path.ends_with("/company/companies") && query.contains("id%20in") => Asked::Single,
        _ if path.ends_with("/company/companies") && query.contains("id+in") => Asked::Single,
        _ if path.ends_with("/companies/query") && body.contains(r#""op":"in""#) => Asked::Single,
        _ if path.ends_with("/company/companies") && query.contains("pageId") => Asked::Companies,
        _ if path.ends_with("/company/contacts") && query.contains("pageId") => Asked::Contacts,
        _ if path.ends_with("/companies/query") => Asked::Companies,
        _ if path.ends_with("/contacts/query") => Asked::Contacts,
        _ => Asked::Other,
    }
}

/// Answers a request after something has happened.
pub async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    // Autotask gives as many as are asked for.
    let body = String::from_utf8(body.to_vec()).unwrap();
    let body = body.replace(r#""MaxRecords":500"#, &format!(r#""MaxRecords":{PER_PAGE}"#));
    let mut parts = parts;
    parts.headers.remove("content-length");
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let (router, what) = {
        let mut shared = shared.lock().unwrap();
        let moving = shared.as_mut().unwrap();
        let what = asked(moving.kind, &request, &body);
        if what == Asked::Single && moving.manners == Manners::PassesOverAndIsSilent {
            return StatusCode::BAD_REQUEST.into_response();
        }
        match what {
            Asked::Companies | Asked::Contacts => moving.happens(what == Asked::Contacts),
            Asked::Single | Asked::Other => {}
        }
        (moving.psa.router(), what)
    };
    let reply = router.oneshot(request).await.unwrap();
    let (mut parts, body) = reply.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut shared = shared.lock().unwrap();
    let moving = shared.as_mut().unwrap();
    let body = match what {
        Asked::Companies if moving.to_pass > 0 => {
            let mut page = serde_json::from_slice(&body).unwrap();
            moving.pass_over(&mut page);
            Bytes::from(page.to_string())
        }
        Asked::Contacts => {
            let page: Value = serde_json::from_slice(&body).unwrap();
            match moving.last_contacts.replace(page) {
                Some(again) if moving.manners == Manners::Repeats => {
                    moving.manners = Manners::Good;
                    Bytes::from(again.to_string())
                }
                _ => body,
            }
        }
        _ => body,
    };
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from(body))
}
