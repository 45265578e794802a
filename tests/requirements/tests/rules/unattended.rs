//! Section M: imports that a schedule or an event starts.

use requirements::import::{
    addresses, choose_one, directory, done, execute, fetch, fetched, first_import_of, ordinary, rows, start,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, sandbox, text};
use requirements::unattended::{set_policy, trigger, unattended};
use requirements::{PsaKind, behind, faults, for_both, psa};
use reqwest::Method;
use serde_json::json;

for_both!(
    r48_an_unattended_import_brings_what_was_imported_before_up_to_date,
    r48_new_companies_and_addresses_are_imported_if_the_policy_says_so,
    r48_r32_of_two_companies_with_one_new_address_the_first_gets_it_and_nothing_else_of_the_other_is_held_up,
    r48_r32_an_address_that_an_import_sets_free_is_somebodys_next_time,
    r48_an_unattended_import_takes_the_same_lock,
    r48_the_policy_says_what_is_read,
    r39_an_unattended_mass_change_stops_in_review_where_an_administrator_finishes_it,
    r46_an_unattended_import_with_too_few_licences_stops_in_review,
    r48_any_administrator_may_end_an_unattended_import,
    r48_a_filter_that_the_psa_does_not_know_any_more_fails_the_import_before_it_reads,
);

async fn r48_an_unattended_import_brings_what_was_imported_before_up_to_date(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let company = text(&first.chosen[0]["id"]);
    let import = fetch(&ana, kind).await;
    let people = addresses(&ana, &import, company).await;
    let person = people.iter().find(|address| address["selected"] == true).unwrap();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    psa::rename(&sandbox, kind, company, "Renamed overnight");
    psa::change_address(&sandbox, kind, text(&person["id"]), "moved@overnight.example");
    psa::add_contact(&sandbox, kind, company, "newcomer@overnight.example");
    psa::add_company(&sandbox, kind, "Founded overnight");

    let ended = unattended(&sandbox, kind, "night").await;
    assert_eq!((&ended["state"], &ended["unattended"]), (&json!("done"), &json!(true)));
    let ours = ana
        .get(&format!("/integrations/{}", integration(&ana, kind).await))
        .await
        .unwrap();
    assert_eq!(ended["startedBy"], ours["name"]);
    assert_eq!(ours.get("lock"), None);
    assert_eq!(ended["counts"]["companies"]["updated"], 1);
    assert_eq!(ended["counts"]["users"]["changedAddress"], 1);
    assert_eq!(ended["counts"]["users"]["created"], 0);
    let now = directory(&ana).await.to_string();
    assert!(now.contains("Renamed overnight") && now.contains("moved@overnight.example"));
    assert!(!now.contains("Founded overnight") && !now.contains("newcomer@overnight.example"));
    sandbox.stop().await;
}

async fn r48_new_companies_and_addresses_are_imported_if_the_policy_says_so(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let generous = json!({ "percent": 0, "atLeast": 100_000 });
    let company = psa::add_company(&sandbox, kind, "Founded overnight");
    psa::add_contact(&sandbox, kind, &company, "newcomer@overnight.example");

    set_policy(&ana, kind, &json!({ "newCompanies": true, "massChange": generous })).await;
    let ended = unattended(&sandbox, kind, "first").await;
    assert_eq!(ended["state"], "done");
    let now = directory(&ana).await.to_string();
    assert!(now.contains("Founded overnight") && !now.contains("newcomer@overnight.example"));
    // Nobody decided on what could be meant in several ways, on the MSP's own company, or on inactive ones.
    for row in rows(&ana, text(&ended["id"]), "in").await {
        let decided = row["status"] == "unmapped" || row["status"] == "unmapped_possible_duplicate";
        let expected = decided && row["own"] == false && row["active"] == true;
        assert_eq!(row["selected"], expected, "{row}");
    }

    set_policy(&ana, kind, &json!({ "newAddresses": true, "massChange": generous })).await;
    let ended = unattended(&sandbox, kind, "second").await;
    assert_eq!(ended["counts"]["companies"]["created"], 0);
    assert!(directory(&ana).await.to_string().contains("newcomer@overnight.example"));
    // People whom the PSA counts as inactive get no access by themselves.
    let import = fetch(&ana, kind).await;
    for row in rows(&ana, &import, "in").await {
        if row["status"] != "mapped" {
            continue;
        }
        for address in addresses(&ana, &import, text(&row["id"])).await {
            assert!(address["active"] == true || address["status"] != "mapped", "{address}");
        }
    }
    sandbox.stop().await;
}

async fn r48_r32_of_two_companies_with_one_new_address_the_first_gets_it_and_nothing_else_of_the_other_is_held_up(
    kind: PsaKind,
) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    set_policy(&ana, kind, &json!({ "newAddresses": true })).await;
    for (at, company) in first.chosen.iter().enumerate() {
        psa::add_contact(&sandbox, kind, text(&company["id"]), "both@overnight.example");
        psa::add_contact(
            &sandbox,
            kind,
            text(&company["id"]),
            &format!("own{at}@overnight.example"),
        );
    }
    let ended = unattended(&sandbox, kind, "night").await;
    let counts = &ended["counts"];
    assert_eq!(
        (
            &counts["users"]["created"],
            &counts["users"]["skipped"],
            &counts["users"]["failed"]
        ),
        (&json!(3), &json!(1), &json!(0)),
        "{counts}"
    );
    assert_eq!(counts["companies"]["failed"], 0);
    sandbox.stop().await;
}

async fn r48_r32_an_address_that_an_import_sets_free_is_somebodys_next_time(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let [company, other] = [0, 1].map(|at| text(&first.chosen[at]["id"]));
    let import = fetch(&ana, kind).await;
    let people = addresses(&ana, &import, company).await;
    let person = people.iter().find(|address| address["selected"] == true).unwrap();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    set_policy(&ana, kind, &json!({ "newAddresses": true })).await;
    psa::change_address(&sandbox, kind, text(&person["id"]), "moved@overnight.example");
    psa::add_contact(&sandbox, kind, other, text(&person["address"]));

    for (night, expected) in [("one", [1, 0, 1]), ("two", [0, 1, 0])] {
        let ended = unattended(&sandbox, kind, night).await;
        let users = &ended["counts"]["users"];
        let seen = ["changedAddress", "created", "skipped"].map(|outcome| users[outcome].as_u64().unwrap());
        assert_eq!(seen, expected, "{users}");
        assert_eq!(
            (&users["failed"], &ended["counts"]["companies"]["failed"]),
            (&json!(0), &json!(0))
        );
    }
    sandbox.stop().await;
}

async fn r48_an_unattended_import_takes_the_same_lock(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let refused = json!({ "outcome": "refused", "code": "integration_locked" });
    assert_eq!(trigger(&sandbox, kind, "night").await, refused);
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    faults::hold(&sandbox, kind, faults::COMPANIES, 0);
    let begun = trigger(&sandbox, kind, "night").await;
    faults::held(&sandbox, kind).await;
    let ours = format!("/integrations/{}", integration(&ana, kind).await);
    let name = ana.get(&ours).await.unwrap()["name"].clone();
    let locked = call(&ana, Method::POST, &format!("{ours}/imports"), Some(&json!({}))).await;
    assert_problem(&locked, 423, "integration_locked");
    assert_eq!(
        (&locked.body["lockedBy"], &locked.body["import"]),
        (&name, &begun["import"])
    );
    sandbox.stop().await;
}

async fn r48_the_policy_says_what_is_read(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let ours = format!("/integrations/{}", integration(&ana, kind).await);
    for (policy, code, at) in [
        (
            json!({ "filter": { "shoeSize": ["44"] } }),
            "invalid_filter",
            "/attribute",
        ),
        (
            json!({ "massChange": { "percent": 101 } }),
            "invalid_request",
            "/errors/0/pointer",
        ),
        (json!({ "newCompanys": true }), "invalid_request", "/errors/0/pointer"),
    ] {
        let refused = call(&ana, Method::PUT, &format!("{ours}/policy"), Some(&policy)).await;
        assert_problem(&refused, 400, code);
        assert!(refused.body.pointer(at).is_some(), "{}", refused.body);
    }
    let before = ana.get(&ours).await.unwrap();
    assert_eq!(before["policy"]["filter"], json!({}));

    let attributes = ana.list(&format!("{ours}/attributes")).await.unwrap();
    let of_companies = attributes
        .iter()
        .find(|attribute| attribute["subject"] == "company")
        .unwrap();
    let all = fetch(&ana, kind).await;
    let everything = rows(&ana, &all, "in").await.len();
    ana.delete(&format!("/imports/{all}")).await.unwrap();
    let filter = json!({ text(&of_companies["id"]): [of_companies["values"][0]["id"]] });
    set_policy(&ana, kind, &json!({ "filter": filter })).await;
    let ended = unattended(&sandbox, kind, "night").await;
    let read = rows(&ana, text(&ended["id"]), "in").await.len();
    assert!(0 < read && read < everything, "{read} of {everything}");
    // What an administrator filtered by last is not replaced by the policy.
    assert_eq!(ana.get(&ours).await.unwrap()["lastFilter"], json!({}));
    sandbox.stop().await;
}

async fn r48_a_filter_that_the_psa_does_not_know_any_more_fails_the_import_before_it_reads(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let ours = integration(&ana, kind).await;
    let attributes = ana.list(&format!("/integrations/{ours}/attributes")).await.unwrap();
    let (attribute, value) = (text(&attributes[0]["id"]), &attributes[0]["values"][0]["id"]);
    set_policy(&ana, kind, &json!({ "filter": { attribute: [value] } })).await;
    behind::filter_by(&sandbox, &ours, attribute, "999999").await;
    faults::forget_requests(&sandbox, kind);
    let failed = unattended(&sandbox, kind, "night").await;
    assert_eq!(
        (
            &failed["state"],
            &failed["error"]["code"],
            &failed["error"]["attribute"]
        ),
        (&json!("failed"), &json!("invalid_filter"), &json!(attribute))
    );
    let companies = regex::Regex::new(faults::COMPANIES).unwrap();
    let asked = faults::requests(&sandbox, kind);
    assert!(!asked.iter().any(|request| companies.is_match(&request.path)));
    sandbox.stop().await;
}

async fn r39_an_unattended_mass_change_stops_in_review_where_an_administrator_finishes_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    set_policy(&ana, kind, &json!({ "newCompanies": true, "newAddresses": true })).await;
    let before = directory(&ana).await;
    let stopped = unattended(&sandbox, kind, "night").await;
    assert_eq!(
        (&stopped["state"], &stopped["stopped"]["code"]),
        (&json!("review"), &json!("mass_change"))
    );
    assert!(!text(&stopped["stopped"]["detail"]).is_empty());
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    let last = ana.get(&path).await.unwrap()["lastImport"].clone();
    assert_eq!(
        (&last["unattended"], &last["stopped"]),
        (&stopped["unattended"], &stopped["stopped"])
    );
    assert_eq!(directory(&ana).await, before);

    // What the policy decided is there to see; the first who acts takes it over, the next finds it taken.
    let import = text(&stopped["id"]);
    assert!(rows(&ana, import, "in").await.iter().any(|row| row["selected"] == true));
    let nobody = json!({ "selected": false, "where": {} });
    let select = format!("/imports/{import}/companies/select");
    ana.post(&select, &nobody).await.unwrap();
    let late = call(&bram, Method::POST, &select, Some(&nobody)).await;
    assert_problem(&late, 423, "integration_locked");
    let taken = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(taken["takenOverBy"], late.body["lockedBy"]);
    let chosen = ordinary(&rows(&ana, import, "in").await).remove(0);
    choose_one(&ana, import, &chosen).await;
    execute(&ana, import).await;
    let result = done(&ana, import).await;
    assert_eq!(result["companies"]["created"], 1);
    sandbox.stop().await;
}

async fn r46_an_unattended_import_with_too_few_licences_stops_in_review(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let used = ana.get("/licences").await.unwrap()["used"].clone();
    ana.put("/licences", &json!({ "total": used })).await.unwrap();
    let generous = json!({ "percent": 0, "atLeast": 100_000 });
    set_policy(
        &ana,
        kind,
        &json!({ "newCompanies": true, "newAddresses": true, "massChange": generous }),
    )
    .await;
    let before = directory(&ana).await;
    let stopped = unattended(&sandbox, kind, "night").await;
    assert_eq!(
        (
            &stopped["state"],
            &stopped["stopped"]["code"],
            &stopped["stopped"]["available"]
        ),
        (&json!("review"), &json!("insufficient_licences"), &json!(0))
    );
    assert_eq!(directory(&ana).await, before);
    sandbox.stop().await;
}

async fn r48_any_administrator_may_end_an_unattended_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let bram = sandbox.api("bram");
    faults::hold(&sandbox, kind, faults::COMPANIES, 0);
    let begun = trigger(&sandbox, kind, "night").await;
    faults::held(&sandbox, kind).await;
    let ended = bram
        .delete(&format!("/imports/{}", text(&begun["import"])))
        .await
        .unwrap();
    assert_eq!(ended["state"], "cancelled");
    faults::let_go(&sandbox).await;
    let import = start(&bram, kind, &json!({})).await;
    assert_eq!(fetched(&bram, &import).await["state"], "review");
    sandbox.stop().await;
}
