//! What is said of these calls in the OpenAPI document.

use api::{List, PageQuery};
use domain::directory::{Licences, ManagedCompany, User};
use domain::policy::Policy;
use domain::problem::Code;
use openapi::{Call, Part};
use serde_json::{Map, Value, json};

use crate::by_hand::{NewCompany, NewLicences, NewPerson, OtherAddress};
use crate::integrations::{NewCredentials, NewIntegration};
use crate::view::IntegrationView;

/// The calls of this function.
pub fn part() -> Part {
    Part {
        name: "setup",
        about: "Integrations and their credentials; changes made by hand in the built-in directory.",
        calls: integrations().into_iter().chain(by_hand()).collect(),
    }
}

fn integrations() -> Vec<Call> {
    vec![
        Call::new("GET", "/openapi.json", "showDocument", "This document")
            .public()
            .answers::<Map<String, Value>>(200, json!({ "openapi": "3.1.0" })),
        Call::new(
            "GET",
            "/integrations",
            "listIntegrations",
            "All integrations of the MSP, without secrets",
        )
        .query::<PageQuery>()
        .answers::<List<IntegrationView>>(200, json!({ "items": [integration()], "next": null })),
        Call::new(
            "POST",
            "/integrations",
            "addIntegration",
            "Connects a PSA, once its credentials are proved to read it",
        )
        .body::<NewIntegration>(json!({
            "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example", "companyId": "noordzee",
            "credentials": credentials(),
        }))
        .answers::<IntegrationView>(201, integration())
        .located()
        .reads_psa(),
        Call::new(
            "GET",
            "/integrations/{i}",
            "showIntegration",
            "An integration, without secrets",
        )
        .answers::<IntegrationView>(200, integration())
        .refuses(&[Code::IntegrationNotFound]),
        Call::new(
            "PUT",
            "/integrations/{i}/credentials",
            "replaceCredentials",
            "Replaces the credentials; mappings stay",
        )
        .body::<NewCredentials>(json!({ "credentials": credentials() }))
        .answers::<IntegrationView>(200, integration())
        .refuses(&[Code::IntegrationNotFound])
        .reads_psa(),
        Call::new(
            "PUT",
            "/integrations/{i}/policy",
            "replacePolicy",
            "Replaces what unattended imports may do",
        )
        .body::<Policy>(policy())
        .answers::<IntegrationView>(200, integration())
        .refuses(&[Code::IntegrationNotFound, Code::InvalidFilter])
        .reads_psa(),
    ]
}

fn by_hand() -> Vec<Call> {
    let company = json!({ "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma" });
    let user = json!({
        "id": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "company": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
        "address": "sanne@postma.example", "name": "Sanne Postma", "state": "invited",
    });
    let licences = json!({ "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 });
    vec![
        Call::new(
            "POST",
            "/managed-companies",
            "addManagedCompany",
            "Adds a managed company by hand",
        )
        .body::<NewCompany>(json!({ "name": "Bakkerij Postma" }))
        .answers::<ManagedCompany>(201, company),
        Call::new(
            "POST",
            "/managed-companies/{c}/users",
            "addUser",
            "Adds a user by hand; takes a licence",
        )
        .body::<NewPerson>(json!({ "address": "sanne@postma.example", "name": "Sanne Postma" }))
        .answers::<User>(201, user.clone())
        .refuses(&[Code::InsufficientLicences]),
        Call::new(
            "PATCH",
            "/managed-companies/{c}/users/{u}",
            "changeUser",
            "Gives a user another address; takes no licence",
        )
        .body::<OtherAddress>(json!({ "address": "sanne@postma.example" }))
        .answers::<User>(200, user),
        Call::new(
            "PUT",
            "/licences",
            "setLicences",
            "Sets how many licences the MSP has, and how it is charged",
        )
        .body::<NewLicences>(json!({ "total": 1000, "mode": "pool" }))
        .answers::<Licences>(200, licences),
    ]
}

fn integration() -> Value {
    json!({
        "id": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example",
        "companyId": "noordzee", "policy": policy(), "lastFilter": { "companyType": ["1"] },
        "createdAt": "2026-01-05T09:12:44Z",
        "lock": {
            "holder": "ana@noordzee.example", "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40",
            "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z",
        },
        "lastImport": {
            "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "state": "review", "startedAt": "2026-03-02T08:00:00Z",
        },
    })
}

fn policy() -> Value {
    json!({
        "newCompanies": false, "newAddresses": true, "filter": { "companyType": ["1", "4"] },
        "massChange": { "percent": 25, "atLeast": 50 },
    })
}

fn credentials() -> Value {
    json!({ "publicKey": "aBcD1234", "privateKey": "eFgH5678", "clientId": "3b8f3c52-0000-4000-8000-d8f1a2b3c4d5" })
}
