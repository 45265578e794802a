//! Changing users and companies, and what the importer must never do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{answer, start};

const USER: &str = "/v1/managed-companies/1101/users/50101";

#[tokio::test]
async fn a_name_is_changed_and_the_answer_is_as_switched() {
    let sandbox = start().await;
    for (switch, status, body) in [("noContent", 204, json!("")), ("accepted", 202, json!(""))] {
        sandbox.switch("patchReply", switch);
        assert_eq!(sandbox.patch(50101, json!({"name": switch})).await, (status, body));
        assert_eq!(sandbox.get(USER).await.1["name"], switch);
    }
    sandbox.switch("patchReply", "user");
    let (status, user) = sandbox.patch(50101, json!({"name": "Jan"})).await;
    assert_eq!(
        (status, &user["name"], &user["email"]),
        (200, &json!("Jan"), &json!("jan@jansen.example"))
    );
}

#[tokio::test]
async fn an_enrolled_users_address_changes_as_switched() {
    for (switch, status, email) in [
        ("refused", 400, "jan@jansen.example"),
        ("atOnce", 200, "new@jansen.example"),
        ("pending", 200, "jan@jansen.example"),
        ("ignored", 200, "jan@jansen.example"),
    ] {
        let sandbox = start().await;
        sandbox.switch("patchFields", switch);
        assert_eq!(
            sandbox.patch(50101, json!({"email": "new@jansen.example"})).await.0,
            status,
            "{switch}"
        );
        assert_eq!(sandbox.get(USER).await.1["email"], email, "{switch}");
    }
}

#[tokio::test]
async fn r84_a_pending_address_mails_the_old_one_and_counts_after_signing_in() {
    let sandbox = start().await;
    sandbox.switch("patchFields", "pending");
    sandbox.patch(50101, json!({"email": "new@jansen.example"})).await;
    let mails = sandbox.mails();
    assert_eq!(
        (&mails[0]["kind"], &mails[0]["to"]),
        (&json!("addressChange"), &json!("jan@jansen.example"))
    );
    sandbox.change(json!({"signIn": [50101]}));
    assert_eq!(sandbox.get(USER).await.1["email"], "new@jansen.example");
}

#[tokio::test]
async fn who_never_enrolled_keeps_the_address_unless_switched() {
    let sandbox = start().await;
    sandbox.switch("patchFields", "atOnce");
    assert_eq!(
        sandbox.patch(50102, json!({"email": "new@jansen.example"})).await.0,
        400
    );
    sandbox.switch("stagedAddressChange", "atOnce");
    let (status, user) = sandbox.patch(50102, json!({"email": "new@jansen.example"})).await;
    assert_eq!((status, &user["email"]), (200, &json!("new@jansen.example")));
    assert_eq!(
        sandbox.patch(50101, json!({"email": "NEW@jansen.example"})).await.0,
        409
    );
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let sandbox = start().await;
    let before = sandbox.get(USER).await;
    for body in [
        json!({"name": "X", "email": "new@jansen.example"}),
        json!({"name": "X", "accountStatus": "staged"}),
        json!({"name": 7}),
        json!({"name": "X", "email": "nonsense"}),
    ] {
        assert_eq!(sandbox.patch(50101, body).await.0, 400);
    }
    assert_eq!(sandbox.get(USER).await, before);
}

#[tokio::test]
async fn r88_detaching_deleting_suspending_and_disabling_are_recorded() {
    let sandbox = start().await;
    let company = "/v1/managed-companies/1101";
    sandbox.patch(50101, json!({"accountStatus": "disabled"})).await;
    assert_eq!(sandbox.get(USER).await.1["accountStatus"], "disabled");
    sandbox.patch(50101, json!({"accountStatus": "enrolled"})).await;
    assert_eq!(sandbox.get(USER).await.1["accountStatus"], "enrolled");
    sandbox
        .send(Method::PUT, company, json!({"status": "suspended", "licenseLimit": 1}))
        .await;
    assert_eq!(answer(sandbox.request(Method::DELETE, USER)).await.0, 204);
    assert_eq!(sandbox.get(USER).await.0, 404);
    assert_eq!(answer(sandbox.request(Method::DELETE, company)).await.0, 204);
    assert!(sandbox.walk("/v1/managed-companies").await.is_empty());
    assert_eq!(
        sandbox.forbidden(),
        ["disable", "suspend", "lowerLimit", "delete", "detach"]
    );
}

#[tokio::test]
async fn r88_a_call_that_is_refused_is_recorded_too() {
    let sandbox = start().await;
    sandbox.switch("deleteSemantics", "failure");
    assert_eq!(answer(sandbox.request(Method::DELETE, USER)).await.0, 500);
    assert_eq!(sandbox.get(USER).await.0, 200);
    assert_eq!(
        answer(sandbox.request(Method::DELETE, "/v1/managed-companies/9"))
            .await
            .0,
        404
    );
    assert_eq!(sandbox.forbidden(), ["delete", "detach"]);
}

#[tokio::test]
async fn a_put_keeps_or_resets_what_it_leaves_out() {
    let sandbox = start().await;
    let put = |body: Value| sandbox.send(Method::PUT, "/v1/managed-companies/1101", body);
    assert_eq!(put(json!({"addons": ["sso"]})).await.0, 202);
    let listed = sandbox.walk("/v1/managed-companies").await;
    assert_eq!(
        (&listed[0]["licenseLimit"], &listed[0]["addons"]),
        (&json!(5), &json!(["sso"]))
    );
    sandbox.switch("putOmittedField", "reset");
    put(json!({"name": "Anders"})).await;
    let listed = sandbox.walk("/v1/managed-companies").await;
    assert_eq!(
        (&listed[0]["licenseLimit"], &listed[0]["addons"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(listed[0]["name"], "Bakkerij Jansen", "a name cannot be updated");
}
