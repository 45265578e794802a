//! Killed around a request to LastPass, an import ends as if it had run once (R37, R82).

use std::collections::BTreeSet;
use std::time::Duration;

use requirements::import::{choose, done, execute, fetch};
use requirements::lastpass::{self, holds};
use requirements::stage::{PATIENCE, advance, quick};
use requirements::{Options, PsaKind, Sandbox, for_both};
use serde_json::json;

for_both!(r37_r82_killed_around_any_request_of_an_import_everything_is_made_once);

/// Companies of each import here.
const MANY: usize = 3;

/// What LastPass holds, whatever the ids are.
async fn names_and_addresses(sandbox: &Sandbox) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = holds(sandbox)
        .await
        .into_iter()
        .map(|((_, name), users)| (name, users))
        .collect();
    all.sort();
    all
}

/// Waits until so many companies and users were asked for.
async fn asked(sandbox: &Sandbox, import: &str, many: usize) {
    let ana = sandbox.api("ana");
    let wait = async {
        while lastpass::creations(sandbox) < many {
            let now = ana.get(&format!("/imports/{import}")).await.unwrap();
            if now["state"] != "executing" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

async fn r37_r82_killed_around_any_request_of_an_import_everything_is_made_once(kind: PsaKind) {
    let mut expected = None;
    let moments: BTreeSet<usize> = [usize::MAX, 1, 2, 3, 4, 6, 9, 14].into();
    for moment in moments.into_iter().rev() {
        let state = tempfile::tempdir().unwrap();
        let options = Options {
            state: Some(state.path().to_owned()),
            lastpass: true,
            ..quick()
        };
        let before = Sandbox::start(options.clone()).await.unwrap();
        lastpass::set(&before, json!({ "companyCreateDelay": "none" }));
        let ana = before.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        execute(&ana, &import).await;
        asked(&before, &import, moment).await;
        before.kill().await;

        let after = Sandbox::start(options).await.unwrap();
        let ana = after.api("ana");
        // The dead worker's lease has to end first, and users with a lost reply are looked for during ten minutes.
        lastpass::let_pass(&after, &import, 60).await;
        let result = done(&ana, &import).await;
        lastpass::assert_created(&result);
        let holds = names_and_addresses(&after).await;
        assert_eq!(
            expected.get_or_insert_with(|| holds.clone()),
            &holds,
            "killed at request {moment}"
        );
        advance(&after, 1).await;
        lastpass::end(after).await;
    }
}
