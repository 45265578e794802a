//! What a first import costs the database.

use requirements::import::{carry_out, fetch, select};
use requirements::stage::{number, sandbox};
use requirements::{PsaKind, for_both, psa};
use serde_json::json;

for_both!(r80_a_first_import_takes_two_write_units_a_created_row);

/// What a created row may take, from the start of the import to its end.
const OF_A_ROW: f64 = 2.0;

/// Companies besides the sandbox's own.
const COMPANIES: usize = 60;

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
