//! Section A: integrations, who may use them, and what becomes of their credentials.

use requirements::import::{fetch, fetch_failing, first_import_of, start};
use requirements::problem::{assert_problem, call};
use requirements::stage::{KINDS, advance, integration, name, quick, sandbox, secret_field, text};
use requirements::unattended::deliver;
use requirements::{Answer, Api, Options, PsaKind, Sandbox, behind, faults, for_both, import};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r02_an_import_without_an_integration_is_refused,
    r04_two_integrations_of_one_kind_stand_side_by_side,
    r05_a_blank_credential_is_named_and_nothing_is_asked,
    r05_wrong_credentials_are_refused_and_stored_nowhere,
    r05_credentials_are_checked_with_one_row_of_each_list_before_they_are_stored,
    r05_rejected_credentials_are_replaced_without_losing_mappings,
    r05_lost_credentials_are_asked_for_and_replaced_without_losing_mappings,
    r52_deleted_credentials_are_asked_for_and_replaced_without_losing_mappings,
    r50_an_address_that_may_be_private_is_refused,
);

async fn r02_an_import_without_an_integration_is_refused(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let known = integration(&ana, kind).await;
    for (who, id) in [("ana", "no-such-integration"), ("otherMsp", &known)] {
        let path = format!("/integrations/{id}/imports");
        let answer = call(&sandbox.api(who), Method::POST, &path, Some(&json!({}))).await;
        assert_problem(&answer, 404, "integration_not_found");
    }
    sandbox.stop().await;
}

async fn r04_two_integrations_of_one_kind_stand_side_by_side(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut second = sandbox.psas.integration(kind);
    second["name"] = json!("Tweede koppeling");
    let second = ana.post("/integrations", &second).await.unwrap();
    let second = text(&second["id"]);

    // What is mapped in one is not in the other, and neither locks the other.
    let first = first_import_of(&ana, kind, 2).await;
    let of_first = fetch(&ana, kind).await;
    let of_second = ana.start(second, &json!({})).await.unwrap();
    assert_eq!(import::fetched(&ana, &of_second).await["state"], "review");
    for row in &first.chosen {
        let id = text(&row["id"]);
        assert_eq!(import::row(&ana, &of_first, id).await["status"], "mapped");
        let namesake = import::row(&ana, &of_second, id).await;
        assert_eq!(namesake["status"], "unmapped_possible_duplicate");
        assert_eq!(namesake.get("lastImported"), None);
    }
    sandbox.stop().await;
}

/// The fields of a submission that are credentials, by their JSON pointers.
fn credential_fields(kind: PsaKind) -> &'static [&'static str] {
    match kind {
        PsaKind::Connectwise => &[
            "/credentials/publicKey",
            "/credentials/privateKey",
            "/credentials/clientId",
            "/companyId",
        ],
        PsaKind::Autotask => &[
            "/credentials/username",
            "/credentials/secret",
            "/credentials/integrationCode",
        ],
    }
}

async fn r05_a_blank_credential_is_named_and_nothing_is_asked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = ana.get("/integrations").await.unwrap();
    let path = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    faults::forget_requests(&sandbox, kind);
    for pointer in credential_fields(kind) {
        for blank in [json!(""), json!(" \t"), Value::Null] {
            let mut body = sandbox.psas.integration(kind);
            *body.pointer_mut(pointer).unwrap() = blank;
            let mut answers = vec![call(&ana, Method::POST, "/integrations", Some(&body)).await];
            if pointer.starts_with("/credentials") {
                let replacement = json!({ "credentials": body["credentials"] });
                answers.push(call(&ana, Method::PUT, &path, Some(&replacement)).await);
            }
            for answer in answers {
                assert_problem(&answer, 400, "credentials_required");
                assert_eq!(answer.body["field"], *pointer.split('/').next_back().as_ref().unwrap());
                assert!(text(&answer.body["detail"]).contains(text(&answer.body["field"])));
            }
        }
    }
    let nothing = call(&ana, Method::PUT, &path, Some(&json!({}))).await;
    assert_problem(&nothing, 400, "credentials_required");
    assert_eq!(faults::requests(&sandbox, kind), []);
    assert_eq!(ana.get("/integrations").await.unwrap(), before);
    sandbox.stop().await;
}

/// What a wrong credential looks like; it must not appear anywhere afterwards.
const WRONG: &str = "Wr0ng-but-well-formed";

async fn r05_wrong_credentials_are_refused_and_stored_nowhere(kind: PsaKind) {
    let state = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(state.path().to_owned()),
        ..quick()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let stored = || std::fs::read_to_string(state.path().join("secrets.json")).unwrap();
    let before = (ana.get("/integrations").await.unwrap(), stored());
    let path = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    for pointer in credential_fields(kind) {
        let mut body = sandbox.psas.integration(kind);
        *body.pointer_mut(pointer).unwrap() = json!(WRONG);
        let mut answers = vec![call(&ana, Method::POST, "/integrations", Some(&body)).await];
        if pointer.starts_with("/credentials") {
            let replacement = json!({ "credentials": body["credentials"] });
            answers.push(call(&ana, Method::PUT, &path, Some(&replacement)).await);
        }
        for answer in answers {
            assert_problem(&answer, 422, "psa_unauthorized");
            assert_eq!(answer.body["retryable"], false);
            assert_nothing_secret(&sandbox, kind, &answer);
        }
    }
    assert_eq!((ana.get("/integrations").await.unwrap(), stored()), before);
    // What was stored before is still in use.
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

/// Neither a right credential nor a wrong one is repeated to anybody.
fn assert_nothing_secret(sandbox: &Sandbox, kind: PsaKind, answer: &Answer) {
    let shown = format!("{} {:?}", answer.body, answer.headers);
    let credentials = sandbox.psas.integration(kind)["credentials"].clone();
    let right = credentials.as_object().unwrap().values().map(text);
    for secret in right.chain([WRONG]) {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn r05_no_answer_ever_holds_a_credential() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for kind in KINDS {
        let mut body = sandbox.psas.integration(kind);
        let added = call(&ana, Method::POST, "/integrations", Some(&body)).await;
        assert_eq!(added.status.as_u16(), 201, "{}", added.body);
        let one = added.headers["location"].to_str().unwrap().to_owned();
        let credentials = json!({ "credentials": body["credentials"] });
        let replaced = call(&ana, Method::PUT, &format!("{one}/credentials"), Some(&credentials)).await;
        assert_eq!(replaced.status.as_u16(), 200);
        let started = call(&ana, Method::POST, &format!("{one}/imports"), Some(&json!({}))).await;
        // Bodies that are not understood must not be quoted either.
        body["credentials"][secret_field(kind)] = json!([WRONG]);
        let odd = call(&ana, Method::POST, "/integrations", Some(&body)).await;
        assert_problem(&odd, 400, "invalid_request");
        let mut answers = vec![added, replaced, started, odd];
        for path in [
            "/integrations",
            &one,
            &format!("{one}/imports"),
            &format!("{one}/attributes"),
        ] {
            answers.push(call(&ana, Method::GET, path, None).await);
        }
        for answer in &answers {
            assert_nothing_secret(&sandbox, kind, answer);
        }
    }
    sandbox.stop().await;
}

async fn r05_credentials_are_checked_with_one_row_of_each_list_before_they_are_stored(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for forbidden in [faults::COMPANIES, faults::CONTACTS] {
        faults::answer(&sandbox, kind, forbidden, &faults::forbidden(kind));
        let answer = call(
            &ana,
            Method::POST,
            "/integrations",
            Some(&sandbox.psas.integration(kind)),
        )
        .await;
        assert_problem(&answer, 422, "psa_forbidden");
        faults::clear(&sandbox, kind);
    }
    assert_eq!(ana.list("/integrations").await.unwrap().len(), 2);

    faults::forget_requests(&sandbox, kind);
    ana.post("/integrations", &sandbox.psas.integration(kind))
        .await
        .unwrap();
    let requests = faults::requests(&sandbox, kind);
    let lists = requests.iter().filter(|request| {
        let path = request.path.to_lowercase();
        ["companies", "contacts", "companies/query", "contacts/query"]
            .iter()
            .any(|list| path.ends_with(list))
    });
    let one_row = |sent: &str| match kind {
        PsaKind::Connectwise => sent.contains("pageSize=1&") || sent.ends_with("pageSize=1"),
        PsaKind::Autotask => {
            sent.to_lowercase().contains("\"maxrecords\":1,") || sent.to_lowercase().contains("\"maxrecords\":1}")
        }
    };
    let lists: Vec<bool> = lists
        .map(|request| one_row(&format!("{}{}", request.query, request.body)))
        .collect();
    assert_eq!(lists, [true, true], "{requests:?}");
    sandbox.stop().await;
}

async fn replace_credentials(sandbox: &Sandbox, ana: &Api, kind: PsaKind) {
    let path = format!("/integrations/{}/credentials", integration(ana, kind).await);
    let body = json!({ "credentials": sandbox.psas.integration(kind)["credentials"] });
    ana.put(&path, &body).await.unwrap();
}

async fn r05_rejected_credentials_are_replaced_without_losing_mappings(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    faults::answer(&sandbox, kind, "", &json!({ "status": 401 }));
    assert_eq!(fetch_failing(&ana, kind).await["error"]["code"], "psa_unauthorized");

    faults::clear(&sandbox, kind);
    replace_credentials(&sandbox, &ana, kind).await;
    assert_mapped(&ana, kind, &first.chosen).await;
    sandbox.stop().await;
}

async fn r05_lost_credentials_are_asked_for_and_replaced_without_losing_mappings(kind: PsaKind) {
    let state = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(state.path().to_owned()),
        ..quick()
    };
    let sandbox = Sandbox::start(options.clone()).await.unwrap();
    let first = first_import_of(&sandbox.api("ana"), kind, 2).await;
    sandbox.stop().await;
    std::fs::remove_file(state.path().join("secrets.json")).unwrap();

    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    assert_asked_for(&sandbox, &ana, kind).await;
    replace_credentials(&sandbox, &ana, kind).await;
    assert_mapped(&ana, kind, &first.chosen).await;
    sandbox.stop().await;
}

async fn assert_asked_for(sandbox: &Sandbox, api: &Api, kind: PsaKind) {
    let one = format!("/integrations/{}", integration(api, kind).await);
    faults::forget_requests(sandbox, kind);
    for (method, path) in [(Method::POST, "imports"), (Method::GET, "attributes")] {
        let answer = call(api, method, &format!("{one}/{path}"), None).await;
        assert_problem(&answer, 400, "credentials_required");
        assert_eq!(answer.body.get("field"), None);
    }
    assert_eq!(faults::requests(sandbox, kind), []);
}

async fn r52_deleted_credentials_are_asked_for_and_replaced_without_losing_mappings(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let secrets = behind::secrets(&sandbox).await.len();
    behind::delete_secret(&sandbox, &integration(&ana, kind).await).await;
    assert_asked_for(&sandbox, &ana, kind).await;
    // Its name is taken for a week.
    replace_credentials(&sandbox, &ana, kind).await;
    assert_mapped(&ana, kind, &first.chosen).await;
    advance(&sandbox, 7_200).await;
    deliver(&sandbox, &json!({ "sweep": {} })).await;
    assert_eq!(behind::secrets(&sandbox).await.len(), secrets);
    sandbox.stop().await;
}

async fn assert_mapped(api: &Api, kind: PsaKind, companies: &[Value]) {
    let import = fetch(api, kind).await;
    for company in companies {
        let row = import::row(api, &import, text(&company["id"])).await;
        assert_eq!(row["status"], "mapped", "{row}");
    }
}

async fn r50_an_address_that_may_be_private_is_refused(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let right = sandbox.psas.url(kind);
    let mut addresses = vec![
        "http://127.0.0.1:1".to_owned(),
        "https://127.0.0.1".to_owned(),
        "https://localhost".to_owned(),
        "https://psa.local".to_owned(),
        "https://10.0.0.8".to_owned(),
        "https://192.168.1.20/v4_6_release".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://2130706433".to_owned(),
        "https://0x7f.1".to_owned(),
        "https://[::1]".to_owned(),
        "https://[::ffff:10.0.0.1]".to_owned(),
        "https://[fe80::1]".to_owned(),
        "https://psa.example.com:8443".to_owned(),
        "http://psa.example.com".to_owned(),
        right.replacen("http://", "http://ana:geheim@", 1),
        format!("{right}0"),
    ];
    if kind == PsaKind::Autotask {
        addresses.push("https://autotask.net.example.com".to_owned());
    }
    faults::forget_requests(&sandbox, kind);
    for address in addresses {
        let mut body = sandbox.psas.integration(kind);
        body["address"] = json!(address);
        let answer = call(&ana, Method::POST, "/integrations", Some(&body)).await;
        assert_eq!(answer.body["code"], "invalid_psa_address", "{address}: {}", answer.body);
        assert_problem(&answer, 400, "invalid_psa_address");
        assert!(!answer.body.to_string().contains("geheim"));
        assert_nothing_secret(&sandbox, kind, &answer);
    }
    assert_eq!(faults::requests(&sandbox, kind), []);
    assert_eq!(ana.list("/integrations").await.unwrap().len(), 2);
    sandbox.stop().await;
}

#[tokio::test]
async fn r01_both_psas_are_set_up_by_kind_alone() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for kind in KINDS {
        let body = sandbox.psas.integration(kind);
        assert_eq!(body["kind"], name(kind));
        let added = ana.post("/integrations", &body).await.unwrap();
        assert_eq!((&added["kind"], &added["name"]), (&body["kind"], &body["name"]));
        assert_eq!(added["address"], body["address"]);
    }
    let mut unknown = sandbox.psas.integration(PsaKind::Autotask);
    unknown["kind"] = json!("halo");
    let answer = call(&ana, Method::POST, "/integrations", Some(&unknown)).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/kind");
    // An import of each runs at the same time as the other.
    for kind in KINDS {
        start(&ana, kind, &json!({})).await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r05_a_login_company_that_cannot_be_one_is_named_and_nothing_is_asked() {
    let (sandbox, kind) = (sandbox().await, PsaKind::Connectwise);
    let ana = sandbox.api("ana");
    faults::forget_requests(&sandbox, kind);
    for bad in ["a/b", "a+b", "a:b", "a\\b"] {
        let mut body = sandbox.psas.integration(kind);
        body["companyId"] = json!(bad);
        let answer = call(&ana, Method::POST, "/integrations", Some(&body)).await;
        assert_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], "/companyId");
    }
    assert!(faults::requests(&sandbox, kind).is_empty());
    sandbox.stop().await;
}
