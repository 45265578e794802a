//! Section O: renaming, pausing, moving and removing an integration (R52).

use domain::ids::{MspId, SecretId};
use requirements::import::{directory, fetch, fetched, first_import_of, row};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, sandbox, text, two_addresses};
use requirements::unattended::{deliver, ended, trigger};
use requirements::{Answer, Api, PsaKind, Sandbox, behind, faults, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r52_an_integration_is_renamed_and_paused_on_its_version,
    r52_a_paused_integration_is_imported_by_hand_only,
    r52_a_psa_that_moved_keeps_its_mappings,
    r52_an_address_that_leads_to_another_tenant_is_refused,
    r52_a_private_address_is_refused_and_changes_nothing,
    r52_what_an_import_holds_is_not_removed,
    r52_a_removed_integration_is_nowhere,
    r52_of_a_start_and_a_removal_at_once_one_wins,
);

pub async fn path(api: &Api, kind: PsaKind) -> String {
    format!("/integrations/{}", integration(api, kind).await)
}

async fn patch(api: &Api, path: &str, mut edit: Value) -> Answer {
    edit["version"] = api.get(path).await.unwrap()["version"].clone();
    call(api, Method::PATCH, path, Some(&edit)).await
}

/// What the trail of an integration tells, the newest first.
pub async fn told(api: &Api, path: &str) -> Vec<String> {
    let entries = api.list(&format!("{path}/audit")).await.unwrap();
    entries.iter().map(|entry| text(&entry["action"]).to_owned()).collect()
}

/// Connects the PSA once more; gives the answer.
pub async fn connect(sandbox: &Sandbox, kind: PsaKind, adopt: Option<&str>) -> Answer {
    let mut new = sandbox.psas.integration(kind);
    new["name"] = json!("Opnieuw");
    if let Some(adopt) = adopt {
        new["adopt"] = json!(adopt);
    }
    call(&sandbox.api("ana"), Method::POST, "/integrations", Some(&new)).await
}

async fn r52_an_integration_is_renamed_and_paused_on_its_version(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    let before = ana.get(&path).await.unwrap();
    faults::forget_requests(&sandbox, kind);
    let answer = patch(&ana, &path, json!({ "name": "Hoofdkantoor", "paused": true })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = answer.body;
    assert_eq!(
        (&after["name"], &after["paused"]),
        (&json!("Hoofdkantoor"), &json!(true))
    );
    assert_eq!(
        after["version"].as_u64().unwrap(),
        before["version"].as_u64().unwrap() + 1
    );
    assert_eq!(ana.get(&path).await.unwrap(), after);
    assert!(
        faults::requests(&sandbox, kind).is_empty(),
        "nothing is asked of the PSA for a name"
    );

    let stale = json!({ "version": before["version"], "name": "Te laat" });
    let answer = call(&ana, Method::PATCH, &path, Some(&stale)).await;
    assert_problem(&answer, 409, "decision_conflict");
    assert_eq!(answer.body["version"], after["version"]);
    let nothing = json!({ "version": after["version"] });
    let answer = call(&ana, Method::PATCH, &path, Some(&nothing)).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_eq!(ana.get(&path).await.unwrap(), after);
    assert_eq!(told(&ana, &path).await[0], "integrationChanged");
    let other = sandbox.api("otherMsp");
    let answer = call(
        &other,
        Method::PATCH,
        &path,
        Some(&json!({ "version": 1, "name": "x" })),
    )
    .await;
    assert_problem(&answer, 404, "integration_not_found");
    sandbox.stop().await;
}

async fn r52_a_paused_integration_is_imported_by_hand_only(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    patch(&ana, &path, json!({ "paused": true })).await;
    let answer = trigger(&sandbox, kind, "night").await;
    assert_eq!(answer, json!({ "outcome": "refused", "code": "integration_paused" }));
    let import = fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    patch(&ana, &path, json!({ "paused": false })).await;
    // The occasion was refused, not spent.
    let answer = trigger(&sandbox, kind, "night").await;
    let import = text(&answer["import"]);
    ended(&sandbox, import).await;
    patch(&ana, &path, json!({ "paused": true })).await;
    let again = trigger(&sandbox, kind, "night").await;
    assert_eq!(again, json!({ "outcome": "already", "import": import }));
    sandbox.stop().await;
}

async fn r52_a_psa_that_moved_keeps_its_mappings(kind: PsaKind) {
    let (sandbox, _served, origin) = two_addresses(kind).await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let path = path(&ana, kind).await;
    let answer = patch(&ana, &path, json!({ "address": origin })).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["address"]),
        (200, &json!(origin)),
        "{}",
        answer.body
    );
    let import = fetch(&ana, kind).await;
    let known = row(&ana, &import, text(&first.chosen[0]["id"])).await;
    assert_eq!(known["status"], "mapped");
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    // Back again, with the credentials in the same call.
    let back =
        json!({ "address": sandbox.psas.url(kind), "credentials": sandbox.psas.integration(kind)["credentials"] });
    let back = ana.put(&format!("{path}/credentials"), &back).await.unwrap();
    assert_eq!(back["address"], sandbox.psas.url(kind));
    assert_eq!(told(&ana, &path).await[0], "connectionReplaced");
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

async fn r52_an_address_that_leads_to_another_tenant_is_refused(kind: PsaKind) {
    let (sandbox, _served, origin) = two_addresses(kind).await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let path = path(&ana, kind).await;
    let before = ana.get(&path).await.unwrap();
    psa::be_another_tenant(&sandbox, kind, true);
    let answer = patch(&ana, &path, json!({ "address": origin })).await;
    assert_problem(&answer, 422, "psa_other_tenant");
    psa::be_another_tenant(&sandbox, kind, false);
    assert_eq!(ana.get(&path).await.unwrap(), before);
    sandbox.stop().await;
}

async fn r52_a_private_address_is_refused_and_changes_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    let before = ana.get(&path).await.unwrap();
    for address in ["https://10.0.0.1", "psa.internal", "http://psa.example", ""] {
        let answer = patch(&ana, &path, json!({ "address": address })).await;
        assert_problem(&answer, 400, "invalid_psa_address");
    }
    let wrong = if kind == PsaKind::Autotask { "x" } else { "a+b" };
    let answer = patch(&ana, &path, json!({ "companyId": wrong })).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_eq!(ana.get(&path).await.unwrap(), before);
    sandbox.stop().await;
}

/// A renamed login company is the same tenant if the mapped companies are there; another one is not, though it has the same ids.
#[tokio::test]
async fn r51_the_mapped_companies_decide_about_another_login_company() {
    let kind = PsaKind::Connectwise;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    let simulator = sandbox.psas.get(kind);
    let other = sandbox.psas.other_tenant(kind)["companyId"].clone();
    // Nothing is mapped, so nothing speaks for it.
    assert_problem(
        &patch(&ana, &path, json!({ "companyId": other })).await,
        422,
        "psa_other_tenant",
    );
    first_import_of(&ana, kind, 2).await;
    assert_problem(
        &patch(&ana, &path, json!({ "companyId": other })).await,
        422,
        "psa_other_tenant",
    );
    simulator.set_switches(json!({ "companyId": "noordzeeGroep" })).unwrap();
    let answer = patch(&ana, &path, json!({ "companyId": "noordzeeGroep" })).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["tenant"]),
        (200, &json!("noordzeeGroep")),
        "{}",
        answer.body
    );
    // Where case makes no difference, another spelling is the same tenant, too.
    simulator.set_switches(json!({ "companyIdIgnoresCase": true })).unwrap();
    let answer = patch(&ana, &path, json!({ "companyId": "NOORDZEEGROEP" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

async fn r52_what_an_import_holds_is_not_removed(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let path = path(&ana, kind).await;
    let import = fetch(&ana, kind).await;
    for who in [&ana, &bram] {
        let answer = call(who, Method::DELETE, &path, None).await;
        assert_problem(&answer, 423, "integration_locked");
        assert_eq!(answer.body["import"], import);
    }
    ana.get(&path).await.unwrap();
    // An import whose lock has run out ends with its integration.
    advance(&sandbox, 3_600).await;
    bram.delete(&path).await.unwrap();
    let lost = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(lost["error"]["code"], "review_lapsed", "{lost}");
    sandbox.stop().await;
}

async fn r52_a_removed_integration_is_nowhere(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let path = path(&ana, kind).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let (before, secrets) = (directory(&ana).await, behind::secrets(&sandbox).await);
    for _ in 0..2 {
        // Repeated, it answers the same.
        let removed = ana.delete(&path).await.unwrap();
        assert_eq!((&removed["id"], &removed["mappedCompanies"]), (&json!(id), &json!(2)));
    }
    assert_eq!(
        behind::secrets(&sandbox).await.len(),
        secrets.len() - 1,
        "its secret is deleted"
    );
    assert_eq!(directory(&ana).await, before, "nothing in the directory changes");
    let all = ana.list("/integrations").await.unwrap();
    assert!(all.iter().all(|one| one["id"] != id));
    for (method, at, body) in [
        (Method::GET, path.clone(), None),
        (Method::GET, format!("{path}/imports"), None),
        (Method::GET, format!("{path}/attributes"), None),
        (Method::POST, format!("{path}/imports"), Some(json!({}))),
        (
            Method::PATCH,
            path.clone(),
            Some(json!({ "version": 1, "paused": true })),
        ),
    ] {
        let answer = call(&ana, method, &at, body.as_ref()).await;
        assert_problem(&answer, 404, "integration_not_found");
    }
    let message = json!({ "msp": "noordzee", "integration": id, "token": "late" });
    assert_eq!(
        deliver(&sandbox, &message).await,
        json!({ "outcome": "refused", "code": "integration_not_found" })
    );
    // One that was never imported from is removed like any other.
    let unused = connect(&sandbox, kind, None).await.body;
    ana.delete(&format!("/integrations/{}", text(&unused["id"])))
        .await
        .unwrap();
    let other = sandbox.api("otherMsp");
    assert_problem(
        &call(&other, Method::DELETE, &path, None).await,
        404,
        "integration_not_found",
    );
    // What was done is told for as long as the mappings are kept.
    assert_eq!(told(&ana, &path).await[0], "integrationRemoved");
    sandbox.stop().await;
}

/// As if the call that connects a PSA had been stopped behind its secret.
#[tokio::test]
async fn r52_credentials_of_no_integration_are_deleted() {
    let sandbox = sandbox().await;
    let (msp, secret) = (MspId::new("noordzee"), SecretId::new("nobodys"));
    let (services, sweep) = (&sandbox.services, json!({ "sweep": {} }));
    let tenant = services.tenant(&msp);
    tenant.expect_secret(&secret, services.clock.now()).await.unwrap();
    services.secrets.create(&msp, &secret, &"{}".into()).await.unwrap();
    let is_there = async || matches!(services.secrets.read(&msp, &secret).await, Ok(Some(_)));
    deliver(&sandbox, &sweep).await;
    assert!(is_there().await, "the call may still be under way");
    advance(&sandbox, 7_200).await;
    deliver(&sandbox, &sweep).await;
    assert!(!is_there().await);
    // Those of the integrations that there are still read their PSAs.
    for kind in requirements::stage::KINDS {
        fetch(&sandbox.api("ana"), kind).await;
    }
    sandbox.stop().await;
}

async fn r52_of_a_start_and_a_removal_at_once_one_wins(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    let imports = format!("{path}/imports");
    let body = json!({});
    let (started, removed) = tokio::join!(
        call(&ana, Method::POST, &imports, Some(&body)),
        call(&ana, Method::DELETE, &path, None)
    );
    match (started.status.as_u16(), removed.status.as_u16()) {
        (202, 423) => assert_eq!(fetched(&ana, text(&started.body["id"])).await["state"], "review"),
        (404, 200) => {}
        both => panic!("{both:?}"),
    }
    sandbox.stop().await;
}
