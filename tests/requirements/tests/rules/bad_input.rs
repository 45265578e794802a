//! What is wrong is refused by name, and changes nothing. What the OpenAPI document forbids is derived from it, for every
//! call; what depends on what there is stands in the tables below. That another MSP's ids are answered like unknown ones is
//! proved call by call in `integrations`.

use requirements::bad::{Bad, Sent, assert_plain};
use requirements::import::{self, addresses, choose_one, fetch, ordinary, plan, rows, start};
use requirements::stage::{integration, sandbox, text};
use requirements::wrong::{calls, endless};
use requirements::{Api, PsaKind, Sandbox, for_both, managed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{contract, made};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

for_both!(
    decisions_that_cannot_be_are_refused_by_name_and_change_nothing,
    what_the_state_of_an_import_does_not_allow_is_refused_and_changes_nothing,
);

fn json(body: Value) -> Sent {
    Sent::Json(body)
}

/// Whatever somebody could have changed.
async fn everything(api: &Api, import: Option<&str>) -> Value {
    let mut seen = json!({
        "integrations": api.list("/integrations").await.unwrap(),
        "directory": import::directory(api).await,
    });
    // Looking at an import renews nothing, but the lock is shown until when it lasts, and decisions that are refused may
    // well renew it.
    for integration in seen["integrations"].as_array_mut().unwrap() {
        integration["lock"]["until"].take();
    }
    if let Some(import) = import {
        let mut shown = api.get(&format!("/imports/{import}")).await.unwrap();
        shown["lock"]["until"].take();
        seen["import"] = shown;
        seen["rows"] = rows(api, import, "in").await.into();
    }
    seen
}

async fn refuse_all(api: &Api, all: &[Bad]) {
    for bad in all {
        bad.try_as(api).await;
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_and_changes_nothing() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let before = everything(&ana, None).await;
    let document = made();
    let mut tried = 0;
    for call in calls(&document) {
        let all = [
            call.wrong_ids(),
            call.wrong_parameters(),
            call.unknown_parameters(),
            call.wrong_bodies(),
        ]
        .concat();
        refuse_all(&ana, &all).await;
        tried += all.len();
    }
    assert!(tried > 500, "only {tried}");
    assert_eq!(everything(&ana, None).await, before);
    sandbox.stop().await;
}

#[tokio::test]
async fn no_answer_speaks_of_the_parser() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let document = made();
    let (mut asked, mut refused) = (0, 0);
    for call in calls(&document) {
        for bad in call.mutated_bodies() {
            let answer = bad.send(&ana).await;
            assert!(answer.status.as_u16() < 500, "{bad:?}: {}", answer.body);
            assert_plain(&answer, &format!("{bad:?}"));
            let shown = answer.body.to_string();
            assert!(!shown.contains("aBcD1234eFgH5678"), "{bad:?}: {shown}");
            asked += 1;
            refused += usize::from(answer.body["code"] == "invalid_request");
        }
    }
    assert!(asked > 1_300 && refused > 1_200, "{asked}, {refused}");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_parameter_of_the_open_document_is_refused_too() {
    let sandbox = sandbox().await;
    let nobody = contract().watching(&Api::new(&sandbox.face.api, ""));
    Bad::invalid(GET, "/openapi.json?nonsense=1", Sent::Nothing, "nonsense")
        .try_as(&nobody)
        .await;
    for empty in ["/openapi.json?", "/openapi.json?&"] {
        nobody.get(empty).await.unwrap();
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_nowhere_is_answered_as_a_problem() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    for (method, path) in [
        (GET, "/"),
        (GET, "/nothing"),
        (GET, "/imports"),
        (GET, "/integrations/"),
        (GET, "/integrations/a%2Fb"),
        (GET, "/imports/a%3Fb/%2e%2e/plan"),
        (POST, "/openapi.json"),
        (PUT, "/integrations"),
        (DELETE, "/licences"),
        (PATCH, "/imports/1"),
        (Method::OPTIONS, "/integrations"),
    ] {
        Bad::new(method, path, Sent::Nothing, 404, "not_found")
            .try_as(&ana)
            .await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn texts_that_are_no_text_are_refused_by_name() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let before = everything(&ana, None).await;
    let raw = |text: &str| Sent::Raw("application/json", text.as_bytes().to_vec());
    let nested = format!("{{\"name\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    refuse_all(
        &ana,
        &[
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"\ud800"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"a\udc00b"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"\u0000 \u200b"}"#), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(&nested), "/name"),
            Bad::invalid(POST, "/managed-companies", raw(r#"["Acme"]"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"[["Acme"}"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"Acme"} {}"#), ""),
            Bad::invalid(POST, "/managed-companies", raw(r#"{"name":"A","name":"B"}"#), "/name"),
            Bad::invalid(GET, "/managed-companies?limit=1&limit=2", Sent::Nothing, "limit"),
        ],
    )
    .await;
    assert_eq!(everything(&ana, None).await, before);
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_set_up_is_refused_by_name() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let kind = PsaKind::Connectwise;
    let one = format!("/integrations/{}", integration(&ana, kind).await);
    let company = text(&managed::all(&ana).await[0]["id"]).to_owned();
    let users = format!("/managed-companies/{company}/users");
    let before = everything(&ana, None).await;
    let person = |address: &str| json(json!({ "name": "Iemand", "address": address }));
    let filter = |filter: Value| json(json!({ "filter": filter }));
    let many: Vec<String> = (0..501).map(|value| value.to_string()).collect();
    let wide: Value = (0..21).map(|id| (format!("a{id}"), json!(["1"]))).collect();
    let mut table = vec![
        Bad::new(GET, "/integrations/nobody", Sent::Nothing, 404, "integration_not_found"),
        Bad::new(GET, "/imports/nobody", Sent::Nothing, 404, "not_found"),
        Bad::new(GET, "/imports/nobody/plan", Sent::Nothing, 404, "not_found"),
        Bad::new(
            POST,
            "/managed-companies/nobody/users",
            person("i@elders.example"),
            404,
            "not_found",
        ),
        Bad::invalid(POST, &users, person("geen adres"), "/address"),
        Bad::invalid(
            POST,
            &users,
            person(&format!("{}@x.example", "a".repeat(300))),
            "/address",
        ),
        Bad::invalid(PUT, "/licences", json(json!({ "total": 4_294_967_296_u64 })), "/total"),
        Bad::invalid(
            PUT,
            format!("{one}/policy"),
            json(json!({ "massChange": { "percent": 101 } })),
            "/massChange/percent",
        ),
        Bad::invalid(
            PUT,
            format!("{one}/policy"),
            json(json!({ "fullReadHours": 0 })),
            "/fullReadHours",
        ),
        Bad::invalid(
            PUT,
            format!("{one}/policy"),
            json(json!({ "fullReadHours": 169 })),
            "/fullReadHours",
        ),
        Bad::invalid(
            PUT,
            format!("{one}/policy"),
            json(json!({ "massChange": [25, 50] })),
            "/massChange",
        ),
    ];
    for path in [format!("{one}/policy"), format!("{one}/imports")] {
        let method = if path.ends_with("policy") { PUT } else { POST };
        let invalid = |sent| Bad::new(method.clone(), &path, sent, 400, "invalid_filter");
        table.extend([
            invalid(filter(json!({ "unheardOf": ["1"] }))),
            invalid(filter(json!({ "companyType": ["unheard of"] }))),
            invalid(filter(json!({ "companyType": [] }))),
        ]);
        let invalid = |sent, pointer: &str| Bad::invalid(method.clone(), &path, sent, pointer);
        table.extend([
            invalid(filter(json!({ "companyType": many })), "/filter"),
            invalid(filter(wide.clone()), "/filter"),
            invalid(filter(json!({ "companyType": "1" })), "/filter/companyType"),
            invalid(filter(json!({ "companyType": [1] })), "/filter/companyType/0"),
            invalid(filter(json!({ "companyType": [endless()] })), "/filter/companyType/0"),
            invalid(
                filter(json!({ endless(): ["1"] })),
                &format!("/filter/{}…", &endless()[..60]),
            ),
        ]);
    }
    refuse_all(&ana, &table).await;
    assert_eq!(everything(&ana, None).await, before);
    sandbox.stop().await;
}

async fn decisions_that_cannot_be_are_refused_by_name_and_change_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let import = fetch(&ana, kind).await;
    let row = ordinary(&rows(&ana, &import, "in").await).remove(0);
    choose_one(&ana, &import, &row).await;
    let x = format!("/imports/{import}");
    let company = format!("{x}/companies/{}", text(&row["id"]));
    let address = &addresses(&ana, &import, text(&row["id"])).await[0];
    let address = format!("{company}/addresses/{}", text(&address["id"]));
    let before = everything(&ana, Some(&import)).await;
    let decide = |target: Value| json(json!({ "version": 2, "target": target }));
    let tick = |version: u64| json(json!({ "version": version, "selected": true }));
    let mut table = vec![
        Bad::new(PATCH, format!("{x}/companies/nobody"), tick(1), 404, "not_found"),
        Bad::new(PATCH, format!("{company}/addresses/nobody"), tick(1), 404, "not_found"),
        Bad::new(
            GET,
            format!("{x}/companies/nobody/addresses"),
            Sent::Nothing,
            404,
            "not_found",
        ),
        Bad::invalid(PATCH, &company, json(json!({ "version": 2 })), "/selected"),
        Bad::invalid(
            PATCH,
            &company,
            json(json!({ "version": 2, "selected": null, "target": null })),
            "/selected",
        ),
        Bad::invalid(PATCH, &address, json(json!({ "version": 1 })), "/selected"),
        Bad::new(PATCH, &company, tick(1), 409, "decision_conflict"),
        Bad::new(PATCH, &company, tick(99), 409, "decision_conflict"),
        Bad::new(PATCH, &address, tick(0), 409, "decision_conflict"),
        Bad::invalid(
            PATCH,
            &address,
            json(json!({ "version": 1, "target": { "existing": "nobody" } })),
            "/target/existing",
        ),
        Bad::new(
            POST,
            format!("{x}/execute"),
            json(json!({ "planHash": "0" })),
            409,
            "plan_changed",
        ),
        Bad::new(GET, format!("{x}/result"), Sent::Nothing, 409, "wrong_state"),
        Bad::invalid(GET, format!("{x}/plan?after=garbage"), Sent::Nothing, "after"),
        Bad::invalid(GET, format!("{x}/plan?after=-1"), Sent::Nothing, "after"),
        Bad::invalid(
            GET,
            format!("{x}/plan?after=99999999999999999999"),
            Sent::Nothing,
            "after",
        ),
        Bad::invalid(GET, format!("{x}/companies?after=zzz"), Sent::Nothing, "after"),
        Bad::invalid(
            GET,
            format!("{x}/companies?tab=not-in&after=in%230"),
            Sent::Nothing,
            "after",
        ),
    ];
    for (target, pointer) in [
        (json!({ "existing": "nobody" }), "/target/existing"),
        (json!({ "existing": endless() }), "/target/existing"),
        (json!({ "existing": 7 }), "/target/existing"),
        (json!({ "create": [] }), "/target/create"),
        (json!({ "create": { "name": "x" } }), "/target/create/name"),
        (json!({ "destroy": {} }), "/target"),
        (json!({}), "/target"),
        (json!("create"), "/target/create"),
    ] {
        table.push(Bad::invalid(PATCH, &company, decide(target), pointer));
    }
    for (list, field) in [
        (format!("{x}/companies"), "type"),
        (format!("{company}/addresses"), "active"),
    ] {
        for (condition, pointer) in [
            (json!({ "status": "nonsense" }), "/where/status"),
            (json!({ "search": endless() }), "/where/search"),
            (json!({ field: [1] }), &*format!("/where/{field}")),
            (json!([]), "/where"),
        ] {
            let sent = json(json!({ "selected": true, "where": condition }));
            table.push(Bad::invalid(POST, format!("{list}/select"), sent, pointer));
        }
    }
    let imports = format!("/integrations/{}/imports", integration(&ana, kind).await);
    table.push(Bad::new(POST, imports, Sent::Nothing, 423, "integration_locked"));
    refuse_all(&ana, &table).await;
    assert_eq!(everything(&ana, Some(&import)).await, before);
    sandbox.stop().await;
}

/// What can be done with an import in review only.
fn of_review(import: &str, row: &Value, address: &str, hash: &Value) -> Vec<Bad> {
    let x = format!("/imports/{import}");
    let company = format!("{x}/companies/{}", text(&row["id"]));
    let tick = || json(json!({ "version": 2, "selected": false }));
    let all = || json(json!({ "selected": false }));
    let refused = |method, path: &str, sent| Bad::new(method, path, sent, 409, "wrong_state");
    vec![
        refused(PATCH, &company, tick()),
        refused(PATCH, &format!("{company}/addresses/{address}"), tick()),
        refused(POST, &format!("{x}/companies/select"), all()),
        refused(POST, &format!("{company}/addresses/select"), all()),
        refused(POST, &format!("{x}/execute"), json(json!({ "planHash": hash }))),
        refused(GET, &format!("{x}/plan"), Sent::Nothing),
    ]
}

async fn what_the_state_of_an_import_does_not_allow_is_refused_and_changes_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    before_the_snapshot(&sandbox, &ana, kind).await;
    let import = fetch(&ana, kind).await;
    let row = ordinary(&rows(&ana, &import, "in").await).remove(0);
    choose_one(&ana, &import, &row).await;
    let address = addresses(&ana, &import, text(&row["id"])).await.remove(0);
    let hash = plan(&ana, &import).await["hash"].take();
    let table = of_review(&import, &row, text(&address["id"]), &hash);
    let result = format!("/imports/{import}/result");

    sandbox.pause(true).await;
    import::execute(&ana, &import).await;
    let before = everything(&ana, Some(&import)).await;
    refuse_all(&ana, &table).await;
    Bad::new(GET, result, Sent::Nothing, 409, "wrong_state")
        .try_as(&ana)
        .await;
    assert_eq!(everything(&ana, Some(&import)).await, before);
    sandbox.pause(false).await;

    import::done(&ana, &import).await;
    let before = everything(&ana, Some(&import)).await;
    refuse_all(&ana, &table).await;
    let end = format!("/imports/{import}");
    Bad::new(DELETE, end, Sent::Nothing, 409, "wrong_state")
        .try_as(&ana)
        .await;
    assert_eq!(everything(&ana, Some(&import)).await, before);
    sandbox.stop().await;
}

/// There is nothing to see, and a cancelled import stays so.
async fn before_the_snapshot(sandbox: &Sandbox, ana: &Api, kind: PsaKind) {
    sandbox.pause(true).await;
    let import = start(ana, kind, &json!({})).await;
    let x = format!("/imports/{import}");
    let refused = |method, path: String, sent| Bad::new(method, path, sent, 409, "wrong_state");
    let nothing_yet = ["/plan", "/companies", "/companies/1/addresses", "/result"];
    let mut table = nothing_yet
        .map(|path| refused(GET, format!("{x}{path}"), Sent::Nothing))
        .to_vec();
    table.push(refused(POST, format!("{x}/execute"), json(json!({ "planHash": "0" }))));
    refuse_all(ana, &table).await;
    ana.delete(&x).await.unwrap();
    refuse_all(ana, &[refused(DELETE, x, Sent::Nothing)]).await;
    sandbox.pause(false).await;
}
