//! What a first import costs the database.

use requirements::import::{carry_out, fetch, id, ordinary, rows};
use requirements::stage::{number, sandbox};
use requirements::{PsaKind, for_both};
use serde_json::json;

for_both!(r80_a_first_import_takes_one_write_unit_a_user_and_few_a_company);

/// What an import takes however little it creates: its states, confirmation, licences, dates, history and events.
const OF_AN_IMPORT: f64 = 80.0;

/// Of a company with eleven people on average: name, company, intent, both mappings, outcomes, audit trail, its share of the lease, and
/// the list of its users.
const OF_A_COMPANY: f64 = 19.0;

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
