//! Section O: what a removed integration has left is adopted, or forgotten (R52).

use futures::future::join_all;
use requirements::import::{
    carry_out, choose_mapped, directory, fetch, fetched, first_import_of, plan, row, rows, start,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{KINDS, advance, integration, sandbox, text};
use requirements::unattended::deliver;
use requirements::{PsaKind, behind, for_both};
use reqwest::Method;
use serde_json::json;

use crate::removal::{connect, path, told};
use crate::schedules::{imports, next, schedule, sweep};

for_both!(
    r52_what_was_removed_is_adopted_with_its_mappings,
    r52_another_tenant_adopts_nothing,
    r52_of_simultaneous_adoptions_one_integration_comes_back,
    r52_mappings_are_offered_for_400_days,
    r95_an_adopted_integration_has_its_schedule_again,
    r95_a_policy_that_is_sent_again_repairs_its_schedule,
);

const QUARTER: i64 = 15 * 60;

async fn r52_what_was_removed_is_adopted_with_its_mappings(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    let path = path(&ana, kind).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let before = directory(&ana).await;
    ana.delete(&path).await.unwrap();
    // Connected without adopting, nothing is mapped, and the answer says what could be adopted.
    let answer = connect(&sandbox, kind, None).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let (second, previous) = (&answer.body["id"], &answer.body["previous"]);
    assert_eq!((&previous["id"], &previous["mappedCompanies"]), (&json!(id), &json!(3)));
    assert!(previous["name"].is_string() && previous["removedAt"].is_string());
    let import = ana.start(text(second), &json!({})).await.unwrap();
    fetched(&ana, &import).await;
    assert!(
        rows(&ana, &import, "in")
            .await
            .iter()
            .all(|row| row["status"] != "mapped")
    );
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    ana.delete(&format!("/integrations/{}", text(second))).await.unwrap();

    for _ in 0..2 {
        // Repeated, since the answer was lost, it is adopted all the same, once.
        let adopted = connect(&sandbox, kind, Some(&id)).await;
        assert_eq!(
            (adopted.status.as_u16(), &adopted.body["id"]),
            (201, &json!(id)),
            "{}",
            adopted.body
        );
        assert_eq!(adopted.body["name"], "Opnieuw");
    }
    assert_eq!(
        told(&ana, &path)
            .await
            .iter()
            .filter(|told| *told == "integrationAdopted")
            .count(),
        1
    );
    let import = start(&ana, kind, &json!({})).await;
    fetched(&ana, &import).await;
    for chosen in &first.chosen {
        assert_eq!(row(&ana, &import, text(&chosen["id"])).await["status"], "mapped");
    }
    choose_mapped(&ana, &import).await;
    assert_eq!(plan(&ana, &import).await["licences"]["needed"], 0);
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["unchanged"], 3, "{result}");
    assert_eq!(directory(&ana).await, before);
    assert_problem(&connect(&sandbox, kind, Some("no-such")).await, 400, "invalid_request");
    sandbox.stop().await;
}

async fn r52_another_tenant_adopts_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let path = path(&ana, kind).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    ana.delete(&path).await.unwrap();
    let mut other = sandbox.psas.other_tenant(kind);
    let answer = call(&ana, Method::POST, "/integrations", Some(&other)).await;
    assert_eq!((answer.status.as_u16(), answer.body.get("previous")), (201, None));
    other["adopt"] = json!(id);
    let answer = call(&ana, Method::POST, "/integrations", Some(&other)).await;
    assert_problem(&answer, 422, "psa_other_tenant");
    let mut wrong = sandbox.psas.integration(match kind {
        PsaKind::Connectwise => PsaKind::Autotask,
        PsaKind::Autotask => PsaKind::Connectwise,
    });
    wrong["adopt"] = json!(id);
    let answer = call(&ana, Method::POST, "/integrations", Some(&wrong)).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_eq!(connect(&sandbox, kind, Some(&id)).await.status, 201);
    sandbox.stop().await;
}

async fn r52_of_simultaneous_adoptions_one_integration_comes_back(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let path = path(&ana, kind).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    ana.delete(&path).await.unwrap();
    let answers = join_all((0..4).map(|_| connect(&sandbox, kind, Some(&id)))).await;
    assert!(answers.iter().any(|answer| answer.status == 201), "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|answer| [201, 400].contains(&answer.status.as_u16())),
        "{answers:?}"
    );
    assert_eq!(
        told(&ana, &path)
            .await
            .iter()
            .filter(|told| *told == "integrationAdopted")
            .count(),
        1
    );
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

async fn r52_mappings_are_offered_for_400_days(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 1).await;
    let path = path(&ana, kind).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    ana.delete(&path).await.unwrap();
    advance(&sandbox, 400 * 24 * 3_600 - 600).await;
    let answer = connect(&sandbox, kind, None).await;
    assert_eq!(answer.body["previous"]["id"], id);
    advance(&sandbox, 1_200).await;
    let answer = connect(&sandbox, kind, None).await;
    assert_eq!(answer.body.get("previous"), None);
    assert_problem(&connect(&sandbox, kind, Some(&id)).await, 400, "invalid_request");
    sandbox.stop().await;
}

async fn r95_an_adopted_integration_has_its_schedule_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    schedule(&ana, kind, 15).await;
    ana.delete(&path).await.unwrap();
    // The sweep ends the schedule of what is removed.
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (0, 0));
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(connect(&sandbox, kind, Some(id)).await.status, 201);
    assert!(next(&ana, kind).await.is_string());
    assert_eq!(sweep(&sandbox).await, (0, 0));
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    assert_eq!(imports(&ana, kind).await.len(), 1);
    sandbox.stop().await;
}

async fn r95_a_policy_that_is_sent_again_repairs_its_schedule(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 15).await;
    let ours = format!("#INTEGRATION#{}", integration(&ana, kind).await);
    behind::forget(&sandbox, &ours, "SCHEDULE", "due").await;
    assert_eq!(next(&ana, kind).await, json!(null));
    schedule(&ana, kind, 15).await;
    assert!(next(&ana, kind).await.is_string());
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    sandbox.stop().await;
}

/// More than one sweep deletes at once, and nothing of what others have.
#[tokio::test]
async fn r52_what_was_left_is_forgotten_after_400_days() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut of = Vec::new();
    for kind in KINDS {
        first_import_of(&ana, kind, 2).await;
        of.push(integration(&ana, kind).await);
    }
    ana.delete(&format!("/integrations/{}", of[0])).await.unwrap();
    let sweep = json!({ "sweep": {} });
    advance(&sandbox, 400 * 24 * 3_600 - 600).await;
    deliver(&sandbox, &sweep).await;
    let before = (
        behind::left(&sandbox, &of[0]).await,
        behind::left(&sandbox, &of[1]).await,
    );
    assert!(before.0 > 6 && before.1 > 6, "{before:?}");
    advance(&sandbox, 1_200).await;
    deliver(&sandbox, &sweep).await;
    let after = (
        behind::left(&sandbox, &of[0]).await,
        behind::left(&sandbox, &of[1]).await,
    );
    assert_eq!(after, (0, before.1));
    let trail = call(&ana, Method::GET, &format!("/integrations/{}/audit", of[0]), None).await;
    assert_problem(&trail, 404, "integration_not_found");
    sandbox.stop().await;
}
