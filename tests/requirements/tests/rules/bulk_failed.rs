//! Selecting the rows that failed in an earlier import (R75).

use requirements::import::{carry_out, choose, fetch, plan, select};
use requirements::problem::{assert_problem, call};
use requirements::stage::{sandbox, text};
use requirements::{PsaKind, Sandbox, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::Trouble;
use crate::survival::{MANY, far, somebody};

for_both!(
    r75_what_failed_is_selected_by_one_call,
    r75_what_failed_is_asked_for_alone_and_for_companies,
);

async fn r75_what_failed_is_selected_by_one_call(kind: PsaKind) {
    let refused = somebody(kind).await;
    let (options, _) = far(Trouble {
        refuse: Some(refused.clone()),
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let failed = fetch(&ana, kind).await;
    choose(&ana, &failed, MANY).await;
    assert_eq!(carry_out(&ana, &failed).await["users"]["failed"], 1);
    let next = fetch(&ana, kind).await;
    let answer = select(&ana, &next, json!({ "failedIn": failed })).await;
    assert_eq!(
        (&answer["matched"], &answer["leftOut"]),
        (&json!(1), &json!(0)),
        "{answer}"
    );
    let planned = plan(&ana, &next).await;
    let items = planned["items"].as_array().unwrap().iter();
    let created: Vec<&Value> = items.filter(|item| item["action"] == "createUser").collect();
    assert_eq!(created.len(), 1, "{created:?}");
    assert_eq!(created[0]["after"]["address"], refused);
    assert_eq!(select(&ana, &next, json!({ "failedIn": next })).await["matched"], 0);
    // One that no rule selects is counted, too.
    psa::deactivate(&sandbox, kind, text(&created[0]["company"]["id"]));
    ana.delete(&format!("/imports/{next}")).await.unwrap();
    let last = fetch(&ana, kind).await;
    let answer = select(&ana, &last, json!({ "failedIn": failed })).await;
    assert_eq!(
        (&answer["matched"], &answer["leftOut"]),
        (&json!(0), &json!(1)),
        "{answer}"
    );
    sandbox.stop().await;
}

async fn r75_what_failed_is_asked_for_alone_and_for_companies(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let mistakes = [
        (
            "companies",
            json!({ "failedIn": import, "status": "mapped" }),
            "/where/failedIn",
        ),
        (
            "addresses",
            json!({ "company": { "failedIn": import } }),
            "/where/company/failedIn",
        ),
    ];
    for (what, filter, pointer) in mistakes {
        let path = format!("/imports/{import}/{what}/select");
        let body = json!({ "selected": true, "where": filter });
        let answer = call(&ana, Method::POST, &path, Some(&body)).await;
        assert_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.body);
    }
    let unknown = json!({ "selected": true, "where": { "failedIn": "nowhere" } });
    let path = format!("/imports/{import}/companies/select");
    let answer = call(&ana, Method::POST, &path, Some(&unknown)).await;
    assert_problem(&answer, 404, "not_found");
    assert_eq!(
        ana.list(&format!("/imports/{import}/rules")).await.unwrap(),
        Vec::<Value>::new()
    );
    sandbox.stop().await;
}
