//! What a click of an administrator costs in a review, whatever else the MSP has.

use requirements::import::{addresses, carry_out, choose, decide, fetch, id, ordinary, row, rows, select};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use serde_json::{Value, json};

for_both!(
    r28_a_tick_reads_its_company_and_no_other,
    r25_a_choice_of_a_managed_company_reads_no_other,
    r21_a_tick_finds_the_namesake_that_another_has_made_meanwhile,
);

/// What a tick may read and write in a large MSP (5,000 companies, 100,000 contacts).
const MOST: (f64, f64) = (40.0, 6.0);

/// Companies that the ticked one has nothing to do with: reading all of them would cost more than a tick may.
const OTHERS: usize = 400;

/// Expects that a call reads and writes no more units than these.
pub(crate) async fn costs_at_most<T>(
    sandbox: &Sandbox,
    what: &str,
    most: (f64, f64),
    call: impl Future<Output = T>,
) -> T {
    let before = sandbox.spent();
    let answer = call.await;
    let after = sandbox.spent();
    let (read, written) = (
        after.read_units - before.read_units,
        after.write_units - before.write_units,
    );
    println!("{what}: {read} read units, {written} write units");
    assert!(
        read <= most.0 && written <= most.1,
        "{what}: {read} read units, {written} write units"
    );
    answer
}

/// Expects that a call reads and writes no more than a tick may.
async fn is_cheap<T>(sandbox: &Sandbox, what: &str, call: impl Future<Output = T>) -> T {
    costs_at_most(sandbox, what, MOST, call).await
}

/// Looks at the people of a company, ticks one, and selects the company: each for the price of a tick.
async fn look_and_tick(sandbox: &Sandbox, api: &Api, import: &str, company: &str) {
    let of_company = format!("/imports/{import}/companies/{company}");
    let people = is_cheap(sandbox, "people", api.get(&format!("{of_company}/addresses?limit=20")))
        .await
        .unwrap();
    let person = &people["items"][0];
    let tick = json!({ "version": person["version"], "selected": person["selected"] != true });
    let path = format!("{of_company}/addresses/{}", id(person));
    let after = is_cheap(sandbox, "tick", api.patch(&path, &tick)).await.unwrap();
    assert_eq!(after["selected"], tick["selected"], "{after}");
    let shown = addresses(api, import, company).await;
    assert_eq!(shown[0], after);
    let seen = row(api, import, company).await;
    let select = json!({ "version": seen["version"], "selected": true });
    is_cheap(sandbox, "company", api.patch(&of_company, &select))
        .await
        .unwrap();
}

async fn r28_a_tick_reads_its_company_and_no_other(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..OTHERS).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    let new = ordinary(&rows(&ana, &import, "in").await);
    let one = id(&new[0]);
    look_and_tick(&sandbox, &ana, &import, one).await;
    // The same once everybody is mapped.
    choose(&ana, &import, 3).await;
    select(&ana, &import, json!({})).await;
    let result = carry_out(&ana, &import).await;
    assert!(number(&result["companies"]["created"]) > OTHERS as u64, "{result}");
    let again = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &again, one).await["status"], "mapped");
    look_and_tick(&sandbox, &ana, &again, one).await;
    sandbox.stop().await;
}

async fn r25_a_choice_of_a_managed_company_reads_no_other(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..OTHERS).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({ "search": "filiaal" })).await;
    carry_out(&ana, &import).await;
    let free = managed::add(&ana, "Nog vrij").await;
    let again = fetch(&ana, kind).await;
    let new = ordinary(&rows(&ana, &again, "in").await);
    let path = format!("/imports/{again}/companies/{}", id(&new[0]));
    let body = json!({ "version": new[0]["version"], "selected": true, "target": { "existing": free } });
    is_cheap(&sandbox, "existing", ana.patch(&path, &body)).await.unwrap();
    look_and_tick(&sandbox, &ana, &again, id(&new[0])).await;
    sandbox.stop().await;
}

async fn r21_a_tick_finds_the_namesake_that_another_has_made_meanwhile(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let new = ordinary(&rows(&ana, &import, "in").await);
    let one = id(&new[0]);
    let person = addresses(&ana, &import, one).await[0].clone();
    assert_eq!(person["status"], "unmapped", "{person}");
    // Whatever the case and the spaces of the name.
    let name = format!(" {} ", text(&new[0]["name"]).to_uppercase());
    let made = managed::add(&ana, &name).await;
    managed::add_user(&ana, &made, text(&person["address"])).await;
    let now = addresses(&ana, &import, one).await[0].clone();
    assert_eq!(now["status"], "unmapped_possible_duplicate", "{now}");
    // Somebody who wants a company of her own gets none of the other's people.
    decide(&ana, &import, one, json!({ "target": { "create": {} } })).await;
    let now: Value = addresses(&ana, &import, one).await[0].clone();
    assert_eq!(now["conflict"]["managedCompany"], made.as_str(), "{now}");
    assert_eq!(now["conflict"]["name"], text(&new[0]["name"]).to_uppercase(), "{now}");
    sandbox.stop().await;
}
