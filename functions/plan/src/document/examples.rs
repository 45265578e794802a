//! Answers as they could be.

use domain::plan::{PlanSummary, Step};
use serde_json::{Value, json};

pub(super) fn import() -> Value {
    json!({
        "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": "review",
        "progress": { "companies": 40, "contacts": 600, "pages": 2, "total": 640, "executed": 0 }, "unattended": false,
        "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
        "lock": { "holder": "ana@noordzee.example", "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z" },
    })
}

pub(super) fn company() -> Value {
    json!({
        "id": "251", "name": "Bakkerij Postma", "status": "unmapped", "type": "Client", "psaStatus": "Active",
        "active": true, "own": false, "addresses": 12, "noAddress": 1, "selected": false, "target": { "automatic": {} },
        "candidates": [], "namesakeInPsa": false,
        "suggestions": [{
            "managedCompany": { "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." }, "score": 97,
            "reasons": [{ "code": "legal_suffix", "text": "The names differ in the legal form, such as Ltd or B.V." }],
        }],
        "version": 1,
    })
}

pub(super) fn address() -> Value {
    json!({
        "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma", "active": true,
        "status": "unmapped", "selected": true, "target": { "automatic": {} }, "version": 1,
    })
}

pub(super) fn plan() -> Value {
    let mut summary = PlanSummary::default();
    summary.add([Step::CreateCompany, Step::CreateUser]);
    json!({
        "hash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
        "summary": summary,
        "licences": { "needed": 1, "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 },
        "items": [
            {
                "action": "createCompany", "company": { "id": "251", "name": "Bakkerij Postma" }, "before": null,
                "after": { "name": "Bakkerij Postma" }, "reason": "not_mapped", "detail": "It was not imported before.",
            },
            {
                "action": "createUser", "company": { "id": "251", "name": "Bakkerij Postma" },
                "address": { "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma" },
                "before": null, "after": { "address": "sanne@postma.example", "name": "Sanne Postma" }, "reason": "ticked",
                "detail": "It is ticked, and nobody has this address yet.",
            },
        ],
        "next": null,
    })
}

pub(super) fn managed() -> Value {
    json!({ "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." })
}

pub(super) fn user() -> Value {
    json!({
        "id": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "company": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
        "address": "sanne@postma.example", "name": "Sanne Postma", "state": "enrolled",
    })
}

pub(super) fn licences() -> Value {
    json!({ "mode": "pool", "total": 1000, "used": 274, "reserved": 12, "available": 714 })
}
