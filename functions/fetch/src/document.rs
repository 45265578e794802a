//! What is said of these calls in the OpenAPI document.

use api::{ImportView, List, PageQuery};
use domain::filter::Attribute;
use domain::problem::Code;
use openapi::{Call, Part};
use serde_json::json;

use crate::start::NewImport;

/// The calls of this function.
pub fn part() -> Part {
    let attributes = json!({
        "items": [{
            "id": "companyType", "subject": "company", "label": "Company type",
            "values": [{ "id": "1", "label": "Client", "active": true }, { "id": "9", "label": "Prospect", "active": false }],
        }],
        "next": null,
    });
    let import = json!({
        "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": "fetching",
        "progress": { "companies": 0, "contacts": 0, "pages": 0, "executed": 0 }, "unattended": false,
        "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
        "lock": { "holder": "ana@noordzee.example", "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z" },
    });
    Part {
        name: "fetch",
        about: "What can be filtered by, and starting an import.",
        calls: vec![
            Call::new(
                "GET",
                "/integrations/{i}/attributes",
                "listAttributes",
                "The attributes of the PSA, with their values",
            )
            .query::<PageQuery>()
            .answers::<List<Attribute>>(200, attributes)
            .refuses(&[Code::IntegrationNotFound])
            .reads_psa(),
            Call::new(
                "POST",
                "/integrations/{i}/imports",
                "startImport",
                "Starts an import and takes the integration's lock",
            )
            .body::<NewImport>(json!({ "filter": { "companyType": ["1"] } }))
            .answers::<ImportView>(202, import)
            .located()
            .refuses(&[Code::IntegrationNotFound, Code::InvalidFilter, Code::IntegrationLocked])
            .reads_psa(),
        ],
    }
}
