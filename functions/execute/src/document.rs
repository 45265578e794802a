//! What is said of these calls in the OpenAPI document.

use api::{ImportView, List, PageQuery};
use domain::problem::Code;
use openapi::{Call, Part};
use serde_json::{Value, json};

use crate::audit::EntryView;
use crate::confirm::Confirmation;
use crate::result::{Page, ResultView};

/// Every row, where `Accept` asks for it.
const CSV: &str = "\u{feff}company id,company,address id,address,contact,outcome,code,detail,action,rows\r\n\
    251,Bakkerij Postma,,,,created,,,,1\r\n";

/// The calls of this function.
pub fn part() -> Part {
    Part {
        name: "execute",
        about: "Carrying out a plan, its result, cancelling, and the imports there were.",
        calls: vec![
            Call::new(
                "POST",
                "/imports/{x}/execute",
                "executeImport",
                "Confirms the plan and begins to carry it out",
            )
            .body::<Confirmation>(json!({
                "planHash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
                "confirmMassChange": false,
            }))
            .answers::<ImportView>(202, import("executing"))
            .refuses(&[
                Code::IntegrationLocked,
                Code::ImportAbandoned,
                Code::WrongState,
                Code::IntegrationNotFound,
            ])
            .refuses(&[Code::PlanChanged, Code::MassChange, Code::InsufficientLicences]),
            Call::new("GET", "/imports/{x}/result", "showResult", "How every row ended")
                .query::<Page>()
                .answers::<ResultView>(200, result())
                .or_as("text/csv", CSV)
                .with_header("Link")
                .refuses(&[Code::WrongState]),
            Call::new(
                "DELETE",
                "/imports/{x}",
                "cancelImport",
                "Ends an import; one that executes stops after the row at hand",
            )
            .answers::<ImportView>(200, import("cancelled"))
            .refuses(&[Code::IntegrationLocked, Code::ImportAbandoned, Code::WrongState]),
            Call::new(
                "GET",
                "/integrations/{i}/imports",
                "listImports",
                "The imports there were, the newest first",
            )
            .query::<PageQuery>()
            .answers::<List<ImportView>>(200, json!({ "items": [import("done")], "next": null }))
            .refuses(&[Code::IntegrationNotFound]),
            Call::new(
                "GET",
                "/integrations/{i}/audit",
                "listAudit",
                "Who changed what, when, before and after; the newest first",
            )
            .query::<PageQuery>()
            .answers::<List<EntryView>>(200, json!({ "items": [entry()], "next": null }))
            .refuses(&[Code::IntegrationNotFound]),
        ],
    }
}

fn import(state: &str) -> Value {
    json!({
        "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": state,
        "progress": { "companies": 40, "contacts": 600, "pages": 2, "total": 640, "executed": 0 }, "unattended": false,
        "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
    })
}

fn entry() -> Value {
    json!({
        "id": "1772438400000.0198c2f51b2e7d4f8c6a9b0c1d2e3f40.company.251.0", "at": "2026-03-02T08:00:00Z",
        "by": "ana@noordzee.example", "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "action": "companyImported",
        "company": { "id": "251", "name": "Bakkerij Postma" },
        "changes": [{
            "action": "changeAddress", "company": { "id": "251", "name": "Bakkerij Postma" },
            "address": { "id": "1204~7781", "address": "jan@bakkerijpostma.example", "contact": "Jan Postma" },
            "before": { "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "address": "j.postma@bakkerijpostma.example" },
            "after": { "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "address": "jan@bakkerijpostma.example" },
            "reason": "changed_in_psa",
        }],
    })
}

fn result() -> Value {
    json!({
        "state": "done",
        "companies": { "created": 22, "linked": 1, "updated": 0, "unchanged": 0, "skipped": 1, "failed": 0 },
        "users": { "created": 268, "linked": 2, "changedAddress": 0, "unchanged": 0, "skipped": 0, "failed": 1 },
        "errors": [{
            "company": { "id": "251", "name": "Bakkerij Postma" },
            "address": { "id": "1204~7781", "address": "j.postma@bakkerijpostma.example", "contact": "Jan Postma" }, "code": "address_conflict",
            "detail": "Another user already has this address.",
            "action": "Give that user another address, or correct the address in the PSA.",
        }],
        "skipped": [{
            "company": { "id": "263", "name": "Notariskantoor Visser" }, "code": "ambiguous",
            "detail": "Several companies have this name.",
            "action": "Choose one of the candidates, or create a new one.",
        }],
        "truncated": false,
    })
}
