//! What an import without changes costs under LastPass (R80, R87).

use requirements::import::first_import_of;
use requirements::stage::sandbox;
use requirements::unattended::{set_policy, unattended, unattended_units};
use requirements::{PsaKind, Sandbox, for_both, lastpass};
use serde_json::json;

for_both!(r87_an_import_without_changes_writes_no_more_than_with_the_built_in_directory,);

const COMPANIES: usize = 5;

/// Progress that is written once more: reading the list of companies takes time, and it is written by the clock.
const A_NOTE: f64 = 2.0;

/// The fewest write units of an unattended import that finds nothing to do.
async fn written(sandbox: &Sandbox, kind: PsaKind) -> f64 {
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, COMPANIES).await;
    let policy = json!({
        "newCompanies": false, "newAddresses": false, "filter": {}, "massChange": { "percent": 100, "atLeast": 10_000 },
    });
    set_policy(&ana, kind, &policy).await;
    let first = unattended(sandbox, kind, "first").await;
    assert_eq!(first["state"], "done", "{first}");
    // Progress is written by the clock, so some imports write a little more.
    let mut least = f64::INFINITY;
    for occasion in ["second", "third", "fourth"] {
        let (import, written, _) = unattended_units(sandbox, kind, occasion).await;
        assert_eq!(import["counts"]["companies"]["unchanged"], COMPANIES, "{import}");
        least = least.min(written);
    }
    least
}

async fn r87_an_import_without_changes_writes_no_more_than_with_the_built_in_directory(kind: PsaKind) {
    let (built_in, other) = (sandbox().await, lastpass::sandbox().await);
    let (of_built_in, of_lastpass) = (written(&built_in, kind).await, written(&other, kind).await);
    assert!(of_lastpass <= of_built_in + A_NOTE, "{of_lastpass} of {of_built_in}");
    built_in.stop().await;
    lastpass::end(other).await;
}
