//! Licences and conflicts (R82, R89).

use requirements::import::{
    carry_out, choose, choose_mapped, fetch, first_import, first_import_of, id, plan, tick_everybody,
};
use requirements::lastpass;
use requirements::people::Company;
use requirements::stage::{advance, number};
use requirements::{PsaKind, for_both, managed, psa};
use serde_json::json;

for_both!(
    r89_licences_are_counted_and_limits_shown,
    r89_created_users_count_at_once_and_no_more_than_once,
    r89_a_company_at_its_limit_takes_nobody,
    r82_an_address_of_another_company_is_a_conflict,
    r82_an_address_with_an_account_of_its_own_is_a_conflict,
    r71_a_row_that_lastpass_refuses_changes_nothing_later,
);

async fn r89_licences_are_counted_and_limits_shown(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 1).await;
    let licences = ana.get("/licences").await.unwrap();
    assert_eq!(licences["mode"], "consumption");
    let all = managed::all(&ana).await;
    assert!(all.iter().any(|company| company["licenceLimit"] == 25), "{all:?}");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 1).await;
    let agreed = plan(&ana, &import).await;
    let licences = &agreed["licences"];
    assert!(
        number(&licences["needed"]) > 0 && licences["warning"].is_string(),
        "{agreed}"
    );
    lastpass::end(sandbox).await;
}

async fn r89_created_users_count_at_once_and_no_more_than_once(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let used = async || number(&ana.get("/licences").await.unwrap()["used"]);
    let import = fetch(&ana, kind).await;
    let before = used().await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let first = first_import_of(&ana, kind, 1).await;
    let created = number(&first.result["users"]["created"]);
    assert!(created > 0, "{}", first.result);
    assert_eq!((before, used().await), (2, 2 + created));
    // Nobody is created.
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    carry_out(&ana, &import).await;
    assert_eq!(used().await, 2 + created);
    // All are read again.
    advance(&sandbox, 25 * 3_600).await;
    fetch(&ana, kind).await;
    assert_eq!(used().await, 2 + created);
    lastpass::end(sandbox).await;
}

async fn r89_a_company_at_its_limit_takes_nobody(kind: PsaKind) {
    for answer in ["conflict", "badRequest"] {
        let sandbox = lastpass::sandbox().await;
        let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
        // One that was just made may not take users yet, which LastPass says in the same words.
        advance(&sandbox, 600).await;
        lastpass::set(&sandbox, json!({ "licenseLimitEnforced": answer }));
        lastpass::change(
            &sandbox,
            json!({ "companies": [{ "id": lastpass::number(&company.managed), "licenseLimit": 1 }] }),
        );
        psa::add_contact(&sandbox, kind, &company.id, "cora@eigen.example");
        let import = company.review().await;
        tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
        let result = carry_out(&company.ana, &import).await;
        assert_eq!(result["errors"][0]["code"], "directory_refused", "{answer}: {result}");
        let says = "The licence limit of the managed company is reached.";
        assert_eq!(result["errors"][0]["directorySays"], says, "{answer}: {result}");
        assert_eq!(company.users().await.len(), 1);
        let all = managed::all(&company.ana).await;
        let shown = all.iter().find(|one| id(one) == company.managed).unwrap();
        assert_eq!(shown["licenceLimit"], 1, "never lowered nor raised");
        lastpass::end(sandbox).await;
    }
}

async fn r82_an_address_of_another_company_is_a_conflict(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet, which LastPass says in the same words.
    advance(&sandbox, 600).await;
    psa::add_contact(&sandbox, kind, &company.id, "cora@eigen.example");
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    // Somebody gives it away in the console, where only LastPass knows it.
    lastpass::change(
        &sandbox,
        json!({ "users": [{ "companyId": 1_100, "email": "cora@eigen.example", "name": "Cora" }] }),
    );
    let result = carry_out(&company.ana, &import).await;
    let failed = result["errors"].as_array().unwrap();
    assert!(failed.iter().any(|row| row["code"] == "address_conflict"), "{result}");
    assert_eq!(company.users().await.len(), 1);
    assert!(
        managed::all(&company.ana)
            .await
            .iter()
            .any(|one| id(one) == company.managed)
    );
    lastpass::end(sandbox).await;
}

async fn r82_an_address_with_an_account_of_its_own_is_a_conflict(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet, which LastPass says in the same words.
    advance(&sandbox, 600).await;
    lastpass::set(&sandbox, json!({ "userHasPrivateAccount": "conflict" }));
    lastpass::change(&sandbox, json!({ "privateAccounts": ["cora@eigen.example"] }));
    psa::add_contact(&sandbox, kind, &company.id, "cora@eigen.example");
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    let result = carry_out(&company.ana, &import).await;
    // No user of any company has it, so that only LastPass can tell who does.
    assert_eq!(result["errors"][0]["code"], "address_conflict", "{result}");
    assert!(result["errors"][0].get("heldBy").is_none(), "{result}");
    let says = "This email has an account of its own.";
    assert_eq!(result["errors"][0]["directorySays"], says, "{result}");
    assert_eq!(company.users().await.len(), 1);
    lastpass::end(sandbox).await;
}

async fn r71_a_row_that_lastpass_refuses_changes_nothing_later(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import(&ana, kind).await;
    let errors = first.result["errors"].as_array().unwrap();
    assert!(
        errors.iter().any(|error| error["code"] == "directory_refused"),
        "{errors:?}"
    );
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let mut units = Vec::new();
    for _ in 0..2 {
        let before = sandbox.spent().read_units;
        ana.get(&format!("/imports/{import}/plan?limit=1")).await.unwrap();
        units.push(sandbox.spent().read_units - before);
    }
    println!("{units:?} read units");
    // What was computed is kept, since nobody is about to change the directory.
    assert!(units[1] < units[0] / 2.0, "{units:?} read units");
    lastpass::end(sandbox).await;
}
