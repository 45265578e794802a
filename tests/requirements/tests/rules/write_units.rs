//! What imports cost the database.

use requirements::import::{addresses, carry_out, fetch, fetch_full, id, rows, select};
use requirements::stage::{number, sandbox, text};
use requirements::unattended::{set_policy, unattended, unattended_units};
use requirements::{PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

use crate::retention::items;

for_both!(
    r80_a_first_import_takes_two_write_units_a_created_row,
    r38_an_import_without_changes_reads_everything_once_at_half_the_price,
    r30_changed_addresses_cost_a_few_write_units_each,
    r77_a_full_read_finds_the_stored_differences_as_they_are,
);

/// What a created row may take, from the start of the import to its end.
const OF_A_ROW: f64 = 2.0;

/// Companies besides the sandbox's own.
const COMPANIES: usize = 60;

/// An import without changes: its start, four moves, the snapshot's index, and one item with all outcomes.
const WRITES_WITHOUT_CHANGES: f64 = 80.0;

/// What an import without changes reads besides a few items for each company.
const READS_OF_AN_IMPORT: f64 = 60.0;

/// A company's mappings twice, its people, its row and its users, at half the price, and more strongly consistent ones of the few that
/// have a conflict. In a large MSP, whose users are read all at once, it is a third of that.
const READS_OF_A_COMPANY: f64 = 2.4;

/// A changed address: three items in one transaction of the directory. Its company: intent, mappings, row and people, of which the former
/// ones expire, and its share of the lease, the audit trail and the outcomes.
const OF_A_CHANGED_ADDRESS: f64 = 19.0;

/// Everybody is imported, and the last snapshot knows it.
async fn all_imported(sandbox: &Sandbox, kind: PsaKind) -> (u64, u64) {
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let policy = json!({
        "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 100, "atLeast": 10_000 },
    });
    set_policy(&ana, kind, &policy).await;
    let first = unattended(sandbox, kind, "first").await;
    let second = unattended(sandbox, kind, "second").await;
    assert_eq!((&first["state"], &second["state"]), (&json!("done"), &json!("done")));
    let result = ana
        .get(&format!("/imports/{}/result", text(&second["id"])))
        .await
        .unwrap();
    (
        number(&result["companies"]["unchanged"]),
        number(&result["users"]["unchanged"]),
    )
}

/// Imports unattended; gives the result, and the units that were written and read.
async fn units(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> (Value, f64, f64) {
    let (import, written, read) = unattended_units(sandbox, kind, occasion).await;
    let path = format!("/imports/{}/result", text(&import["id"]));
    let result = sandbox.api("ana").get(&path).await.unwrap();
    (result, written, read)
}

/// People of each: so many, and more, a large MSP's companies have on average with all that it costs to map a company.
const PEOPLE: usize = 30;

async fn r80_a_first_import_takes_two_write_units_a_created_row(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    for company in 0..COMPANIES {
        let id = psa::add_company(&sandbox, kind, &format!("Filiaal {company:03}"));
        let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@filiaal{company}.example")).collect();
        psa::add_contacts(&sandbox, kind, &id, &people);
    }
    let before = sandbox.spent().write_units;
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let everybody = json!({ "selected": true, "where": { "active": true } });
    ana.post(&format!("/imports/{import}/addresses/select"), &everybody)
        .await
        .unwrap();
    let result = carry_out(&ana, &import).await;
    let spent = sandbox.spent().write_units - before;
    let created = number(&result["companies"]["created"]) + number(&result["users"]["created"]);
    assert!(created > (COMPANIES * PEOPLE) as u64, "{result}");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let a_row = spent / created as f64;
    println!("{spent} write units for {created} created rows: {a_row:.2} each");
    assert!(a_row <= OF_A_ROW, "{a_row} write units a row: {result}");
    sandbox.stop().await;
}

async fn r38_an_import_without_changes_reads_everything_once_at_half_the_price(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (companies, users) = all_imported(&sandbox, kind).await;
    assert!(companies > 20 && users > 200, "{companies} companies, {users} users");
    let (result, written, read) = units(&sandbox, kind, "third").await;
    assert_eq!(
        (
            number(&result["companies"]["unchanged"]),
            number(&result["users"]["unchanged"])
        ),
        (companies, users)
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let most = READS_OF_AN_IMPORT + READS_OF_A_COMPANY * companies as f64;
    println!("{written} write units and {read} read units for {companies} companies, at most {most}");
    assert!(written <= WRITES_WITHOUT_CHANGES, "{written} write units");
    assert!(read <= most, "{read} read units, not {most}");
    sandbox.stop().await;
}

async fn r30_changed_addresses_cost_a_few_write_units_each(kind: PsaKind) {
    let sandbox = sandbox().await;
    all_imported(&sandbox, kind).await;
    let (_, unchanged, _) = units(&sandbox, kind, "third").await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let mut changed = Vec::new();
    let companies = rows(&ana, &import, "in").await;
    for company in companies.iter().filter(|row| row["status"] == "mapped") {
        let people = addresses(&ana, &import, id(company)).await;
        let person = people.iter().find(|person| person["status"] == "mapped");
        changed.extend(person.map(|person| id(person).to_owned()));
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    changed.truncate(10);
    for (count, person) in changed.iter().enumerate() {
        psa::change_address(&sandbox, kind, person, &format!("changed.{count}@moved.example"));
    }
    let (result, written, _) = units(&sandbox, kind, "fourth").await;
    // One whose address somebody else keeps gets a user of its own.
    let users = &result["users"];
    assert_eq!(
        number(&users["changedAddress"]) + number(&users["created"]),
        10,
        "{result}"
    );
    let most = unchanged + 10.0 * OF_A_CHANGED_ADDRESS;
    println!("{written} write units for 10 changed addresses, {unchanged} without, at most {most}");
    assert!(written <= most, "{written} write units, not {most}: {result}");
    sandbox.stop().await;
}

/// The sort keys of the stored lists of what differs from the stored pages.
async fn differences(sandbox: &Sandbox) -> Vec<String> {
    let all = items(sandbox).await.into_iter();
    let keys = all.map(|(_, item)| item["sk"].as_s().unwrap().clone());
    let mut keys: Vec<String> = keys
        .filter(|key| key.starts_with("MIRROR#") && key.contains("#d#"))
        .collect();
    keys.sort();
    keys
}

async fn r77_a_full_read_finds_the_stored_differences_as_they_are(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = psa::add_company(&sandbox, kind, "Op Volgorde");
    let first = fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{first}")).await.unwrap();
    // As numbers they come in another order than as texts.
    let people = [9_999_999, 10_000_000].map(|number| {
        let mut person = psa::new_contact(kind, &company, &format!("p{number}@volgorde.example"));
        person["id"] = number.into();
        person
    });
    psa::change(&sandbox, kind, json!({ "contacts": people }));
    let mut stored = Vec::new();
    for is_full in [false, true, false] {
        let import = if is_full {
            fetch_full(&ana, kind).await
        } else {
            fetch(&ana, kind).await
        };
        assert_eq!(addresses(&ana, &import, &company).await.len(), 2);
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        stored.push(differences(&sandbox).await);
    }
    assert_eq!(stored[0].len(), 1, "{stored:?}");
    assert!(stored.iter().all(|keys| *keys == stored[0]), "{stored:?}");
    sandbox.stop().await;
}
