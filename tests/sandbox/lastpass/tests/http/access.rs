//! Who may call what, and how.

use lastpass::{KEY, OTHER_KEY};
use reqwest::Method;
use serde_json::json;

use crate::client::{answer, start};

const COMPANIES: &str = "/v1/managed-companies";

#[tokio::test]
async fn a_key_is_needed_in_a_scheme_of_any_case() {
    let sandbox = start().await;
    for header in ["", "api-key", "api-key lpkey_a_b", "Bearer x", KEY] {
        let request = sandbox.open(Method::GET, COMPANIES).header("Authorization", header);
        let (status, problem) = answer(request).await;
        assert_eq!((status, &problem["title"]), (401, &json!("Unauthorized")), "{header}");
        assert_eq!(problem["instance"], COMPANIES);
    }
    for scheme in ["api-key", "Api-Key", "API-KEY"] {
        let request = sandbox
            .open(Method::GET, COMPANIES)
            .header("Authorization", format!("{scheme} {KEY}"));
        assert_eq!(answer(request).await.0, 200);
    }
}

#[tokio::test]
async fn keys_have_the_documented_form() {
    for key in [KEY, OTHER_KEY] {
        let parts: Vec<&str> = key.split('_').collect();
        let [prefix, public, secret] = parts[..] else {
            unreachable!()
        };
        assert_eq!((prefix, public.len(), secret.len()), ("lpkey", 12, 32));
    }
}

#[tokio::test]
async fn one_msp_sees_nothing_of_another() {
    let sandbox = start().await;
    let other = |path: &str| {
        answer(
            sandbox
                .open(Method::GET, path)
                .header("Authorization", format!("api-key {OTHER_KEY}")),
        )
    };
    let (_, listed) = other(COMPANIES).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["name"], "Bergbahnen Alpenblick AG");
    assert_eq!(other("/v1/managed-companies/1101/users").await.0, 404);
    assert_eq!(sandbox.get("/v1/managed-companies/1001/users").await.0, 404);
    sandbox.switch("statusForForeignCompany", "forbidden");
    assert_eq!(sandbox.get("/v1/managed-companies/1001/users").await.0, 403);
}

#[tokio::test]
async fn a_key_can_be_revoked_or_without_rights() {
    let sandbox = start().await;
    for (state, status) in [
        ("revoked", 401),
        ("notEnrolled", 403),
        ("noMspRight", 403),
        ("valid", 200),
    ] {
        sandbox.switch("keyStates", state);
        assert_eq!(sandbox.get(COMPANIES).await.0, status, "{state}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let sandbox = start().await;
    assert_eq!(sandbox.get("/v1/nothing").await.0, 404);
    assert_eq!(sandbox.get("/v2/users").await.0, 404);
    assert_eq!(sandbox.send(Method::PUT, "/v1/users", json!({})).await.0, 405);
    assert_eq!(sandbox.send(Method::PATCH, COMPANIES, json!({})).await.0, 405);
}

#[tokio::test]
async fn bodies_are_json_objects_that_say_so() {
    let sandbox = start().await;
    let post = |content: &str, body: &'static str| {
        let request = sandbox.request(Method::POST, COMPANIES).header("Content-Type", content);
        answer(request.body(body))
    };
    assert_eq!(post("text/plain", "{}").await.0, 415);
    for body in ["", "{", "[]", "1"] {
        assert_eq!(post("application/json", body).await.0, 400, "{body}");
    }
    let (status, problem) = sandbox
        .post(COMPANIES, json!({"name": "A", "type": "other", "addons": 7}))
        .await;
    assert_eq!(status, 400);
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(pointers, ["#/type", "#/addons"]);
}

#[tokio::test]
async fn unknown_properties_are_ignored_or_refused() {
    let sandbox = start().await;
    let body = json!({"name": "A", "reference": "psa-1"});
    assert_eq!(sandbox.post(COMPANIES, body.clone()).await.0, 202);
    sandbox.switch("unknownFields", "refused");
    assert_eq!(sandbox.post(COMPANIES, body).await.0, 400);
}
