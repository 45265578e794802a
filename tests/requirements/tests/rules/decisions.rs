//! Section F: decisions last, and of two on the same version one is refused.

use futures::future::join_all;
use requirements::import::{
    addresses, carry_out, choose_one, decide, decide_address, fetch, id, ordinary, plan, row, rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{quick, sandbox, text};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, managed};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r27_decisions_survive_a_crash_and_a_new_sign_in,
    r27_a_decision_on_an_older_version_is_refused_and_changes_nothing,
    r27_of_simultaneous_decisions_on_one_version_one_is_made,
);

async fn r27_decisions_survive_a_crash_and_a_new_sign_in(kind: PsaKind) {
    let state = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(state.path().to_owned()),
        ..quick()
    };
    let before = Sandbox::start(options.clone()).await.unwrap();
    let ana = before.api("ana");
    let amber = managed::add(&ana, "Amber & Co").await;
    let import = fetch(&ana, kind).await;
    let chosen = ordinary(&rows(&ana, &import, "in").await);
    choose_one(&ana, &import, &chosen[0]).await;
    let person = addresses(&ana, &import, id(&chosen[0])).await[0].clone();
    let untick = json!({ "selected": false });
    decide_address(&ana, &import, id(&chosen[0]), id(&person), untick).await;
    decide(
        &ana,
        &import,
        id(&chosen[1]),
        json!({ "selected": true, "target": { "existing": amber } }),
    )
    .await;
    let (tab, agreed) = (rows(&ana, &import, "in").await, plan(&ana, &import).await);
    let people = addresses(&ana, &import, id(&chosen[0])).await;
    let token = text(&before.face.tokens["ana"]).to_owned();
    before.kill().await;

    let after = Sandbox::start(options).await.unwrap();
    let anew = after.token_for("noordzee-ana", "noordzee", &["administrator"]).unwrap();
    assert_ne!(after.face.tokens["ana"], anew);
    assert_eq!(
        Api::new(&after.face.api, &token)
            .list("/integrations")
            .await
            .unwrap()
            .len(),
        2
    );
    let signed_in = Api::new(&after.face.api, &anew);
    assert_eq!(rows(&signed_in, &import, "in").await, tab);
    assert_eq!(addresses(&signed_in, &import, id(&chosen[0])).await, people);
    assert_eq!(plan(&signed_in, &import).await, agreed);
    let result = carry_out(&signed_in, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["linked"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(result["users"]["created"], agreed["licences"]["needed"]);
    after.stop().await;
}

/// A new import with a company and one of its addresses, on which nothing is decided.
async fn undecided(api: &Api, kind: PsaKind) -> (String, Value, Value) {
    let import = fetch(api, kind).await;
    let company = ordinary(&rows(api, &import, "in").await)[0].clone();
    let person = addresses(api, &import, id(&company)).await[0].clone();
    (import, company, person)
}

async fn r27_a_decision_on_an_older_version_is_refused_and_changes_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company, person) = undecided(&ana, kind).await;
    let path = format!("/imports/{import}/companies/{}", id(&company));
    let cases = [
        (path.clone(), &company, format!("/imports/{import}/companies/select")),
        (
            format!("{path}/addresses/{}", id(&person)),
            &person,
            format!("{path}/addresses/select"),
        ),
    ];
    for (path, seen, many) in cases {
        // Both browser tabs show the same version. One decides on it; the other is refused.
        let by_one = json!({ "version": seen["version"], "selected": true });
        let now = ana.patch(&path, &by_one).await.unwrap();
        let by_other = json!({ "version": seen["version"], "selected": false, "target": { "create": {} } });
        let answer = call(&ana, Method::PATCH, &path, Some(&by_other)).await;
        assert_problem(&answer, 409, "decision_conflict");
        assert_eq!(answer.body["version"], now["version"]);
        // A decision on many rows makes a new version too.
        ana.post(&many, &json!({ "selected": false, "where": {} }))
            .await
            .unwrap();
        let by_other = json!({ "version": now["version"], "selected": true });
        let answer = call(&ana, Method::PATCH, &path, Some(&by_other)).await;
        assert_problem(&answer, 409, "decision_conflict");
    }
    let (now, person) = (
        row(&ana, &import, id(&company)).await,
        addresses(&ana, &import, id(&company)).await[0].clone(),
    );
    for row in [now, person] {
        assert_eq!(
            (&row["selected"], &row["target"]),
            (&json!(false), &json!({ "automatic": {} }))
        );
    }
    sandbox.stop().await;
}

async fn r27_of_simultaneous_decisions_on_one_version_one_is_made(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company, person) = undecided(&ana, kind).await;
    let path = format!("/imports/{import}/companies/{}", id(&company));
    for (path, seen) in [
        (path.clone(), &company),
        (format!("{path}/addresses/{}", id(&person)), &person),
    ] {
        let decisions: Vec<Value> = (0..8)
            .map(|at| json!({ "version": seen["version"], "selected": at % 2 == 0 }))
            .collect();
        let calls = decisions
            .iter()
            .map(|decision| call(&ana, Method::PATCH, &path, Some(decision)));
        let answers = join_all(calls).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
        assert_eq!((made.len(), refused.len()), (1, 7));
        for answer in refused {
            assert_problem(answer, 409, "decision_conflict");
            assert_eq!(answer.body["version"], made[0].body["version"]);
        }
    }
    sandbox.stop().await;
}
