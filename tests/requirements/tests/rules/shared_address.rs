//! An address that several contacts of a company have (R56).

use requirements::people::Company;
use requirements::stage::sandbox;
use requirements::unattended::{set_policy, unattended};
use requirements::{PsaKind, for_both, psa};
use serde_json::{Value, json};

use crate::addresses::used;

for_both!(
    r56_a_user_stays_with_an_address_that_another_contact_shares,
    r56_a_mapping_passes_to_the_contact_that_still_has_the_address,
    r56_a_user_moves_when_nobody_who_shared_the_address_has_it,
    r56_a_contact_that_took_the_address_over_since_does_not_count,
    r56_in_a_chain_the_last_one_moves_and_the_others_say_import_again,
);

const DESK: &str = "balie@balie.example";

async fn desk(sandbox: &requirements::Sandbox, kind: PsaKind) -> Company<'_> {
    Company::imported(sandbox, kind, &[(("Els", "Eker"), DESK), (("Fay", "Faber"), DESK)]).await
}

fn users(result: &Value, outcome: &str) -> u64 {
    result["users"][outcome].as_u64().unwrap()
}

async fn r56_a_user_stays_with_an_address_that_another_contact_shares(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = desk(&sandbox, kind).await;
    let (desk, licences) = (company.user_of(DESK).await, used(&company.ana).await);
    company.moves(0, "els@balie.example");

    let night = unattended(&sandbox, kind, "first night").await;
    assert_eq!(
        (&night["state"], users(&night["counts"], "changedAddress")),
        (&json!("done"), 0)
    );
    assert_eq!(company.users().await, [(desk.clone(), DESK.to_owned())]);
    assert_eq!(used(&company.ana).await, licences);
    company.assert_unchanged().await;

    // The other one's address is new: she gets a user of her own where the policy says so.
    set_policy(&company.ana, kind, &json!({ "newAddresses": true })).await;
    unattended(&sandbox, kind, "second night").await;
    assert_eq!(company.address_of(&desk).await, DESK);
    company.user_of("els@balie.example").await;
    assert_eq!(company.users().await.len(), 2);
    company.assert_unchanged().await;

    // By now it is nobody else's, so its user goes where its contact goes.
    company.moves(1, "fay@balie.example");
    unattended(&sandbox, kind, "third night").await;
    assert_eq!(company.address_of(&desk).await, "fay@balie.example");
    assert_eq!(company.users().await.len(), 2);
    sandbox.stop().await;
}

async fn r56_a_mapping_passes_to_the_contact_that_still_has_the_address(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = desk(&sandbox, kind).await;
    let before = company.users().await;
    psa::delete_contact(&sandbox, kind, &company.contacts[0]);

    let import = company.review().await;
    let row = company.row(&import, 1).await.unwrap();
    assert_eq!((&row["status"], &row["selected"]), (&json!("mapped"), &json!(true)));
    assert_eq!(company.planned(&import, 1).await.unwrap()["action"], "unchanged");
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();
    company.import().await;
    assert_eq!(company.users().await, before);
    company.assert_unchanged().await;
    company.moves(1, "fay@balie.example");
    assert_eq!(users(&company.import().await, "changedAddress"), 1);
    assert_eq!(
        company.users().await,
        [(before[0].0.clone(), "fay@balie.example".to_owned())]
    );
    sandbox.stop().await;
}

async fn r56_a_user_moves_when_nobody_who_shared_the_address_has_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let company = desk(&sandbox, kind).await;
    let before = company.users().await;
    company.moves(0, "els@balie.example");
    company.moves(1, "fay@balie.example");
    assert_eq!(users(&company.import().await, "changedAddress"), 1);
    assert_eq!(
        company.users().await,
        [(before[0].0.clone(), "els@balie.example".to_owned())]
    );
    company.assert_unchanged().await;
    sandbox.stop().await;
}

async fn r56_a_contact_that_took_the_address_over_since_does_not_count(kind: PsaKind) {
    let sandbox = sandbox().await;
    let people = [(("Els", "Eker"), DESK), (("Fay", "Faber"), "fay@balie.example")];
    let company = Company::imported(&sandbox, kind, &people).await;
    let (els, fay) = (company.user_of(DESK).await, company.user_of("fay@balie.example").await);
    company.moves(0, "els@balie.example");
    company.moves(1, DESK);

    let import = company.review().await;
    assert_eq!(company.planned(&import, 0).await.unwrap()["action"], "changeAddress");
    let waits = company.planned(&import, 1).await.unwrap();
    assert_eq!(
        (&waits["action"], &waits["reason"]),
        (&json!("skip"), &json!("import_again"))
    );
    let rows = [
        company.row(&import, 0).await.unwrap(),
        company.row(&import, 1).await.unwrap(),
    ];
    assert_eq!(rows[0].get("conflict"), None);
    assert_eq!(rows[1]["conflict"]["managedCompany"], json!(company.managed));
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();
    for _ in 0..2 {
        company.import().await;
    }
    assert_eq!(company.address_of(&els).await, "els@balie.example");
    assert_eq!(company.address_of(&fay).await, DESK);
    assert_eq!(company.users().await.len(), 2);
    company.assert_unchanged().await;
    sandbox.stop().await;
}

async fn r56_in_a_chain_the_last_one_moves_and_the_others_say_import_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let addresses = ["a", "b", "c", "d"].map(|local| format!("{local}@ketting.example"));
    let people: Vec<_> = [("Ada", "Smit"), ("Bob", "Smit"), ("Cor", "Smit")]
        .into_iter()
        .zip(addresses.iter().map(String::as_str))
        .collect();
    let company = Company::imported(&sandbox, kind, &people).await;
    let (mut users_before, licences) = (Vec::new(), used(&company.ana).await);
    for address in &addresses[..3] {
        users_before.push(company.user_of(address).await);
    }
    for (contact, to) in addresses[1..].iter().enumerate() {
        company.moves(contact, to);
    }
    for moved in 1..=3 {
        let result = company.import().await;
        assert_eq!(users(&result, "changedAddress"), 1, "{result}");
        let skipped = result["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 3 - moved);
        for row in skipped {
            assert_eq!(row["code"], "import_again");
            assert!(
                row["action"].as_str().unwrap_or_default().contains("Import again"),
                "{row}"
            );
        }
        for (contact, user) in users_before.iter().enumerate() {
            let has_moved = contact >= 3 - moved;
            assert_eq!(
                company.address_of(user).await,
                addresses[contact + usize::from(has_moved)]
            );
        }
    }
    assert_eq!((company.users().await.len(), used(&company.ana).await), (3, licences));
    company.assert_unchanged().await;
    sandbox.stop().await;
}
