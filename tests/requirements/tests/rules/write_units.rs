//! What imports cost the database.

use std::time::{Duration, Instant};

use requirements::import::{addresses, carry_out, fetch, id, ordinary, rows};
use requirements::stage::{PATIENCE, number, sandbox, text};
use requirements::unattended::{set_policy, trigger, unattended};
use requirements::{PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

for_both!(
    r80_a_first_import_takes_one_write_unit_a_user_and_few_a_company,
    r38_an_import_without_changes_reads_everything_once_at_half_the_price,
    r30_changed_addresses_cost_a_few_write_units_each,
);

/// What an import takes however little it creates: its states, confirmation, licences, dates, history and events.
const OF_AN_IMPORT: f64 = 80.0;

/// Of a company with eleven people on average: name, company, intent, both mappings, audit trail, its share of the lease and of the
/// outcomes, and the list of its users.
const OF_A_COMPANY: f64 = 16.5;

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

/// Imports unattended; gives the result, and the units that were written and read, without those of looking whether it has ended.
async fn units(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> (Value, f64, f64) {
    let (ana, end) = (sandbox.api("ana"), Instant::now() + PATIENCE);
    let before = sandbox.spent();
    let started = trigger(sandbox, kind, occasion).await;
    let path = format!("/imports/{}", text(&started["import"]));
    let mut looked = 0.0;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        looked += 1.0;
        if ana.get(&path).await.unwrap()["state"] == "done" {
            break;
        }
        assert!(Instant::now() < end, "it does not come to an end");
    }
    let spent = sandbox.spent();
    ana.get(&path).await.unwrap();
    let of_a_look = sandbox.spent().read_units - spent.read_units;
    let result = ana.get(&format!("{path}/result")).await.unwrap();
    let read = spent.read_units - before.read_units - looked * of_a_look;
    (result, spent.write_units - before.write_units, read)
}

async fn r80_a_first_import_takes_one_write_unit_a_user_and_few_a_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let import = fetch(&ana, kind).await;
    let companies = format!("/imports/{import}/companies");
    let everything = json!({ "selected": true, "where": {} });
    ana.post(&format!("{companies}/select"), &everything).await.unwrap();
    for company in ordinary(&rows(&ana, &import, "in").await) {
        let path = format!("{companies}/{}/addresses/select", id(&company));
        ana.post(&path, &everything).await.unwrap();
    }
    let before = sandbox.spent().write_units;
    let result = carry_out(&ana, &import).await;
    let spent = sandbox.spent().write_units - before;
    let count = |rows: &str, outcome: &str| number(&result[rows][outcome]);
    let companies = count("companies", "created") + count("companies", "linked");
    let users = count("users", "created");
    assert!(companies > 20 && users > 200, "{result}");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let most = OF_AN_IMPORT + OF_A_COMPANY * companies as f64 + users as f64;
    println!("{spent} write units for {companies} companies and {users} users, at most {most}");
    assert!(spent <= most, "{spent} write units, not {most}: {result}");
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
