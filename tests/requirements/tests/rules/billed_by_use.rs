//! A directory that bills by use instead of from a pool.

use requirements::PsaKind;
use requirements::for_both;
use requirements::import::{choose, done, execute, fetch, plan};
use requirements::stage::{number, sandbox};
use serde_json::json;

for_both!(r47_billing_by_use_warns_and_refuses_nothing);

async fn r47_billing_by_use_warns_and_refuses_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = ana
        .put("/licences", &json!({ "mode": "consumption", "total": 0 }))
        .await
        .unwrap();
    let import = fetch(&ana, kind).await;
    assert_eq!(plan(&ana, &import).await["licences"].get("warning"), None);
    choose(&ana, &import, 2).await;
    let plan = execute(&ana, &import).await;
    assert!(plan["licences"]["warning"].is_string());
    let created = number(&done(&ana, &import).await["users"]["created"]);
    assert!(created > 0);
    assert_eq!(plan["licences"]["needed"], created);
    let after = ana.get("/licences").await.unwrap();
    assert_eq!(number(&after["used"]), number(&before["used"]) + created);
    assert_eq!((&after["reserved"], &after["available"]), (&json!(0), &json!(0)));
    sandbox.stop().await;
}
