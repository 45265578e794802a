//! Creating, inviting and finding users.

use reqwest::Method;
use serde_json::json;

use crate::client::{answer, start};

const USERS: &str = "/v1/managed-companies/1101/users";
const NINETY_DAYS: i64 = 90 * 24 * 3600;

#[tokio::test]
async fn r86_staging_sends_no_mail_and_inviting_sends_one() {
    let sandbox = start().await;
    let staged = json!({"email": "an@jansen.example", "name": "An", "creationAccountAction": "stage"});
    let (status, user) = sandbox.post(USERS, staged).await;
    assert_eq!((status, &user["accountStatus"]), (201, &json!("staged")));
    assert!(sandbox.mails().is_empty());
    let (status, user) = sandbox.post(&format!("{USERS}/{}/invite", user["id"]), json!({})).await;
    assert_eq!((status, &user["accountStatus"]), (200, &json!("pending-invitation")));
    assert_eq!(
        sandbox.invite(1101, "els@jansen.example").await.1["accountStatus"],
        "pending-invitation"
    );
    let mails = sandbox.mails();
    let to: Vec<_> = mails.iter().map(|mail| (&mail["kind"], &mail["to"])).collect();
    let kind = json!("invitation");
    assert_eq!(
        to,
        [
            (&kind, &json!("an@jansen.example")),
            (&kind, &json!("els@jansen.example"))
        ]
    );
    assert_eq!(sandbox.post(&format!("{USERS}/50101/invite"), json!({})).await.0, 409);
}

#[tokio::test]
async fn r85_an_invitation_expires_and_can_be_sent_again() {
    let sandbox = start().await;
    let id = sandbox.invite(1101, "els@jansen.example").await.1["id"]
        .as_i64()
        .unwrap();
    let status = async || {
        sandbox.get(&format!("{USERS}/{id}")).await.1["accountStatus"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    sandbox.clock.advance(NINETY_DAYS - 60);
    assert_eq!(status().await, "pending-invitation");
    sandbox.clock.advance(60);
    assert_eq!(status().await, "expired-invitation");
    assert!(sandbox.accept(id).is_err());
    sandbox.post(&format!("{USERS}/{id}/invite"), json!({})).await;
    assert_eq!(status().await, "pending-invitation");
    sandbox.accept(id).unwrap();
    assert_eq!(status().await, "enrolled");
}

#[tokio::test]
async fn r85_users_can_enrol_with_another_address() {
    let sandbox = start().await;
    sandbox.switch("enrolWithOtherAddress", "on");
    let id = sandbox.invite(1101, "els@jansen.example").await.1["id"]
        .as_i64()
        .unwrap();
    sandbox.accept(id).unwrap();
    assert_eq!(
        sandbox.get(&format!("{USERS}/{id}")).await.1["email"],
        "own.els@jansen.example"
    );
}

#[tokio::test]
async fn an_address_in_the_company_answers_as_switched() {
    let sandbox = start().await;
    for (switch, status) in [
        ("conflict", 409),
        ("badRequest", 400),
        ("existing", 201),
        ("second", 201),
    ] {
        sandbox.switch("userExistsSameCompany", switch);
        let (found, user) = sandbox.invite(1101, "JAN@jansen.example").await;
        assert_eq!(found, status, "{switch}");
        if switch == "existing" {
            assert_eq!(
                (&user["id"], &user["email"]),
                (&json!(50101), &json!("jan@jansen.example"))
            );
        }
    }
    assert_eq!(
        sandbox.walk(&format!("{USERS}?email=jan@jansen.example")).await.len(),
        2
    );
}

#[tokio::test]
async fn an_address_elsewhere_answers_as_switched() {
    let sandbox = start().await;
    sandbox.change(json!({"companies": [{"id": 1102, "name": "B"}]}));
    for (switch, status) in [
        ("conflict", 409),
        ("badRequest", 400),
        ("forbidden", 403),
        ("pending", 201),
    ] {
        sandbox.switch("userExistsOtherCompany", switch);
        let addresses = ["jan@jansen.example", "ana@noordzee.example", "urs@bergbahnen.example"];
        for address in addresses {
            assert_eq!(sandbox.invite(1102, address).await.0, status, "{switch} {address}");
        }
    }
}

#[tokio::test]
async fn a_private_account_answers_as_switched() {
    for (switch, status, account) in [("pending", 201, "pending-invitation"), ("enrolled", 201, "enrolled")] {
        let sandbox = start().await;
        sandbox.change(json!({"privateAccounts": ["Thuis@x.example"]}));
        sandbox.switch("userHasPrivateAccount", switch);
        let (found, user) = sandbox.invite(1101, "thuis@x.example").await;
        assert_eq!((found, user["accountStatus"].as_str().unwrap()), (status, account));
        sandbox.clock.advance(14 * 24 * 3600);
        let now = sandbox.get(&format!("{USERS}/{}", user["id"])).await.1;
        assert_eq!(
            now["accountStatus"],
            if account == "enrolled" {
                "enrolled"
            } else {
                "expired-invitation"
            }
        );
    }
    let sandbox = start().await;
    sandbox.change(json!({"privateAccounts": ["thuis@x.example"]}));
    sandbox.switch("userHasPrivateAccount", "conflict");
    assert_eq!(sandbox.invite(1101, "thuis@x.example").await.0, 409);
}

#[tokio::test]
async fn r85_a_disabled_user_is_refused_or_enabled_again() {
    let sandbox = start().await;
    sandbox.change(json!({"users": [{"id": 50101, "accountStatus": "disabled"}]}));
    assert_eq!(sandbox.invite(1101, "jan@jansen.example").await.0, 409);
    sandbox.switch("disabledUserSameAddress", "enables");
    let (status, user) = sandbox.invite(1101, "jan@jansen.example").await;
    assert_eq!(
        (status, &user["id"], &user["accountStatus"]),
        (201, &json!(50101), &json!("enrolled"))
    );
    assert_eq!(
        sandbox.get(&format!("{USERS}/50101")).await.1["accountStatus"],
        "enrolled"
    );
}

#[tokio::test]
async fn what_a_new_user_needs_is_switched() {
    let sandbox = start().await;
    let (status, problem) = sandbox.post(USERS, json!({})).await;
    assert_eq!((status, problem["errors"].as_array().unwrap().len()), (400, 3));
    for (action, account) in [("invite", "pending-invitation"), ("stage", "staged")] {
        sandbox.switch("creationActionDefault", action);
        let body = json!({"email": format!("{action}@x.example"), "name": "X"});
        assert_eq!(sandbox.post(USERS, body).await.1["accountStatus"], account);
    }
    let nameless = |email: &str| json!({"email": email, "creationAccountAction": "stage"});
    assert_eq!(sandbox.post(USERS, nameless("a@x.example")).await.0, 400);
    sandbox.switch("requiredFields", "email");
    assert_eq!(sandbox.post(USERS, nameless("a@x.example")).await.0, 201);
    assert_eq!(sandbox.post(USERS, json!({"name": "X"})).await.0, 400);
    sandbox.switch("requiredFields", "nothing");
    assert_eq!(sandbox.post(USERS, json!({"name": "X"})).await.0, 201);
}

#[tokio::test]
async fn r89_a_licence_limit_warns_or_refuses() {
    for (switch, status) in [("no", 201), ("conflict", 409), ("badRequest", 400)] {
        let sandbox = start().await;
        sandbox.switch("licenseLimitEnforced", switch);
        for address in ["a@x.example", "b@x.example", "c@x.example"] {
            assert_eq!(sandbox.invite(1101, address).await.0, 201);
        }
        assert_eq!(sandbox.invite(1101, "d@x.example").await.0, status, "{switch}");
    }
}

#[tokio::test]
async fn r85_a_suspended_company_is_read_but_takes_no_users() {
    let sandbox = start().await;
    sandbox.change(json!({"companies": [{"id": 1101, "status": "suspended"}]}));
    assert_eq!(sandbox.walk(USERS).await.len(), 2);
    assert_eq!(sandbox.invite(1101, "a@x.example").await.0, 409);
    sandbox.switch("suspendedCompanyWrites", "allowed");
    assert_eq!(sandbox.invite(1101, "a@x.example").await.0, 201);
}

#[tokio::test]
async fn the_routes_of_managed_users_can_be_absent() {
    let sandbox = start().await;
    sandbox.switch("managedUserRoutes", "noList");
    assert_eq!(sandbox.get(USERS).await.0, 404);
    assert_eq!(sandbox.get("/v1/users").await.0, 200);
    sandbox.switch("managedUserRoutes", "noCreate");
    assert_eq!(sandbox.get(USERS).await.0, 200);
    assert_eq!(sandbox.invite(1101, "a@x.example").await.0, 404);
}

#[tokio::test]
async fn the_msps_own_users_have_the_same_calls() {
    let sandbox = start().await;
    assert_eq!(sandbox.names("/v1/users").await, ["Ana Technicus", "Bram Technicus"]);
    let new = json!({"email": "dirk@noordzee.example", "name": "Dirk", "creationAccountAction": "stage"});
    let (status, user) = sandbox.post("/v1/users", new).await;
    assert_eq!(status, 201);
    assert_eq!(
        sandbox
            .post(&format!("/v1/users/{}/invite", user["id"]), json!({}))
            .await
            .0,
        200
    );
    let own = sandbox.request(Method::GET, &format!("/v1/managed-companies/1101/users/{}", user["id"]));
    assert_eq!(answer(own).await.0, 404);
}

#[tokio::test]
async fn lists_can_lag_behind_writes() {
    let sandbox = start().await;
    sandbox.switch("eventualReads", "fiveSecondsLate");
    let (_, user) = sandbox.invite(1101, "a@x.example").await;
    assert_eq!(sandbox.walk(USERS).await.len(), 2);
    assert_eq!(sandbox.get(&format!("{USERS}/{}", user["id"])).await.0, 200);
    sandbox.clock.advance(5);
    assert_eq!(sandbox.walk(USERS).await.len(), 3);
}
