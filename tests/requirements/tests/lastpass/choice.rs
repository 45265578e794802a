//! Choosing LastPass and leaving it (R81).

use domain::ids::{MspId, SecretId};
use requirements::import::{carry_out, choose_mapped, choose_one, fetch, first_import_of, id, row};
use requirements::lastpass::{self, holds};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, text};
use requirements::unattended::deliver;
use requirements::{PsaKind, for_both, managed, psa};
use reqwest::Method;
use serde_json::json;

for_both!(
    r81_mappings_rest_while_another_directory_is_chosen,
    r81_a_directory_is_not_changed_under_an_import,
    r81_a_key_of_another_account_is_refused,
    r81_a_name_that_was_just_created_in_one_directory_is_free_in_another,
);

async fn r81_mappings_rest_while_another_directory_is_chosen(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let chosen = ana.get("/directory").await.unwrap();
    assert_eq!(chosen, json!({ "kind": "lastpass", "version": 1 }));
    let first = first_import_of(&ana, kind, 2).await;
    let before = holds(&sandbox).await;

    let left = ana.delete("/directory").await.unwrap();
    assert_eq!(left["kind"], "builtIn");
    assert_eq!(managed::all(&ana).await, Vec::<serde_json::Value>::new());
    let import = fetch(&ana, kind).await;
    let resting = row(&ana, &import, id(&first.chosen[0])).await;
    assert_eq!(resting["status"], "dangling");
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    ana.put("/directory", &lastpass::key(&sandbox)).await.unwrap();
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, id(&first.chosen[0])).await["status"], "mapped");
    choose_mapped(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["users"]["created"]),
        (&json!(0), &json!(0)),
        "{result}"
    );
    assert_eq!(holds(&sandbox).await, before);
    lastpass::end(sandbox).await;
}

async fn r81_a_name_that_was_just_created_in_one_directory_is_free_in_another(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let other = PsaKind::ALL.into_iter().find(|other| *other != kind).unwrap();
    for kind in [kind, other] {
        let company = psa::add_company(&sandbox, kind, "Overal Klant");
        psa::add_contact(&sandbox, kind, &company, "iemand@overal.example");
        let import = fetch(&ana, kind).await;
        choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
        let result = carry_out(&ana, &import).await;
        assert_eq!(result["companies"]["created"], 1, "{result}");
        ana.delete("/directory").await.unwrap();
    }
    lastpass::end(sandbox).await;
}

async fn r81_a_directory_is_not_changed_under_an_import(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let key = lastpass::key(&sandbox);
    for (method, body) in [(Method::PUT, Some(&key)), (Method::DELETE, None)] {
        let refused = call(&ana, method, "/directory", body).await;
        assert_problem(&refused, 423, "integration_locked");
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(ana.delete("/directory").await.unwrap()["kind"], "builtIn");
    lastpass::end(sandbox).await;
}

async fn r81_a_key_of_another_account_is_refused(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let refused = call(&ana, Method::PUT, "/directory", Some(&lastpass::other_key(&sandbox))).await;
    assert_problem(&refused, 422, "directory_other_account");
    // It may hold the integration no longer than the call.
    assert!(!integration(&ana, kind).await.is_empty());
    assert_eq!(ana.get("/directory").await.unwrap()["version"], 1);
    lastpass::end(sandbox).await;
}

#[tokio::test]
async fn r81_a_key_that_does_not_work_is_refused_and_not_stored() {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let key = lastpass::key(&sandbox);
    for (state, code) in [
        ("revoked", "directory_unauthorized"),
        ("notEnrolled", "directory_forbidden"),
        ("noMspRight", "directory_forbidden"),
    ] {
        lastpass::set(&sandbox, json!({ "keyStates": state }));
        let refused = call(&ana, Method::PUT, "/directory", Some(&key)).await;
        assert_problem(&refused, 422, code);
    }
    lastpass::set(&sandbox, json!({ "keyStates": "valid" }));
    let unlike = json!({ "kind": "lastpass", "apiKey": "a key\u{e9}" });
    let refused = call(&ana, Method::PUT, "/directory", Some(&unlike)).await;
    assert_problem(&refused, 422, "directory_unauthorized");
    let none = json!({ "kind": "lastpass" });
    let refused = call(&ana, Method::PUT, "/directory", Some(&none)).await;
    assert_problem(&refused, 400, "credentials_required");
    assert_eq!(ana.get("/directory").await.unwrap()["version"], 1);
    // Replaced by the same key: it is stored once more, and the first one is deleted.
    let replaced = ana.put("/directory", &key).await.unwrap();
    assert_eq!(replaced, json!({ "kind": "lastpass", "version": 2 }));
    lastpass::end(sandbox).await;
}

/// Who has just read the directory may still use the key that was replaced: it is deleted an hour later.
#[tokio::test]
async fn r81_a_key_that_was_replaced_or_left_is_deleted() {
    let sandbox = lastpass::sandbox().await;
    let (ana, msp) = (sandbox.api("ana"), MspId::new("noordzee"));
    let services = &sandbox.services;
    let secret = async || services.tenant(&msp).chosen_directory().await.unwrap().secret;
    let is_there = async |secret: &SecretId| matches!(services.secrets.read(&msp, secret).await, Ok(Some(_)));
    let sweep = async || {
        advance(&sandbox, 2 * 3_600).await;
        deliver(&sandbox, &json!({ "sweep": {} })).await;
    };
    let mut replaced = Vec::new();
    for _ in 0..2 {
        replaced.push(secret().await.unwrap());
        ana.put("/directory", &lastpass::key(&sandbox)).await.unwrap();
    }
    let last = secret().await.unwrap();
    sweep().await;
    for old in &replaced {
        assert!(*old != last && !is_there(old).await, "{old}");
    }
    assert!(is_there(&last).await);
    let import = fetch(&ana, PsaKind::Connectwise).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    ana.delete("/directory").await.unwrap();
    assert_eq!(secret().await, None);
    sweep().await;
    assert!(!is_there(&last).await);
    lastpass::end(sandbox).await;
}

#[tokio::test]
async fn r41_choosing_a_directory_is_in_the_audit_trail() {
    let sandbox = lastpass::sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let key = lastpass::key(&sandbox);
    ana.put("/directory", &key).await.unwrap();
    let wrong = json!({ "kind": "lastpass", "apiKey": "lpkey_wrong" });
    let refused = call(&ana, Method::PUT, "/directory", Some(&wrong)).await;
    assert_problem(&refused, 422, "directory_unauthorized");
    bram.delete("/directory").await.unwrap();
    // Left already: nothing changes.
    bram.delete("/directory").await.unwrap();
    ana.put("/directory", &key).await.unwrap();
    let trail = ana.list("/audit").await.unwrap();
    assert!(
        trail.iter().all(|entry| entry["action"] == "directoryChosen"),
        "{trail:?}"
    );
    let choices = trail
        .iter()
        .rev()
        .map(|entry| ["by", "before", "after"].map(|name| text(&entry[name])));
    let (ana, bram) = ("ana@noordzee.example", "bram@noordzee.example");
    assert_eq!(
        choices.collect::<Vec<_>>(),
        [
            [ana, "builtIn", "lastpass"],
            [ana, "lastpass", "lastpass"],
            [bram, "lastpass", "builtIn"],
            [ana, "builtIn", "lastpass"],
        ]
    );
    assert!(
        !trail
            .iter()
            .any(|entry| entry.to_string().contains(text(&key["apiKey"])))
    );
    lastpass::end(sandbox).await;
}

#[tokio::test]
async fn r83_changes_by_hand_are_made_in_the_console_of_lastpass() {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    // What is known of LastPass is known since the first fetch.
    let import = fetch(&ana, PsaKind::Connectwise).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let company = managed::all(&ana).await[0].clone();
    let users = format!("/managed-companies/{}/users", id(&company));
    let person = json!({ "address": "an@elders.example", "name": "An" });
    for (method, path, body) in [
        (
            Method::POST,
            "/managed-companies".to_owned(),
            json!({ "name": "Nieuw" }),
        ),
        (Method::POST, users.clone(), person),
        (
            Method::PATCH,
            format!("{users}/7"),
            json!({ "address": "an@elders.example" }),
        ),
        (
            Method::PUT,
            "/licences".to_owned(),
            json!({ "mode": "pool", "total": 7 }),
        ),
    ] {
        let refused = call(&ana, method, &path, Some(&body)).await;
        assert_problem(&refused, 409, "directory_cannot");
    }
    lastpass::end(sandbox).await;
}
