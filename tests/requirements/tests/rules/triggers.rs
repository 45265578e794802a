//! Section M: what a schedule or an event is answered, and that each occasion makes one import (R49).

use std::collections::HashSet;

use futures::future::join_all;
use requirements::stage::{integration, sandbox, text};
use requirements::unattended::{deliver, ended, set_policy, trigger, unattended};
use requirements::{PsaKind, faults, for_both};
use serde_json::{Value, json};

for_both!(
    r48_what_cannot_be_started_is_refused_by_name,
    r48_r63_a_psa_that_does_not_answer_uses_no_occasion_up,
    r66_a_psa_that_fails_refuses_no_trigger_and_the_import_waits_for_it,
    r49_the_same_occasion_delivered_twice_makes_one_import,
    r49_an_occasion_is_known_whatever_became_of_the_psa_since,
);

async fn r48_what_cannot_be_started_is_refused_by_name(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ours = integration(&sandbox.api("ana"), kind).await;
    let long = "x".repeat(201);
    for (msp, integration, token, code) in [
        ("noordzee", "none", "night", "integration_not_found"),
        ("alpenblick", ours.as_str(), "night", "integration_not_found"),
        ("noordzee", ours.as_str(), "", "invalid_request"),
        ("noordzee", ours.as_str(), long.as_str(), "invalid_request"),
    ] {
        let message = json!({ "msp": msp, "integration": integration, "token": token });
        let refused = json!({ "outcome": "refused", "code": code });
        assert_eq!(deliver(&sandbox, &message).await, refused, "{message}");
    }
    assert_eq!(
        sandbox
            .api("ana")
            .list(&format!("/integrations/{ours}/imports"))
            .await
            .unwrap(),
        [] as [Value; 0]
    );
    sandbox.stop().await;
}

async fn r48_r63_a_psa_that_does_not_answer_uses_no_occasion_up(kind: PsaKind) {
    let sandbox = sandbox().await;
    faults::answer(&sandbox, kind, ".*", &json!({ "status": 503 }));
    let first = trigger(&sandbox, kind, "night").await;
    assert_eq!(first["outcome"], "started");
    let failed = ended(&sandbox, text(&first["import"])).await;
    assert_eq!(failed["error"]["code"], "psa_server_error");
    assert_eq!(failed["error"]["retryable"], true);
    faults::clear(&sandbox, kind);
    let second = trigger(&sandbox, kind, "night").await;
    assert_eq!(second["outcome"], "started");
    assert_ne!(second["import"], first["import"]);
    assert_eq!(ended(&sandbox, text(&second["import"])).await["state"], "done");
    let known = json!({ "outcome": "already", "import": second["import"] });
    assert_eq!(trigger(&sandbox, kind, "night").await, known);
    sandbox.stop().await;
}

async fn r66_a_psa_that_fails_refuses_no_trigger_and_the_import_waits_for_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let ours = format!("/integrations/{}", integration(&ana, kind).await);
    let attributes = ana.list(&format!("{ours}/attributes")).await.unwrap();
    let (attribute, value) = (&attributes[0]["id"], &attributes[0]["values"][0]["id"]);
    set_policy(&ana, kind, &json!({ "filter": { text(attribute): [value] } })).await;
    faults::forget_requests(&sandbox, kind);
    faults::hold(&sandbox, kind, ".*", 0);
    let started = trigger(&sandbox, kind, "night").await;
    assert_eq!(started["outcome"], "started");
    faults::held(&sandbox, kind).await;
    faults::let_go(&sandbox).await;
    assert_eq!(ended(&sandbox, text(&started["import"])).await["state"], "done");
    assert_eq!(sandbox.errors("FetchFunction"), 0);
    sandbox.stop().await;
}

async fn r49_an_occasion_is_known_whatever_became_of_the_psa_since(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let attributes = format!("/integrations/{}/attributes", integration(&ana, kind).await);
    let attributes = ana.list(&attributes).await.unwrap();
    let filter = json!({ text(&attributes[0]["id"]): [attributes[0]["values"][0]["id"]] });
    set_policy(&ana, kind, &json!({ "filter": filter })).await;
    let started = trigger(&sandbox, kind, "night").await;
    ended(&sandbox, text(&started["import"])).await;
    faults::answer(&sandbox, kind, ".*", &json!({ "status": 401 }));
    let known = json!({ "outcome": "already", "import": started["import"] });
    assert_eq!(trigger(&sandbox, kind, "night").await, known);
    sandbox.stop().await;
}

async fn r49_the_same_occasion_delivered_twice_makes_one_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let answers = join_all((0..8).map(|_| trigger(&sandbox, kind, "night"))).await;
    let imports: HashSet<&str> = answers.iter().map(|answer| text(&answer["import"])).collect();
    assert_eq!(imports.len(), 1, "{answers:?}");
    assert_eq!(
        answers.iter().filter(|answer| answer["outcome"] == "started").count(),
        1
    );
    assert_eq!(
        answers.iter().filter(|answer| answer["outcome"] == "already").count(),
        7
    );

    let import = text(&answers[0]["import"]);
    ended(&sandbox, import).await;
    let known = json!({ "outcome": "already", "import": import });
    assert_eq!(trigger(&sandbox, kind, "night").await, known);
    let next = unattended(&sandbox, kind, "the night after").await;
    assert_ne!(next["id"], import);
    let history = format!("/integrations/{}/imports", integration(&ana, kind).await);
    assert_eq!(ana.list(&history).await.unwrap().len(), 2);
    sandbox.stop().await;
}
