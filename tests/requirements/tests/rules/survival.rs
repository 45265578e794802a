//! Imports that are disturbed end as if they had not been.

use std::sync::Arc;

use domain::address::Address;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::directory::{Trouble, remote};
use crate::run::{KINDS, PATIENCE, advance, choose, directory, done, execute, fetch, first, plan, quick, sandbox};

/// Companies of each import here.
const MANY: usize = 6;

async fn undisturbed(kind: &str) -> (Value, Value) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (_, result) = first(&ana, kind, MANY).await;
    let end = (result, directory(&ana).await);
    sandbox.stop().await;
    end
}

#[tokio::test]
async fn r37_a_directory_that_loses_replies_makes_nothing_twice() {
    for kind in KINDS {
        let expected = undisturbed(kind).await;
        let trouble = Arc::new(Trouble {
            lose_every: 3,
            ..Trouble::default()
        });
        let sandbox = Sandbox::start(Options {
            directory: Some(remote(&trouble)),
            ..quick()
        })
        .await
        .unwrap();
        let ana = sandbox.api("ana");
        let (_, result) = first(&ana, kind, MANY).await;
        assert_eq!((result, directory(&ana).await), expected);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r37_killed_in_the_middle_of_an_execution_the_import_ends_as_if_it_had_run_once() {
    let expected = undisturbed("connectwise").await;
    for moment in [1, 2, 7, 20, 41] {
        let state = tempfile::tempdir().unwrap();
        let trouble = Arc::new(Trouble {
            tell_at: moment,
            ..Trouble::default()
        });
        let options = Options {
            state: Some(state.path().to_owned()),
            ..quick()
        };
        let before = Sandbox::start(Options {
            directory: Some(remote(&trouble)),
            ..options.clone()
        })
        .await
        .unwrap();
        let ana = before.api("ana");
        let import = fetch(&ana, "connectwise").await;
        choose(&ana, &import, MANY).await;
        execute(&ana, &import).await;
        tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
        before.kill().await;

        let after = Sandbox::start(options).await.unwrap();
        let ana = after.api("ana");
        // The dead worker's lease has to end first.
        advance(&after, 60).await;
        let result = done(&ana, &import).await;
        assert_eq!((result, directory(&ana).await), expected, "killed at call {moment}");
        after.stop().await;
    }
}

#[tokio::test]
async fn r36_a_user_that_fails_stops_nobody_else_and_its_licence_is_given_back() {
    for kind in KINDS {
        let (expected, _) = undisturbed(kind).await;
        // Which address is refused is read from a plan of the same MSP.
        let scout = sandbox().await;
        let ana = scout.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        let planned = plan(&ana, &import).await;
        let item = planned["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["action"] == "createUser")
            .unwrap();
        let refused: Address = item["after"]["address"].as_str().unwrap().parse().unwrap();
        scout.stop().await;

        let trouble = Arc::new(Trouble {
            refuse: Some(refused.original().to_owned()),
            ..Trouble::default()
        });
        let sandbox = Sandbox::start(Options {
            directory: Some(remote(&trouble)),
            ..quick()
        })
        .await
        .unwrap();
        let ana = sandbox.api("ana");
        let (_, result) = first(&ana, kind, MANY).await;
        let created = expected["users"]["created"].as_u64().unwrap();
        assert_eq!(
            (&result["users"]["created"], &result["users"]["failed"]),
            (&json!(created - 1), &json!(1))
        );
        assert_eq!(result["companies"], expected["companies"]);
        let error = &result["errors"][0];
        assert_eq!(error["code"], "directory_refused");
        assert!(!error["detail"].as_str().unwrap().is_empty() && !error["action"].as_str().unwrap().is_empty());
        let licences = ana.get("/licences").await.unwrap();
        let number = |name: &str| licences[name].as_u64().unwrap();
        assert_eq!(number("reserved"), 0);
        assert_eq!(number("used") + number("available"), number("total"));
        sandbox.stop().await;
    }
}
