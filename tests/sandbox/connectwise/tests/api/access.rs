//! Codebase discovery, credentials, rights, versions.

use serde_json::{Value, json};
use sim_connectwise::{CLIENT_ID, COMPANY_ID, PRIVATE_KEY, PUBLIC_KEY};

use crate::support::{Answer, Sim, sent, small};

const COMPANIES: &str = "company/companies";

#[tokio::test]
async fn discovery_needs_no_credentials_and_tells_the_codebase() {
    let sim = small().await;
    let info = sent(sim.bare(&format!("login/companyinfo/{COMPANY_ID}"))).await.json();
    assert_eq!(info["Codebase"], "v2025_1/");
    assert_eq!(info["IsCloud"], "True");
    assert_eq!(info["CompanyID"], COMPANY_ID);
    sim.switch(json!({"isCloudBoolean": true, "codebase": "v4_6_release/", "siteUrl": "169.254.169.254"}));
    let info = sent(sim.bare(&format!("login/companyinfo/{COMPANY_ID}"))).await.json();
    assert_eq!(
        (&info["Codebase"], &info["IsCloud"]),
        (&json!("v4_6_release/"), &json!(false))
    );
    assert_eq!(info["SiteUrl"], "169.254.169.254");
}

#[tokio::test]
async fn an_unknown_company_is_null() {
    let sim = small().await;
    let answer = sent(sim.bare("login/companyinfo/nobody")).await;
    assert_eq!((answer.status, answer.json()), (200, Value::Null));
}

fn with_codebase(sim: &Sim, codebase: &str) -> reqwest::RequestBuilder {
    let request = sim.bare(&format!("{codebase}/apis/3.0/{COMPANIES}?pageSize=1"));
    request
        .basic_auth(format!("{COMPANY_ID}+{PUBLIC_KEY}"), Some(PRIVATE_KEY))
        .header("ClientID", CLIENT_ID)
}

#[tokio::test]
async fn after_an_upgrade_the_old_codebase_is_gone_and_the_router_still_leads_there() {
    let sim = small().await;
    for codebase in ["v2025_1", "v4_6_release", "V4_6_Release"] {
        assert_eq!(sent(with_codebase(&sim, codebase)).await.status, 200, "{codebase}");
    }
    sim.switch(json!({"codebase": "v2025_2/"}));
    let info = sent(sim.bare(&format!("login/companyinfo/{COMPANY_ID}"))).await.json();
    assert_eq!(info["Codebase"], "v2025_2/");
    assert_eq!(sent(with_codebase(&sim, "v2025_1")).await.status, 404);
    assert_eq!(sent(with_codebase(&sim, "v2025_2")).await.status, 200);
    assert_eq!(sent(with_codebase(&sim, "v4_6_release")).await.status, 200);
    sim.switch(json!({"routesV46Release": false}));
    assert_eq!(sent(with_codebase(&sim, "v4_6_release")).await.status, 404);
}

async fn signed_as(sim: &Sim, user: &str, key: &str, client: Option<&str>) -> Answer {
    let request = sim
        .bare(&format!("v2025_1/apis/3.0/{COMPANIES}?pageSize=1"))
        .basic_auth(user, Some(key));
    sent(match client {
        Some(client) => request.header("clientId", client),
        None => request,
    })
    .await
}

#[tokio::test]
async fn wrong_credentials_are_401_or_as_the_switch_says() {
    let sim = small().await;
    let right = format!("{COMPANY_ID}+{PUBLIC_KEY}");
    for (user, key) in [
        (right.as_str(), "x"),
        ("other+SimulatedPublicKey", PRIVATE_KEY),
        (PUBLIC_KEY, PRIVATE_KEY),
    ] {
        let (status, code, message) = signed_as(&sim, user, key, Some(CLIENT_ID)).await.error();
        assert_eq!((status, code), (401, json!("Unauthorized")), "{user}");
        assert!(message.contains("supplied authentication is incorrect"));
    }
    assert_eq!(
        sent(sim.bare("v2025_1/apis/3.0/company/contacts/count")).await.status,
        401
    );
    sim.switch(json!({"badCredentials": "notFound"}));
    assert_eq!(signed_as(&sim, &right, "x", Some(CLIENT_ID)).await.status, 404);
    sim.switch(json!({"badCredentials": "notAuthenticated"}));
    let (status, code, message) = signed_as(&sim, &right, "x", Some(CLIENT_ID)).await.error();
    assert_eq!(
        (status, code, message.as_str()),
        (401, json!("ConnectWiseApi"), "UserNotAuthenticated")
    );
}

#[tokio::test]
async fn a_missing_or_unknown_client_is_refused_with_the_status_switched() {
    let sim = small().await;
    let user = format!("{COMPANY_ID}+{PUBLIC_KEY}");
    for status in [403, 400, 401] {
        sim.switch(json!({"clientIdRejection": status}));
        for client in [None, Some("00000000-0000-0000-0000-000000000000")] {
            let answer = signed_as(&sim, &user, PRIVATE_KEY, client).await;
            assert_eq!(answer.status, status);
            assert!(answer.text.to_lowercase().contains("clientid"));
        }
    }
    sim.switch(json!({"clientIdRejection": null}));
    assert_eq!(signed_as(&sim, &user, PRIVATE_KEY, None).await.status, 200);
}

#[tokio::test]
async fn a_role_without_rights_gets_403_for_what_it_may_not_read() {
    let sim = small().await;
    let forbidden = (
        403,
        json!("Security"),
        "You do not have security permission to perform this action.".to_owned(),
    );
    sim.switch(json!({"contactsForbidden": true}));
    for path in [
        "company/contacts",
        "company/contacts/count",
        "company/contacts/3001",
        "company/contacts/3001/communications",
    ] {
        assert_eq!(sim.get(path, &[]).await.error(), forbidden, "{path}");
    }
    assert_eq!(sim.get("company/companies", &[]).await.status, 200);
    assert_eq!(sim.get("company/contacts/types", &[]).await.status, 200);
    sim.switch(json!({"contactsForbidden": false, "companiesForbidden": true}));
    for path in [
        "company/companies",
        "company/companies/2",
        "company/companytypeassociations",
        "company/companies/info",
    ] {
        assert_eq!(sim.get(path, &[]).await.error(), forbidden, "{path}");
    }
    assert_eq!(sim.get("company/contacts", &[]).await.status, 200);
    assert_eq!(sim.get("company/companies/statuses", &[]).await.status, 200);
    sim.switch(json!({"infoListsOpen": true}));
    assert_eq!(sim.get("company/companies/info", &[]).await.status, 200);
}

#[tokio::test]
async fn a_role_without_company_rights_sees_every_contact_without_company_and_site() {
    let sim = small().await;
    let with_company = sim.contacts_where("company/id != null").await;
    assert!(with_company.len() > 500);
    sim.switch(json!({"contactsLoseCompany": true}));
    assert_eq!(sim.contacts_where("company/id != null").await, [0; 0]);
    let contact = sim.contact(with_company[0]).await;
    assert_eq!((contact.get("company"), contact.get("site")), (None, None));
    assert!(contact.get("firstName").is_some());
}

#[tokio::test]
async fn a_role_may_hide_single_companies_or_all_contacts() {
    let sim = small().await;
    let all = sim.contacts_where("company/id > 0").await;
    let company = sim.contact(all[0]).await["company"]["id"].as_i64().unwrap();
    sim.switch(json!({"hiddenCompanies": [company]}));
    assert_eq!(sim.get(&format!("company/companies/{company}"), &[]).await.status, 404);
    assert_eq!(sim.contacts_where("company/id > 0").await, all);
    sim.switch(json!({"contactsHidden": true}));
    assert_eq!(sim.contacts_where("company/id > 0").await, [0; 0]);
}

#[tokio::test]
async fn plain_http_can_be_refused() {
    let sim = small().await;
    sim.switch(json!({"sslRequired": 403}));
    let answer = sim.get(COMPANIES, &[]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({"code": "Security", "message": "SSL is required.", "errors": null})
    );
}

#[tokio::test]
async fn system_info_wants_credentials_unless_switched() {
    let sim = small().await;
    assert_eq!(sent(sim.bare("v2025_1/apis/3.0/system/info")).await.status, 401);
    sim.switch(json!({"systemInfoNeedsAuth": false}));
    let info = sent(sim.bare("v2025_1/apis/3.0/system/info")).await.json();
    assert!(info["version"].as_str().unwrap().starts_with('v'));
    assert_eq!(info["isCloud"], true);
}

#[tokio::test]
async fn other_verbs_are_405() {
    let sim = small().await;
    let url = format!("{}/v2025_1/apis/3.0/company/companies/2", sim.origin);
    for method in [
        reqwest::Method::POST,
        reqwest::Method::PATCH,
        reqwest::Method::PUT,
        reqwest::Method::DELETE,
    ] {
        let answer = sent(reqwest::Client::new().request(method, &url)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
    }
}

#[tokio::test]
async fn every_accept_header_of_the_known_clients_is_served() {
    let sim = small().await;
    for accept in [
        "*/*",
        "application/json",
        "application/vnd.connectwise.com+json; version=2025.1",
        "application/vnd.connectwise.com+json; version=2021.1, application/json",
        "application/vnd.connectwise.com+json; version=3.0.0",
    ] {
        let request = sim.request(COMPANIES, &[("pageSize", "1")]).header("Accept", accept);
        assert_eq!(
            sent(request.header("Content-Type", "application/json")).await.status,
            200,
            "{accept}"
        );
    }
}

#[tokio::test]
async fn communication_types_refuse_an_older_model() {
    let sim = small().await;
    let path = "company/communicationTypes";
    for (version, status) in [("2019.5", 400), ("3.0.0", 400), ("2020.4", 200)] {
        let accept = format!("application/vnd.connectwise.com+json; version={version}");
        let request = sim.request(path, &[]).header("Accept", accept);
        assert_eq!(sent(request).await.status, status, "{version}");
    }
}

#[tokio::test]
async fn answers_have_the_headers_of_the_server_and_the_media_type_switched() {
    let sim = small().await;
    let answer = sim.get(COMPANIES, &[]).await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert!(answer.header("api-current-version").is_some());
    let second = sim.get(COMPANIES, &[]).await;
    assert_ne!(
        answer.header("x-cw-request-id").unwrap(),
        second.header("x-cw-request-id").unwrap()
    );
    sim.switch(json!({"contentType": "vendor"}));
    let media = "application/vnd.connectwise.com+json; version=2025.1";
    assert_eq!(sim.get(COMPANIES, &[]).await.header("content-type"), Some(media));
    assert_eq!(
        sim.get("company/companies/1", &[]).await.header("content-type"),
        Some(media)
    );
}

#[tokio::test]
async fn a_url_beyond_the_limit_is_refused() {
    let sim = small().await;
    let ids = (0..400).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    let conditions = format!("id in ({ids})");
    assert_eq!(sim.get(COMPANIES, &[("conditions", &conditions)]).await.status, 414);
    sim.switch(json!({"longestUrl": 20_000}));
    assert_eq!(sim.get(COMPANIES, &[("conditions", &conditions)]).await.status, 200);
}

#[tokio::test]
async fn an_unknown_switch_or_value_is_named_and_changes_nothing() {
    use simkit::Simulator as _;
    let sim = small().await;
    let before = sim.simulator.switches();
    let error = sim
        .simulator
        .set_switches(json!({"pageCap": 7, "codebse": "x/"}))
        .unwrap_err();
    assert!(error.contains("codebse"), "{error}");
    let error = sim
        .simulator
        .set_switches(json!({"clientIdRejection": 418}))
        .unwrap_err();
    assert!(error.contains("clientIdRejection") && error.contains("418"), "{error}");
    assert_eq!(sim.simulator.switches(), before);
    assert_eq!(sim.simulator.set_switches(json!({"pageCap": 7})).unwrap()["pageCap"], 7);
}

#[tokio::test]
async fn a_model_version_may_be_refused_everywhere() {
    let sim = small().await;
    sim.switch(json!({"refusedVersions": ["2021.1"]}));
    for (version, status) in [("2021.1", 400), ("2022.1", 200)] {
        let accept = format!("application/vnd.connectwise.com+json; version={version}");
        let answer = sent(sim.request("company/companies", &[]).header("Accept", accept)).await;
        assert_eq!(answer.status, status, "{version}");
    }
    assert_eq!(
        sim.get("company/companies", &[]).await.status,
        200,
        "without a version, the latest is meant"
    );
}
