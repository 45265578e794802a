//! What administrators are told, and what they are refused.

use domain::psa::PsaKind;
use futures::future::join_all;
use reqwest::Method;
use sandbox::Sandbox;
use sandbox::api::{Answer, Api};
use serde_json::{Value, json};

use crate::run::{KINDS, PATIENCE, choose, directory, fetch, plan, sandbox};

fn psa(kind: &str) -> PsaKind {
    if kind == "connectwise" {
        PsaKind::Connectwise
    } else {
        PsaKind::Autotask
    }
}

async fn submit(sandbox: &Sandbox, body: &Value) -> Answer {
    sandbox
        .api("ana")
        .call(Method::POST, "/integrations", Some(body))
        .await
        .unwrap()
}

async fn integrations(sandbox: &Sandbox) -> usize {
    sandbox.api("ana").list("/integrations").await.unwrap().len()
}

#[tokio::test]
async fn r05_credentials_are_checked_before_they_are_stored() {
    let sandbox = sandbox().await;
    for (kind, field) in [("connectwise", "privateKey"), ("autotask", "secret")] {
        let right = sandbox.psas.integration(psa(kind));
        let with = |value: &str| {
            let mut body = right.clone();
            body["credentials"][field] = json!(value);
            body
        };
        let before = integrations(&sandbox).await;
        sandbox.psas.get(psa(kind)).requests().clear();
        let blank = submit(&sandbox, &with(" ")).await;
        assert_eq!(
            (blank.status.as_u16(), &blank.body["code"]),
            (400, &json!("credentials_required"))
        );
        assert_eq!(blank.body["field"], field);
        assert!(
            sandbox.psas.get(psa(kind)).requests().items().is_empty(),
            "nothing is asked with blank credentials"
        );

        let wrong = submit(&sandbox, &with("s3cret-but-wrong")).await;
        assert_eq!(
            (wrong.status.as_u16(), &wrong.body["code"]),
            (422, &json!("psa_unauthorized")),
            "{}",
            wrong.body
        );
        assert_eq!(integrations(&sandbox).await, before);

        let good = submit(&sandbox, &right).await;
        assert_eq!(good.status.as_u16(), 201, "{}", good.body);
        assert!(good.headers.contains_key("location"));
        let secret = right["credentials"][field].as_str().unwrap();
        for answer in [
            &wrong.body,
            &good.body,
            &sandbox.api("ana").get("/integrations").await.unwrap(),
        ] {
            assert!(!answer.to_string().contains(secret) && !answer.to_string().contains("s3cret"));
        }
        assert_eq!(integrations(&sandbox).await, before + 1);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r42_each_failure_of_the_psa_has_its_code_in_english_and_dutch() {
    let sandbox = sandbox().await;
    let denied = json!({ "errors": ["The logged in Resource does not have the adequate permissions to query this entity type."] });
    let security =
        json!({ "code": "Security", "message": "You do not have security permission to perform this action." });
    for kind in KINDS {
        let forbidden = if kind == "connectwise" {
            (403, &security)
        } else {
            (500, &denied)
        };
        let cases = [
            ("psa_server_error", 502, json!({ "status": 503 })),
            ("psa_unauthorized", 422, json!({ "status": 401 })),
            (
                "psa_forbidden",
                422,
                json!({ "status": forbidden.0, "body": forbidden.1.to_string() }),
            ),
            (
                "psa_invalid_response",
                502,
                json!({ "status": 200, "body": "<html>Sign in</html>" }),
            ),
            ("psa_unknown_error", 502, json!({ "reset": true })),
        ];
        for (code, status, answer) in cases {
            let faults = sandbox.psas.get(psa(kind)).faults().clone();
            faults.add(
                serde_json::from_value(json!({ "match": { "path": "(?i)companies(/query)?$" }, "answer": answer }))
                    .unwrap(),
            );
            let body = sandbox.psas.integration(psa(kind));
            let english = submit(&sandbox, &body).await;
            assert_eq!(
                (&english.body["code"], english.status.as_u16()),
                (&json!(code), status),
                "{kind}: {}",
                english.body
            );
            assert_eq!(english.headers["content-type"], "application/problem+json");
            assert!(
                english.body["retryable"].is_boolean()
                    && english.body["correlationId"].as_str().is_some_and(|id| !id.is_empty())
            );
            let ana = sandbox.api("ana");
            let dutch = ana
                .call_in("nl-BE, en;q=0.5", Method::POST, "/integrations", Some(&body))
                .await
                .unwrap();
            assert_eq!(dutch.body["code"], code);
            assert_ne!(dutch.body["detail"], english.body["detail"]);
            faults.clear();
        }
    }
    assert_eq!(integrations(&sandbox).await, 2);
    sandbox.stop().await;
}

#[tokio::test]
async fn r42_an_import_that_the_psa_fails_says_why_and_sets_the_integration_free() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for kind in KINDS {
        let integration = ana.integration(kind).await.unwrap();
        sandbox.psas.get(psa(kind)).faults().add(
            serde_json::from_value(json!({ "match": { "path": "(?i)contacts" }, "answer": { "status": 503 } }))
                .unwrap(),
        );
        let import = ana.start(&integration, &json!({})).await.unwrap();
        let failed = ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
        assert_eq!(
            (&failed["state"], &failed["error"]["code"]),
            (&json!("failed"), &json!("psa_server_error")),
            "{failed}"
        );
        sandbox.psas.get(psa(kind)).faults().clear();
        fetch(&ana, kind).await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r07_a_filter_that_the_psa_does_not_have_is_named_and_the_last_one_is_offered_again() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for kind in KINDS {
        let integration = ana.integration(kind).await.unwrap();
        let path = format!("/integrations/{integration}/imports");
        for filter in [
            json!({ "shoeSize": ["43"] }),
            json!({ "companyType": ["no-such-value"] }),
        ] {
            let answer = ana
                .call(Method::POST, &path, Some(&json!({ "filter": filter })))
                .await
                .unwrap();
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (400, &json!("invalid_filter")),
                "{}",
                answer.body
            );
            assert!(filter.get(answer.body["attribute"].as_str().unwrap()).is_some());
        }
        let attributes = ana
            .list(&format!("/integrations/{integration}/attributes"))
            .await
            .unwrap();
        let types = attributes
            .iter()
            .find(|attribute| attribute["id"] == "companyType")
            .unwrap();
        let filter = json!({ "companyType": [types["values"][0]["id"]] });
        ana.start(&integration, &filter).await.unwrap();
        assert_eq!(
            ana.get(&format!("/integrations/{integration}")).await.unwrap()["lastFilter"],
            filter
        );
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r03_another_msp_finds_nothing_and_nobody_gets_in_without_a_token() {
    let sandbox = sandbox().await;
    let (ana, other) = (sandbox.api("ana"), sandbox.api("otherMsp"));
    let integration = ana.integration("autotask").await.unwrap();
    let import = fetch(&ana, "autotask").await;
    assert_eq!(other.list("/integrations").await.unwrap(), Vec::<Value>::new());
    assert_eq!(other.list("/managed-companies").await.unwrap(), Vec::<Value>::new());
    let reads = ["attributes", "imports", ""].map(|what| {
        format!("/integrations/{integration}/{what}")
            .trim_end_matches('/')
            .to_owned()
    });
    let more = ["", "/companies", "/plan", "/result"].map(|what| format!("/imports/{import}{what}"));
    for path in reads.iter().chain(&more) {
        assert_eq!(
            other.call(Method::GET, path, None).await.unwrap().status.as_u16(),
            404,
            "{path}"
        );
        let nobody = Api::new(&sandbox.face.api, "not-a-token");
        assert_eq!(
            nobody.call(Method::GET, path, None).await.unwrap().status.as_u16(),
            401,
            "{path}"
        );
    }
    let unknown = ana
        .call(Method::POST, "/integrations/no-such/imports", Some(&json!({})))
        .await
        .unwrap();
    assert_eq!(
        (unknown.status.as_u16(), &unknown.body["code"]),
        (404, &json!("integration_not_found"))
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn r45_of_simultaneous_starts_exactly_one_wins() {
    let sandbox = sandbox().await;
    let callers = [sandbox.api("ana"), sandbox.api("bram")];
    let integration = callers[0].integration("connectwise").await.unwrap();
    let path = format!("/integrations/{integration}/imports");
    for _ in 0..3 {
        let body = json!({});
        let starts = (0..64).map(|n| callers[n % 2].call(Method::POST, &path, Some(&body)));
        let answers: Vec<Answer> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status.as_u16() == 202).collect();
        assert_eq!(winners.len(), 1);
        let refused = |answer: &&Answer| answer.status.as_u16() == 423 && answer.body["code"] == "integration_locked";
        assert_eq!(answers.iter().filter(refused).count(), 63);
        assert!(
            answers
                .iter()
                .filter(refused)
                .all(|answer| answer.body["lockedBy"] == winners[0].body["startedBy"])
        );
        let import = format!("/imports/{}", winners[0].body["id"].as_str().unwrap());
        for caller in &callers {
            // Only whose import it is may end it.
            let _ = caller.call(Method::DELETE, &import, None).await.unwrap();
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r46_too_few_licences_refuse_the_whole_import() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, 3).await;
        let needed = plan(&ana, &import).await["licences"]["needed"].as_u64().unwrap();
        let used = ana.get("/licences").await.unwrap()["used"].as_u64().unwrap();
        ana.put("/licences", &json!({ "total": used + needed - 1 }))
            .await
            .unwrap();
        let before = directory(&ana).await;
        let confirm = json!({ "planHash": plan(&ana, &import).await["hash"] });
        let answer = ana
            .call(Method::POST, &format!("/imports/{import}/execute"), Some(&confirm))
            .await
            .unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (409, &json!("insufficient_licences"))
        );
        assert_eq!(
            (&answer.body["needed"], &answer.body["available"]),
            (&json!(needed), &json!(needed - 1))
        );
        assert_eq!(directory(&ana).await, before);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r08_there_are_no_tabs_before_all_has_arrived() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    sandbox.pause(true).await;
    let integration = ana.integration("autotask").await.unwrap();
    let import = ana.start(&integration, &json!({})).await.unwrap();
    let answer = ana
        .call(Method::GET, &format!("/imports/{import}/companies"), None)
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (409, &json!("wrong_state"))
    );
    sandbox.pause(false).await;
    let now = ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(
        (
            &now["progress"]["companies"],
            &now["progress"]["contacts"],
            &now["progress"]["total"]
        ),
        (&json!(40), &json!(600), &json!(640))
    );
    sandbox.stop().await;
}
