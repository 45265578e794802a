//! The demonstration: for each PSA a first import, changes in the PSA, a second import, and a look at what came of it.

mod changes;
mod import;
mod tables;

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use sandbox::{Error, Options, Sandbox};
use serde_json::Value;

use changes::Changed;
use import::{Imported, Tick};

/// The longest that any stage may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs it all; an error says which expectation did not hold.
pub(crate) async fn run() -> Result<(), Error> {
    let began = Instant::now();
    let mut good = true;
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        good &= of_one_psa(kind).await?;
    }
    println!("\nAll of it took {:.1} s.", began.elapsed().as_secs_f64());
    if good {
        Ok(())
    } else {
        Err(Error::Unexpected("an import did not end as it should".to_owned()))
    }
}

async fn of_one_psa(kind: PsaKind) -> Result<bool, Error> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let ana = sandbox.api("ana");
    println!("\n━━ {} ━━ first import", kind.product());
    let first = import::run(&ana, kind, Tick::Everybody).await?;
    first.show();

    let changed = changes::make(&sandbox, &ana, kind, &first).await?;
    println!(
        "\n━━ {} ━━ second import, after these changes in the PSA",
        kind.product()
    );
    changed.show();
    let second = import::run(&ana, kind, Tick::Only(changed.added_to.clone(), changed.added.clone())).await?;
    second.show();
    println!("\nChecks");
    let good = check(&first, &second, &changed);
    sandbox.stop().await;
    Ok(good)
}

/// Whether both imports ended as they should, told line by line.
fn check(first: &Imported, second: &Imported, changed: &Changed) -> bool {
    let users = |import: &Imported, count: &str| import.count("users", count);
    let absent = |import: &Imported| {
        let mut rows: Vec<(String, String)> = import
            .not_in
            .iter()
            .map(|row| (text(&row["id"]), text(&row["reason"])))
            .collect();
        rows.sort();
        rows
    };
    let mut expected = vec![
        (changed.deactivated.clone(), "inactive".to_owned()),
        (changed.merged.clone(), "merged_in_psa".to_owned()),
    ];
    expected.sort();
    let checks = [
        (
            "the first import made companies and users",
            first.count("companies", "created") > 0 && users(first, "created") > 0,
        ),
        ("nothing failed", first.failed() + second.failed() == 0),
        ("every planned row has one outcome", first.adds_up() && second.adds_up()),
        (
            "the second import made no company",
            second.count("companies", "created") == 0 && first.managed == second.managed,
        ),
        (
            "the renamed company was carried over",
            second.count("companies", "updated") == 1,
        ),
        (
            "the changed address moved its user",
            users(second, "changedAddress") == 1,
        ),
        ("the added contact is the one new user", users(second, "created") == 1),
        ("licences used grew by just that one", second.used == first.used + 1),
        (
            "what is gone stands in not in, with the reason",
            absent(second) == expected,
        ),
    ];
    for (what, holds) in &checks {
        println!("  {} {what}", if *holds { "✓" } else { "✗" });
    }
    checks.iter().all(|(_, holds)| *holds)
}

/// A value as plain text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
