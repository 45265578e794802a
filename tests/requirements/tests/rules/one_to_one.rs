//! One PSA company, one managed company, per integration and in both directions.

use std::collections::BTreeSet;

use requirements::import::{by_name, carry_out, choose_one, decide, fetch, id, ordinary, plan, planned, row, rows};
use requirements::stage::{KINDS, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed, psa};
use serde_json::{Value, json};

for_both!(
    r24_of_two_rows_that_choose_one_managed_company_one_gets_it,
    r24_a_possible_duplicate_and_a_choice_do_not_share_a_managed_company,
);

/// Carries out an import in which both of these lead to one managed company: the first in order gets it.
async fn assert_one_gets_it(api: &Api, kind: PsaKind, import: &str, target: &str, companies: [&str; 2]) {
    let before = managed::all(api).await;
    let agreed = plan(api, import).await;
    let items = companies.map(|company| planned(&agreed, company));
    let heads: BTreeSet<(&str, &str)> = items
        .iter()
        .map(|items| (text(&items[0]["action"]), text(&items[0]["reason"])))
        .collect();
    let expected = [("linkCompany", "same_name_or_chosen"), ("skip", "already_mapped")];
    assert_eq!(heads, BTreeSet::from(expected));
    let result = carry_out(api, import).await;
    let counts = &result["companies"];
    assert_eq!(
        (&counts["linked"], &counts["skipped"], &counts["failed"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(result["skipped"][0]["code"], "already_mapped");
    assert_eq!(result["users"]["created"], agreed["licences"]["needed"]);
    assert_eq!(managed::all(api).await, before);

    let import = fetch(api, kind).await;
    let after = [
        row(api, &import, companies[0]).await,
        row(api, &import, companies[1]).await,
    ];
    let mapped: Vec<&Value> = after.iter().filter_map(|row| row.get("mapped")).collect();
    assert_eq!(mapped.len(), 1);
    assert_eq!(mapped[0]["id"], target);
}

async fn r24_of_two_rows_that_choose_one_managed_company_one_gets_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let target = managed::add(&ana, "Fusiepartner").await;
    let import = fetch(&ana, kind).await;
    let chosen = ordinary(&rows(&ana, &import, "in").await);
    for row in &chosen[..2] {
        choose_one(&ana, &import, row).await;
        decide(&ana, &import, id(row), json!({ "target": { "existing": target } })).await;
    }
    assert_one_gets_it(&ana, kind, &import, &target, [id(&chosen[0]), id(&chosen[1])]).await;
    sandbox.stop().await;
}

async fn r24_a_possible_duplicate_and_a_choice_do_not_share_a_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let duplicate = by_name(&shown, "Notariat Dr Vogel");
    let target = id(&duplicate["candidates"][0]);
    let other = &ordinary(&shown)[0];
    choose_one(&ana, &import, duplicate).await;
    choose_one(&ana, &import, other).await;
    decide(&ana, &import, id(other), json!({ "target": { "existing": target } })).await;
    assert_one_gets_it(&ana, kind, &import, target, [id(duplicate), id(other)]).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn r24_each_integration_has_its_own_link_to_a_managed_company() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let target = managed::add(&ana, "Gedeeld").await;
    for kind in KINDS {
        let company = psa::add_company(&sandbox, kind, "Gedeeld");
        let import = fetch(&ana, kind).await;
        decide(&ana, &import, &company, json!({ "selected": true })).await;
        assert_eq!(carry_out(&ana, &import).await["companies"]["linked"], 1);
        let import = fetch(&ana, kind).await;
        assert_eq!(row(&ana, &import, &company).await["mapped"]["id"], target.as_str());
    }
    sandbox.stop().await;
}
