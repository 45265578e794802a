//! A contact whose record was given to somebody else (R57).

use requirements::import::{address_row, carry_out, decide_address, id};
use requirements::people::Company;
use requirements::stage::{integration, sandbox};
use requirements::unattended::unattended;
use requirements::{PsaKind, Sandbox, behind, for_both};
use serde_json::{Value, json};

use crate::addresses::used;

for_both!(
    r57_an_unattended_import_skips_a_possible_successor_and_says_so,
    r57_a_possible_successor_is_ticked_one_by_one,
    r57_a_successor_gets_a_user_of_her_own_and_the_old_one_stays,
    r57_a_name_or_a_local_part_in_common_is_no_successor,
    r57_name_and_address_may_change_in_different_imports,
    r57_where_a_mapping_has_no_name_the_users_name_counts,
);

const ADA: (&str, &str) = ("Ada", "Smit");
const XANDER: (&str, &str) = ("Xander", "van den Berg");
const FROM: &str = "ada.smit@opvolging.example";
const TO: &str = "xander.vandenberg@opvolging.example";

async fn ada(sandbox: &Sandbox, kind: PsaKind) -> Company<'_> {
    Company::imported(sandbox, kind, &[(ADA, FROM)]).await
}

/// Ada's record is Xander's by now.
async fn succeeded(sandbox: &Sandbox, kind: PsaKind) -> Company<'_> {
    let company = ada(sandbox, kind).await;
    company.is_called(0, XANDER);
    company.moves(0, TO);
    company
}

async fn r57_an_unattended_import_skips_a_possible_successor_and_says_so(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = succeeded(&sandbox, kind).await;
    let before = company.users().await;
    for night in ["first", "second"] {
        let ended = unattended(&sandbox, kind, night).await;
        assert_eq!(ended["state"], "done");
        let result = company
            .ana
            .get(&format!("/imports/{}/result", id(&ended)))
            .await
            .unwrap();
        let skipped = result["skipped"].as_array().unwrap();
        let codes: Vec<&Value> = skipped.iter().map(|row| &row["code"]).collect();
        assert_eq!(codes, ["possible_successor"], "{skipped:?}");
        assert_eq!(company.users().await, before);
    }
    sandbox.stop().await;
}

async fn r57_a_possible_successor_is_ticked_one_by_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = succeeded(&sandbox, kind).await;
    let (before, licences) = (company.users().await, used(&company.ana).await);
    let import = company.review().await;
    let path = format!("/imports/{import}/companies/{}/addresses/select", company.id);
    for filter in [
        json!({}),
        json!({ "status": "possible_successor" }),
        json!({ "active": true }),
    ] {
        let select = json!({ "selected": true, "where": filter });
        assert_eq!(company.ana.post(&path, &select).await.unwrap()["matched"], 0);
    }
    let row = company.row(&import, 0).await.unwrap();
    assert_eq!(
        (&row["status"], &row["selected"]),
        (&json!("possible_successor"), &json!(false))
    );
    assert_eq!(row["before"], json!({ "contact": "Ada Smit", "address": FROM }));
    let waits = company.planned(&import, 0).await.unwrap();
    assert_eq!(
        (&waits["action"], &waits["reason"]),
        (&json!("skip"), &json!("possible_successor"))
    );
    assert_eq!(
        (&waits["before"]["name"], &waits["before"]["address"]),
        (&json!("Ada Smit"), &json!(FROM))
    );
    assert_eq!(
        (&waits["address"]["contact"], &waits["address"]["address"]),
        (&json!("Xander van den Berg"), &json!(TO))
    );

    decide_address(
        &company.ana,
        &import,
        &company.id,
        id(&row),
        json!({ "selected": true }),
    )
    .await;
    assert_eq!(
        address_row(&company.ana, &import, &company.id, id(&row)).await["selected"],
        true
    );
    let moves = company.planned(&import, 0).await.unwrap();
    assert_eq!(moves["action"], "changeAddress");
    assert_eq!(
        (&moves["before"]["name"], &moves["before"]["address"]),
        (&json!("Ada Smit"), &json!(FROM))
    );
    assert_eq!(
        (&moves["after"]["name"], &moves["after"]["address"]),
        (&json!("Xander van den Berg"), &json!(TO))
    );
    carry_out(&company.ana, &import).await;
    assert_eq!(company.users().await, [(before[0].0.clone(), TO.to_owned())]);
    assert_eq!(used(&company.ana).await, licences);
    company.assert_unchanged().await;
    sandbox.stop().await;
}

async fn r57_a_successor_gets_a_user_of_her_own_and_the_old_one_stays(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = succeeded(&sandbox, kind).await;
    let before = company.users().await;
    let import = company.review().await;
    let row = company.row(&import, 0).await.unwrap();
    let create = json!({ "selected": true, "target": { "create": {} } });
    decide_address(&company.ana, &import, &company.id, id(&row), create).await;
    carry_out(&company.ana, &import).await;
    let now = company.users().await;
    assert!(
        now.contains(&before[0]) && now.iter().any(|(_, address)| address == TO),
        "{now:?}"
    );
    assert_eq!(now.len(), 2);
    company.assert_unchanged().await;
    sandbox.stop().await;
}

async fn r57_a_name_or_a_local_part_in_common_is_no_successor(kind: PsaKind) {
    let cases = [
        (("Ada", "Jansen"), "ada.jansen@opvolging.example"),
        (("Adelheid", "SMIT"), "adelheid@opvolging.example"),
        (("A\u{ad}da", "van den Berg"), "vandenberg@opvolging.example"),
        (ADA, TO),
        (XANDER, "Ada.Smit@elders.example"),
    ];
    let sandbox = sandbox().await;
    let company = ada(&sandbox, kind).await;
    let user = company.user_of(FROM).await;
    for (name, address) in cases {
        company.is_called(0, name);
        company.moves(0, address);
        unattended(&sandbox, kind, address).await;
        assert_eq!(company.address_of(&user).await, address);
        company.is_called(0, ADA);
        company.moves(0, FROM);
        unattended(&sandbox, kind, &format!("back from {address}")).await;
    }
    assert_eq!(company.users().await.len(), 1);
    sandbox.stop().await;
}

async fn r57_name_and_address_may_change_in_different_imports(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = ada(&sandbox, kind).await;
    let before = company.users().await;
    company.is_called(0, XANDER);
    unattended(&sandbox, kind, "while the record is edited").await;
    company.moves(0, TO);
    unattended(&sandbox, kind, "afterwards").await;
    assert_eq!(company.users().await, before);
    let import = company.review().await;
    assert_eq!(company.row(&import, 0).await.unwrap()["status"], "possible_successor");
    sandbox.stop().await;
}

async fn r57_where_a_mapping_has_no_name_the_users_name_counts(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = succeeded(&sandbox, kind).await;
    let before = company.users().await;
    behind::forget_names(&sandbox, &integration(&company.ana, kind).await, &company.id).await;
    let import = company.review().await;
    let row = company.row(&import, 0).await.unwrap();
    assert_eq!(row["status"], "possible_successor");
    assert_eq!(row["before"], json!({ "contact": "Ada Smit", "address": FROM }));
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();
    // The same person with another address is none.
    company.is_called(0, ADA);
    company.import().await;
    assert_eq!(company.users().await, [(before[0].0.clone(), TO.to_owned())]);
    sandbox.stop().await;
}
