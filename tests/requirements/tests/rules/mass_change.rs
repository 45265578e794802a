//! The mass-change guard: what changes much has to be confirmed as such.

use requirements::import::{
    addresses, choose, choose_all, directory, done, execute, fetch, first_import_of, plan, select,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::unattended::set_policy;
use requirements::{PsaKind, for_both, psa};
use reqwest::Method;
use serde_json::json;

for_both!(
    r39_a_mass_change_is_refused_until_it_is_confirmed,
    r39_the_limit_grows_with_the_mapped_users,
    r39_linking_and_what_is_unchanged_do_not_count,
);

async fn r39_a_mass_change_is_refused_until_it_is_confirmed(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let (plan, before) = (plan(&ana, &import).await, directory(&ana).await);
    let changes = number(&plan["summary"]["createCompany"]) + number(&plan["summary"]["createUser"]);
    assert!(changes > 50);
    assert_eq!(plan["massChange"], json!({ "changes": changes, "limit": 50 }));

    let path = format!("/imports/{import}/execute");
    let hash = json!({ "planHash": plan["hash"] });
    let refused = call(&ana, Method::POST, &path, Some(&hash)).await;
    assert_problem(&refused, 409, "mass_change");
    assert_eq!(
        (&refused.body["changes"], &refused.body["limit"]),
        (&json!(changes), &json!(50))
    );
    assert_eq!(directory(&ana).await, before);
    assert_eq!(ana.get(&format!("/imports/{import}")).await.unwrap()["state"], "review");

    let confirmed = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    ana.post(&path, &confirmed).await.unwrap();
    assert_eq!(
        done(&ana, &import).await["users"]["created"],
        plan["summary"]["createUser"]
    );
    sandbox.stop().await;
}

async fn r39_the_limit_grows_with_the_mapped_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    set_policy(&ana, kind, &json!({ "massChange": { "percent": 10, "atLeast": 1 } })).await;
    let first = first_import_of(&ana, kind, 3).await;
    let mapped = number(&first.result["users"]["created"]);
    assert!(mapped >= 10, "{mapped} users are too few to try it with");

    let import = fetch(&ana, kind).await;
    let mut changed = 0;
    for row in &first.chosen {
        let people = addresses(&ana, &import, text(&row["id"])).await;
        for address in people.iter().filter(|address| address["selected"] == true) {
            // Some more than that: the user of an address that others share does not move (R56).
            if changed <= mapped / 10 + 4 {
                changed += 1;
                psa::change_address(
                    &sandbox,
                    kind,
                    text(&address["id"]),
                    &format!("new{changed}@changed.example"),
                );
            }
        }
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({ "status": "mapped" })).await;
    let beyond = plan(&ana, &import).await;
    let items = beyond["items"].as_array().unwrap().iter();
    let moved = items.filter(|item| item["action"] == "changeAddress").count() as u64;
    assert!(moved > mapped / 10, "{moved} of {changed}");
    assert_eq!(beyond["massChange"], json!({ "changes": moved, "limit": mapped / 10 }));
    // One less is no mass change.
    let path = format!("/imports/{import}/companies/{}", text(&first.chosen[0]["id"]));
    ana.post(
        &format!("{path}/addresses/select"),
        &json!({ "selected": false, "where": {} }),
    )
    .await
    .unwrap();
    assert_eq!(plan(&ana, &import).await.get("massChange"), None);
    sandbox.stop().await;
}

async fn r39_linking_and_what_is_unchanged_do_not_count(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    assert!(number(&first.result["users"]["created"]) > 1);
    set_policy(&ana, kind, &json!({ "massChange": { "percent": 0, "atLeast": 0 } })).await;
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({ "status": "mapped" })).await;
    assert_eq!(execute(&ana, &import).await.get("massChange"), None);
    done(&ana, &import).await;
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 1).await;
    assert_eq!(plan(&ana, &import).await["massChange"]["limit"], 0);
    sandbox.stop().await;
}
