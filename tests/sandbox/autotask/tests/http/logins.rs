use reqwest::Method;
use serde_json::{Value, json};
use sim_autotask::{INTEGRATION_CODE, SECRET, USERNAME};

use crate::client::{Sandbox, answer, everything, start};

const NO_PERMISSION: &str = "The logged in Resource does not have the adequate permissions to query this entity type.";

async fn with(sandbox: &Sandbox, user: Option<&str>, secret: Option<&str>, code: Option<&str>) -> (u16, Value) {
    let mut request = sandbox.open(Method::GET, "/ATServicesRest/V1.0/Companies/0");
    for (name, value) in [("username", user), ("SECRET", secret), ("APIIntegrationcode", code)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    answer(request).await
}

#[tokio::test]
async fn any_missing_or_wrong_credential_is_401_without_a_body() {
    let sandbox = start().await;
    let right = [Some(USERNAME), Some(SECRET), Some(INTEGRATION_CODE)];
    assert_eq!(with(&sandbox, right[0], right[1], right[2]).await.0, 200);
    for wrong in [None, Some(""), Some("wrong")] {
        for at in 0..3 {
            let mut used = right;
            used[at] = wrong;
            assert_eq!(
                with(&sandbox, used[0], used[1], used[2]).await,
                (401, json!("")),
                "{at} {wrong:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_integration_code_may_be_a_500_by_switch() {
    let sandbox = start().await;
    sandbox.switch(json!({"badIntegrationCodeStatus": 500}));
    let wrong = with(&sandbox, Some(USERNAME), Some(SECRET), Some("wrong")).await;
    assert_eq!(wrong, (500, json!({"errors": ["IntegrationCode is invalid"]})));
    assert_eq!(
        with(&sandbox, Some(USERNAME), Some("wrong"), Some("wrong")).await.0,
        401
    );
}

#[tokio::test]
async fn a_missing_permission_is_a_500_on_that_entitys_rows_only() {
    let sandbox = start().await;
    sandbox.switch(json!({"denied": ["Contacts"]}));
    let refused = (500, json!({"errors": [NO_PERMISSION]}));
    let all = json!({"filter": everything()});
    for path in ["Contacts/query", "Contacts/query/count"] {
        assert_eq!(sandbox.post(path, &all).await, refused);
    }
    for path in ["Contacts/30682001", "Companies/29683002/Contacts"] {
        assert_eq!(sandbox.get(path).await, refused);
    }
    assert_eq!(sandbox.get("Contacts/entityInformation/fields").await.0, 200);
    assert_eq!(sandbox.query("Companies", &all).await["pageDetails"]["count"], 40);
    sandbox.switch(json!({"deniedStatus": 403}));
    assert_eq!(sandbox.post("Contacts/query", &all).await.0, 403);
}

#[tokio::test]
async fn a_restricted_security_level_sees_no_rows_and_no_error() {
    let sandbox = start().await;
    sandbox.switch(json!({"restricted": ["Companies"]}));
    assert!(sandbox.ids("Companies", everything()).await.is_empty());
    assert_eq!(sandbox.count("Companies", everything()).await, 0);
    assert_eq!(sandbox.get("Companies/0").await, (200, json!({"item": null})));
    assert_eq!(sandbox.count("Contacts", everything()).await, 600);
}

#[tokio::test]
async fn a_line_of_business_hides_single_companies_and_not_their_contacts() {
    let sandbox = start().await;
    let all = sandbox.ids("Companies", everything()).await;
    let hidden = all[7];
    sandbox.switch(json!({"hiddenCompanies": [hidden]}));
    let shown = sandbox.ids("Companies", everything()).await;
    assert!(!shown.contains(&hidden) && shown.len() == all.len() - 1);
    assert_eq!(sandbox.count("Companies", everything()).await, shown.len() as u64);
    let one = sandbox.get(&format!("Companies/{hidden}")).await;
    assert_eq!(one, (200, json!({"item": null})));
    assert_eq!(sandbox.count("Contacts", everything()).await, 600);
}

#[tokio::test]
async fn impersonation_must_not_be_sent_on_a_query() {
    let sandbox = start().await;
    let request = sandbox
        .request(Method::POST, "Companies/query")
        .header("ImpersonationResourceId", "29682885");
    let refused = answer(request.body(json!({"filter": everything()}).to_string())).await;
    assert_eq!(refused, (500, json!({"errors": [NO_PERMISSION]})));
}

#[tokio::test]
async fn a_user_is_locked_after_failed_logins_in_a_row() {
    let sandbox = start().await;
    sandbox.switch(json!({"lockAfter": 2}));
    let attempt = async |secret| {
        with(&sandbox, Some(USERNAME), Some(secret), Some(INTEGRATION_CODE))
            .await
            .0
    };
    for _ in 0..2 {
        assert_eq!(
            [attempt("a").await, attempt(SECRET).await],
            [401, 200],
            "a success starts the row anew"
        );
    }
    assert_eq!(
        [attempt("a").await, attempt("a").await, attempt(SECRET).await],
        [401, 401, 401]
    );
    sandbox.switch(json!({"lockAfter": null}));
    assert_eq!(attempt(SECRET).await, 200);
}
