//! What many companies become by one call, and taking what was decided on them back (R23, R69).

use requirements::import::{by_name, decide, fetch, id, ordinary, plan, row, rows, select};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r23_r69_suggestions_above_a_score_are_accepted_by_one_call,
    r69_many_companies_become_new_ones_by_one_call,
    r69_what_was_decided_on_many_is_reset_by_one_call,
    r69_fields_that_contradict_each_other_are_refused,
);

async fn select_as(api: &Api, import: &str, target: Value, filter: Value) -> Value {
    let body = json!({ "selected": true, "target": target, "where": filter });
    let path = format!("/imports/{import}/companies/select");
    api.post(&path, &body).await.unwrap()
}

/// The planned action for a company.
fn action(plan: &Value, company: &str) -> String {
    let items = plan["items"].as_array().unwrap();
    let about = |item: &&Value| item["company"]["id"] == company && item["address"].is_null();
    text(&items.iter().find(about).unwrap()["action"]).to_owned()
}

async fn r23_r69_suggestions_above_a_score_are_accepted_by_one_call(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let clear = psa::add_company(&sandbox, kind, "Zeilmakerij Hoek B.V.");
    let meant = managed::add(&ana, "Zeilmakerij Hoek").await;
    let weak = psa::add_company(&sandbox, kind, "Rijschool Verstegen");
    managed::add(&ana, "Rijschool Versteegen").await;
    // Somebody has to choose between two that are equally likely.
    let unclear = psa::add_company(&sandbox, kind, "Kiln & Clay Ltd");
    managed::add(&ana, "Kiln & Clay GmbH").await;
    managed::add(&ana, "Kiln & Clay LLC").await;
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let score = |name| number(&by_name(&shown, name)["suggestions"][0]["score"]);
    let (least, lower) = (score("Zeilmakerij Hoek B.V."), score("Rijschool Verstegen"));
    assert!(lower < least, "{lower} and {least}");
    let equal = &by_name(&shown, "Kiln & Clay Ltd")["suggestions"];
    assert_eq!(equal[0]["score"], equal[1]["score"]);

    let answer = select_as(&ana, &import, json!({ "suggested": { "least": least } }), json!({})).await;
    let expected = shown.iter().filter(|row| {
        let found = &row["suggestions"];
        row["status"] == "unmapped"
            && found[0]["score"].as_u64() >= Some(least)
            && found[0]["score"] != found[1]["score"]
    });
    assert_eq!(number(&answer["matched"]), expected.count() as u64, "{answer}");
    let accepted = row(&ana, &import, &clear).await;
    assert_eq!(
        (&accepted["selected"], &accepted["target"]),
        (&json!(true), &json!({ "existing": meant }))
    );
    for left_out in [&weak, &unclear] {
        assert_eq!(row(&ana, &import, left_out).await["selected"], false);
    }
    assert_eq!(action(&plan(&ana, &import).await, &clear), "linkCompany");
    let rules = ana.list(&format!("/imports/{import}/rules")).await.unwrap();
    assert_eq!(rules[0]["target"], json!({ "suggested": { "least": least } }));
    // Taken back, it leaves what the status suggests.
    let rule = format!("/imports/{import}/rules/{}", text(&answer["rule"]));
    ana.delete(&rule).await.unwrap();
    let back = row(&ana, &import, &clear).await;
    assert_eq!(
        (&back["selected"], &back["target"]),
        (&json!(false), &json!({ "automatic": {} }))
    );
    sandbox.stop().await;
}

async fn r69_many_companies_become_new_ones_by_one_call(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let namesake = psa::add_company(&sandbox, kind, "Touwslagerij Anker");
    managed::add(&ana, "Touwslagerij Anker").await;
    let import = fetch(&ana, kind).await;
    let filter = json!({ "search": "touwslagerij" });
    select(&ana, &import, filter.clone()).await;
    assert_eq!(action(&plan(&ana, &import).await, &namesake), "linkCompany");
    let answer = select_as(&ana, &import, json!({ "create": {} }), filter.clone()).await;
    assert_eq!(answer["matched"], 1);
    assert_eq!(action(&plan(&ana, &import).await, &namesake), "createCompany");
    // A later decision on the row wins, and a later one on many wins over that.
    decide(&ana, &import, &namesake, json!({ "target": { "automatic": {} } })).await;
    assert_eq!(action(&plan(&ana, &import).await, &namesake), "linkCompany");
    select_as(&ana, &import, json!({ "create": {} }), filter.clone()).await;
    assert_eq!(action(&plan(&ana, &import).await, &namesake), "createCompany");
    select_as(&ana, &import, json!({ "automatic": {} }), filter).await;
    assert_eq!(action(&plan(&ana, &import).await, &namesake), "linkCompany");
    sandbox.stop().await;
}

async fn r69_what_was_decided_on_many_is_reset_by_one_call(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let before = rows(&ana, &import, "in").await;
    let decided_on = |rows: &[Value]| -> Vec<(String, Value, Value)> {
        let decided = |row: &Value| (id(row).to_owned(), row["selected"].clone(), row["target"].clone());
        rows.iter().map(decided).collect()
    };
    select(&ana, &import, json!({})).await;
    let one = ordinary(&before)[0].clone();
    decide(
        &ana,
        &import,
        id(&one),
        json!({ "selected": false, "target": { "create": {} } }),
    )
    .await;
    assert_ne!(decided_on(&rows(&ana, &import, "in").await), decided_on(&before));
    let path = format!("/imports/{import}/companies/select");
    let answer = ana.post(&path, &json!({ "reset": true })).await.unwrap();
    assert_eq!(
        (number(&answer["matched"]), &answer["selected"]),
        (before.len() as u64, &Value::Null)
    );
    assert_eq!(decided_on(&rows(&ana, &import, "in").await), decided_on(&before));
    let rules = ana.list(&format!("/imports/{import}/rules")).await.unwrap();
    assert_eq!(rules[0]["reset"], true);
    sandbox.stop().await;
}

async fn r69_fields_that_contradict_each_other_are_refused(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let create = json!({ "create": {} });
    for (body, pointer) in [
        (json!({}), "/selected"),
        (json!({ "target": create }), "/selected"),
        (json!({ "selected": true, "reset": true }), "/reset"),
        (json!({ "target": create, "reset": true }), "/reset"),
        (json!({ "selected": false, "target": create }), "/target"),
        (
            json!({ "selected": true, "target": create, "where": { "failedIn": import } }),
            "/target",
        ),
        (json!({ "reset": true, "where": { "failedIn": import } }), "/reset"),
        (json!({ "selected": true, "target": { "existing": "c-1" } }), "/target"),
        (
            json!({ "selected": true, "target": { "suggested": {} } }),
            "/target/suggested/least",
        ),
        (
            json!({ "selected": true, "target": { "suggested": { "least": 100 } } }),
            "/target/suggested/least",
        ),
    ] {
        let path = format!("/imports/{import}/companies/select");
        let refused = call(&ana, Method::POST, &path, Some(&body)).await;
        assert_problem(&refused, 400, "invalid_request");
        assert_eq!(
            refused.body["errors"][0]["pointer"], pointer,
            "{body}: {}",
            refused.body
        );
    }
    assert_eq!(ana.list(&format!("/imports/{import}/rules")).await.unwrap().len(), 0);
    sandbox.stop().await;
}
