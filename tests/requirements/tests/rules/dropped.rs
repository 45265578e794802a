//! What a company's mapping takes along when it is dropped is in the audit trail, mapping by mapping.

use requirements::import::{carry_out, decide, fetch, plan, planned, row, tick_everybody};
use requirements::stage::{integration, sandbox, text};
use requirements::{Api, PsaKind, behind, for_both, psa};
use serde_json::{Value, json};

use crate::hand_over::{PEOPLE, cancel, enter, import, managed_of};

for_both!(
    r59_each_mapping_that_unassigning_drops_is_in_the_trail,
    r58_each_mapping_that_does_not_follow_is_in_the_trail,
    r59_each_of_thousands_of_dropped_mappings_is_in_the_trail,
);

/// What a list of changes tells of dropped address mappings: the address, the user, and why.
fn unmapped<'a>(changes: impl Iterator<Item = &'a Value>) -> Vec<(String, String, String)> {
    let changes = changes.filter(|change| change["action"] == "unmapUser");
    let mut told: Vec<_> = changes
        .map(|change| {
            let fields = [
                &change["address"]["address"],
                &change["before"]["user"],
                &change["reason"],
            ];
            let [address, user, reason] = fields.map(|field| text(field).to_owned());
            assert!(change["after"].is_null(), "{change}");
            (address, user, reason)
        })
        .collect();
    told.sort();
    told
}

/// What the trail of an import tells of dropped address mappings: the address, the user, and why.
async fn told(ana: &Api, kind: PsaKind, import: &str) -> Vec<(String, String, String)> {
    let path = format!("/integrations/{}/audit", integration(ana, kind).await);
    let entries = ana.list(&path).await.unwrap();
    let of_import = entries.iter().filter(|entry| entry["import"] == import);
    unmapped(of_import.filter_map(|entry| entry["changes"].as_array()).flatten())
}

async fn r59_each_mapping_that_unassigning_drops_is_in_the_trail(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, "Losgemaakt BV", &PEOPLE);
    import(&ana, kind, &company).await;
    let second = fetch(&ana, kind).await;
    let anew = json!({ "selected": true, "target": { "create": {} } });
    decide(&ana, &second, &company, anew).await;
    let shown = plan(&ana, &second).await;
    let dropped = unmapped(planned(&shown, &company).into_iter());
    let addresses: Vec<&str> = dropped.iter().map(|(address, ..)| address.as_str()).collect();
    assert_eq!(addresses, PEOPLE);
    carry_out(&ana, &second).await;
    assert_eq!(told(&ana, kind, &second).await, dropped);
    // Once: the next import drops nothing.
    let third = fetch(&ana, kind).await;
    decide(&ana, &third, &company, json!({ "selected": true })).await;
    carry_out(&ana, &third).await;
    assert_eq!(told(&ana, kind, &third).await, []);
    sandbox.stop().await;
}

/// Of more than 2,000 the trail tells in several transactions.
async fn r59_each_of_thousands_of_dropped_mappings_is_in_the_trail(kind: PsaKind) {
    const DROPPED: usize = 2_050;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, "Losgemaakt BV", &PEOPLE);
    import(&ana, kind, &company).await;
    let integration = integration(&ana, kind).await;
    let mut expected = behind::map_addresses(&sandbox, &integration, &company, DROPPED).await;
    expected.extend(PEOPLE.map(str::to_owned));
    expected.sort();
    let second = fetch(&ana, kind).await;
    let anew = json!({ "selected": true, "target": { "create": {} } });
    decide(&ana, &second, &company, anew).await;
    carry_out(&ana, &second).await;
    let told = told(&ana, kind, &second).await;
    let addresses: Vec<&String> = told.iter().map(|(address, ..)| address).collect();
    assert_eq!(addresses, expected.iter().collect::<Vec<_>>());
    sandbox.stop().await;
}

/// The company that takes over had a managed company, too.
async fn r58_each_mapping_that_does_not_follow_is_in_the_trail(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let old = enter(&sandbox, kind, "Herstart BV", &PEOPLE);
    import(&ana, kind, &old).await;
    let new = enter(&sandbox, kind, "Nieuw BV", &["cas@nieuw.example"]);
    import(&ana, kind, &new).await;
    let first = fetch(&ana, kind).await;
    let herstart = managed_of(&ana, &first, &old).await;
    let contacts = psa::contacts(&requirements::import::addresses(&ana, &first, &old).await);
    cancel(&ana, &first).await;
    psa::add_contacts(&sandbox, kind, &new, &PEOPLE[..1]);
    for contact in contacts {
        psa::delete_contact(&sandbox, kind, &contact);
    }
    psa::delete(&sandbox, kind, &old);

    let second = fetch(&ana, kind).await;
    let taken_over = json!({ "selected": true, "target": { "existing": herstart } });
    decide(&ana, &second, &new, taken_over).await;
    tick_everybody(&ana, &second, &row(&ana, &second, &new).await).await;
    let shown = plan(&ana, &second).await;
    let dropped = unmapped(planned(&shown, &new).into_iter());
    let whys: Vec<(&str, &str)> = dropped
        .iter()
        .map(|(address, _, why)| (address.as_str(), why.as_str()))
        .collect();
    assert_eq!(
        whys,
        [(PEOPLE[1], "not_in_new_company"), ("cas@nieuw.example", "asked_for")]
    );
    carry_out(&ana, &second).await;
    assert_eq!(told(&ana, kind, &second).await, dropped);
    sandbox.stop().await;
}
