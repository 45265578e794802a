//! Section E: mapped, unmapped, possible duplicate, ambiguous.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use requirements::import::{
    by_name, carry_out, choose_mapped, choose_one, decide, done, execute, fetch, first_import_of, id, planned, row,
    rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, quick, sandbox, text};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::{Trouble, remote};

for_both!(
    r19_a_renamed_company_keeps_its_managed_company,
    r19_a_mapped_company_may_take_the_name_of_another_managed_company,
    r20_selecting_an_unmapped_company_creates_a_managed_company,
    r21_a_managed_company_of_the_same_name_is_a_possible_duplicate_and_linked,
    r22_two_managed_companies_of_the_name_are_ambiguous,
    r22_two_psa_companies_of_one_name_are_ambiguous,
    r22_a_namesake_that_is_mapped_already_is_ambiguous,
    r22_what_is_ambiguous_becomes_what_is_chosen,
);

fn candidates(row: &Value) -> BTreeSet<&str> {
    row["candidates"].as_array().unwrap().iter().map(id).collect()
}

async fn r19_a_renamed_company_keeps_its_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = id(&first.chosen[0]);
    let before = managed::all(&ana).await;
    psa::rename(&sandbox, kind, company, "Heel Anders Holding");

    let import = fetch(&ana, kind).await;
    let renamed = row(&ana, &import, company).await;
    assert_eq!(
        (&renamed["status"], &renamed["name"], &renamed["mapped"]["name"]),
        (
            &json!("mapped"),
            &json!("Heel Anders Holding"),
            &first.chosen[0]["name"]
        )
    );
    choose_mapped(&ana, &import).await;
    let planned_now = execute(&ana, &import).await;
    let item = planned(&planned_now, company)[0];
    assert_eq!(
        (&item["action"], &item["reason"]),
        (&json!("updateCompany"), &json!("renamed_in_psa"))
    );
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["updated"], &result["companies"]["created"]),
        (&json!(1), &json!(0))
    );

    let mut expected = before;
    for company in &mut expected {
        if company["id"] == renamed["mapped"]["id"] {
            company["name"] = json!("Heel Anders Holding");
        }
    }
    assert_eq!(managed::all(&ana).await, expected);
    sandbox.stop().await;
}

async fn r19_a_mapped_company_may_take_the_name_of_another_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = id(&first.chosen[0]);
    let import = fetch(&ana, kind).await;
    let mapped = row(&ana, &import, company).await["mapped"]["id"].clone();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    psa::rename(&sandbox, kind, company, "PILOTGROEP");
    let before = managed::all(&ana).await.len();

    let import = fetch(&ana, kind).await;
    let renamed = row(&ana, &import, company).await;
    assert_eq!(
        (&renamed["status"], &renamed["mapped"]["id"]),
        (&json!("mapped"), &mapped)
    );
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["linked"], 0);
    assert_eq!(
        (managed::all(&ana).await.len(), managed::named(&ana, "PILOTGROEP").await),
        (before, 1)
    );
    sandbox.stop().await;
}

async fn r20_selecting_an_unmapped_company_creates_a_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let company = by_name(&shown, "Schmidt &amp; Partner");
    assert_eq!(company["status"], "unmapped");
    assert_eq!((company.get("mapped"), candidates(company).len()), (None, 0));
    let before = managed::all(&ana).await.len();
    choose_one(&ana, &import, company).await;
    let plan = execute(&ana, &import).await;
    let item = planned(&plan, id(company))[0];
    assert_eq!(
        (&item["action"], &item["before"], &item["after"]["name"]),
        (&json!("createCompany"), &Value::Null, &company["name"])
    );
    assert_eq!(done(&ana, &import).await["companies"]["created"], 1);
    assert_eq!(managed::all(&ana).await.len(), before + 1);
    let import = fetch(&ana, kind).await;
    let after = row(&ana, &import, id(company)).await;
    assert_eq!(
        (&after["status"], &after["mapped"]["name"]),
        (&json!("mapped"), &company["name"])
    );
    sandbox.stop().await;
}

/// What the managed company is called, what the PSA company is called, and whether that is the same name.
const NAMES: [(&str, &str, bool); 16] = [
    ("Zeilschool Het Wad", "Zeilschool Het Wad", true),
    ("Kapper Knip", "KAPPER knip", true),
    ("Smederij van Loon", "  Smederij van Loon ", true),
    ("Rijwielhandel Pomp", "Rijwielhandel \u{a0} Pomp", true),
    ("Tuinderij\tDe Linde", "Tuinderij De  Linde", true),
    ("Straße Nord", "STRASSE NORD", true),
    ("Confiserie Ren\u{e9}e", "Confiserie Rene\u{301}e", true),
    ("Ａｔｅｌｉｅｒ Zes", "Atelier Zes", true),
    ("Of\u{fb01}ce Wonen", "Office wonen", true),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ", true),
    ("Molen B.V.", "Molen BV", false),
    ("Garage Kuipers", "Garage Kuipers B.V.", false),
    ("Cafe Sport", "Café Sport", false),
    ("Vogel & Zoon", "Vogel en Zoon", false),
    ("Drukkerij Oost", "Drukkerij-Oost", false),
    ("Hoveniers Groen", "Groen Hoveniers", false),
];

async fn r21_a_managed_company_of_the_same_name_is_a_possible_duplicate_and_linked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut cases = Vec::new();
    for (by_hand, in_psa, same) in NAMES {
        let namesake = managed::add(&ana, by_hand).await;
        cases.push((namesake, psa::add_company(&sandbox, kind, in_psa), in_psa, same));
    }
    let before = managed::all(&ana).await.len();
    let import = fetch(&ana, kind).await;
    for (namesake, company, name, same) in &cases {
        let row = row(&ana, &import, company).await;
        let status = if *same {
            "unmapped_possible_duplicate"
        } else {
            "unmapped"
        };
        assert_eq!(row["status"], status, "{name}");
        let expected: BTreeSet<&str> = same.then_some(namesake.as_str()).into_iter().collect();
        assert_eq!(candidates(&row), expected, "{name}");
        decide(&ana, &import, company, json!({ "selected": true })).await;
    }
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["linked"], &result["companies"]["created"]),
        (&json!(10), &json!(6))
    );
    assert_eq!(managed::all(&ana).await.len(), before + 6);

    let import = fetch(&ana, kind).await;
    for (namesake, company, name, same) in &cases {
        let row = row(&ana, &import, company).await;
        assert_eq!(row["status"], "mapped", "{name}");
        assert_eq!(row["mapped"]["id"] == namesake.as_str(), *same, "{name}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn r21_of_two_integrations_that_make_a_company_of_one_name_at_once_one_does() {
    let trouble = Arc::new(Trouble {
        lags: true.into(),
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(Options {
        directory: Some(remote(&trouble)),
        ..quick()
    })
    .await
    .unwrap();
    let ana = sandbox.api("ana");
    let name = "Gemeinsam AG";
    let mut results = Vec::new();
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        let company = psa::add_company(&sandbox, kind, name);
        let import = fetch(&ana, kind).await;
        decide(&ana, &import, &company, json!({ "selected": true })).await;
        let plan = execute(&ana, &import).await;
        assert_eq!(
            planned(&plan, &company)[0]["action"],
            "createCompany",
            "the list of companies lags"
        );
        results.push(done(&ana, &import).await);
    }
    assert_eq!(results[0]["companies"]["created"], 1);
    assert_eq!(
        (&results[1]["companies"]["failed"], &results[1]["errors"][0]["code"]),
        (&json!(1), &json!("plan_changed"))
    );
    trouble.lags.store(false, Ordering::SeqCst);
    assert_eq!(managed::named(&ana, name).await, 1);
    // The next import would link; who asks for another one of that name gets it.
    let import = fetch(&ana, PsaKind::Autotask).await;
    let shown = rows(&ana, &import, "in").await;
    assert_eq!(by_name(&shown, name)["status"], "unmapped_possible_duplicate");
    let company = id(by_name(&shown, name));
    decide(
        &ana,
        &import,
        company,
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["created"], 1);
    assert_eq!(managed::named(&ana, name).await, 2);
    sandbox.stop().await;
}

/// Selects rows that are ambiguous: they are passed over, with the reason, and nothing is written.
async fn assert_never_linked(api: &Api, import: &str, companies: &[&str]) {
    let before = managed::all(api).await;
    for company in companies {
        let row = row(api, import, company).await;
        assert_eq!(row["status"], "ambiguous", "{row}");
        choose_one(api, import, &row).await;
    }
    let plan = execute(api, import).await;
    for company in companies {
        let items = planned(&plan, company);
        assert_eq!(
            (&items[0]["action"], &items[0]["reason"]),
            (&json!("skip"), &json!("ambiguous"))
        );
        assert!(items[1..].iter().all(|item| item["action"] == "skip"), "{items:?}");
    }
    assert_eq!(plan["licences"]["needed"], 0);
    let result = done(api, import).await;
    assert_eq!(
        number(&result["companies"]["skipped"]),
        companies.len() as u64,
        "{result}"
    );
    let skipped = result["skipped"].as_array().unwrap().iter();
    let named: BTreeSet<&str> = skipped
        .filter(|row| row["code"] == "ambiguous")
        .map(|row| id(&row["company"]))
        .collect();
    assert_eq!(named, companies.iter().copied().collect());
    assert_eq!(managed::all(api).await, before);
}

async fn r22_two_managed_companies_of_the_name_are_ambiguous(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let [one, other] = [
        managed::add(&ana, "Tweeling").await,
        managed::add(&ana, "tweeling").await,
    ];
    let company = psa::add_company(&sandbox, kind, "TWEELING");
    let import = fetch(&ana, kind).await;
    let shown = row(&ana, &import, &company).await;
    assert_eq!(candidates(&shown), BTreeSet::from([one.as_str(), &other]));
    assert_never_linked(&ana, &import, &[&company]).await;
    sandbox.stop().await;
}

async fn r22_two_psa_companies_of_one_name_are_ambiguous(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let only = managed::add(&ana, "Bakkerij van Dijk B.V.").await;
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let names = |name: &str| -> Vec<&Value> { shown.iter().filter(|row| row["name"] == name).collect() };
    let twins = names("Bakkerij van Dijk B.V.");
    assert_eq!(twins.len(), 2);
    for row in &twins {
        assert_eq!(candidates(row), BTreeSet::from([only.as_str()]));
        assert_eq!(row["namesakeInPsa"], true);
    }
    // Told apart by case only, or by how a letter is composed: no managed company has these names.
    let others = [
        "Brasserie du Port",
        "BRASSERIE DU PORT",
        "Caf\u{e9} Ren\u{e9}",
        "Cafe\u{301} Rene\u{301}",
    ];
    let others = others.into_iter().flat_map(names);
    let all: Vec<&str> = twins.iter().copied().chain(others).map(id).collect();
    assert_eq!(all.len(), 6);
    assert_never_linked(&ana, &import, &all).await;
    sandbox.stop().await;
}

async fn r22_a_namesake_that_is_mapped_already_is_ambiguous(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let mapped = &first.chosen[0];
    // The mapped one is called something else by now, and a new one bears its name.
    psa::rename(&sandbox, kind, id(mapped), "Opvolger van weleer");
    let company = psa::add_company(&sandbox, kind, text(&mapped["name"]));
    let import = fetch(&ana, kind).await;
    let its = row(&ana, &import, id(mapped)).await["mapped"].clone();
    let shown = row(&ana, &import, &company).await;
    assert_eq!(candidates(&shown), BTreeSet::from([id(&its)]));
    let path = format!("/imports/{import}/companies/{company}");
    let taken = json!({ "version": shown["version"], "target": { "existing": its["id"] } });
    let answer = call(&ana, Method::PATCH, &path, Some(&taken)).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_never_linked(&ana, &import, &[&company]).await;
    sandbox.stop().await;
}

async fn r22_what_is_ambiguous_becomes_what_is_chosen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let (one, other) = (
        by_name(&shown, "Brasserie du Port"),
        by_name(&shown, "BRASSERIE DU PORT"),
    );
    let hospital = by_name(&shown, "Streekziekenhuis Noord");
    let [_, chosen] = hospital["candidates"].as_array().unwrap().as_slice() else {
        panic!("{hospital}");
    };
    let decisions = [
        (one, json!({ "selected": true, "target": { "create": {} } })),
        (other, json!({ "selected": true, "target": { "create": {} } })),
        (
            hospital,
            json!({ "selected": true, "target": { "existing": chosen["id"] } }),
        ),
    ];
    for (row, decision) in decisions {
        decide(&ana, &import, id(row), decision).await;
    }
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["linked"]),
        (&json!(2), &json!(1))
    );
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, id(hospital)).await["mapped"], *chosen);
    let [one, other] = [row(&ana, &import, id(one)).await, row(&ana, &import, id(other)).await];
    assert_ne!(one["mapped"]["id"], other["mapped"]["id"]);
    assert_eq!(
        (&one["mapped"]["name"], &other["mapped"]["name"]),
        (&one["name"], &other["name"])
    );
    sandbox.stop().await;
}
