//! What cannot be done with what there is, is refused by name, and changes nothing; that another MSP's ids are answered like unknown
//! ones is proved call by call in `integrations`.

use requirements::bad::{Bad, Sent};
use requirements::import::{self, addresses, choose_one, fetch, ordinary, plan, rows, start};
use requirements::stage::{integration, sandbox, text};
use requirements::wrong::endless;
use requirements::{Api, PsaKind, Sandbox, for_both, managed};
use serde_json::{Value, json};

use crate::bad_input::{DELETE, GET, PATCH, POST, PUT, everything, refuse_all};
use crate::document::contract;

for_both!(
    decisions_that_cannot_be_are_refused_by_name_and_change_nothing,
    what_the_state_of_an_import_does_not_allow_is_refused_and_changes_nothing,
);

fn json(body: Value) -> Sent {
    Sent::Json(body)
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
