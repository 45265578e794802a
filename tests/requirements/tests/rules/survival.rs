//! Imports that are disturbed end as if they had not been.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use requirements::import::{
    End, carry_out, choose, choose_one, done, end, execute, fetch, fetched, first_import_of, plan, row, start,
};
use requirements::stage::{PATIENCE, advance, number, quick, sandbox, text};
use requirements::unattended::deliver;
use requirements::{Options, PsaKind, Sandbox, for_both, import, psa};
use serde_json::json;

use crate::directory::{Trouble, remote};
use crate::fetch::runs;
use crate::result::{csv, lines};

for_both!(
    r36_a_user_that_fails_stops_nobody_else_and_its_licence_is_given_back,
    r37_a_directory_that_loses_replies_makes_nothing_twice,
    r37_a_user_whose_call_is_never_answered_is_found_in_the_directory,
    r37_a_directory_that_falls_silent_is_waited_for_and_no_row_fails,
    r40_a_company_of_long_names_and_many_people_fits_and_is_named_row_by_row,
    r37_a_company_of_more_people_than_one_run_can_import_goes_on_in_the_next,
    r37_killed_in_the_middle_of_an_execution_the_import_ends_as_if_it_had_run_once,
    r37_an_import_that_nobody_works_on_any_more_is_taken_up_by_the_sweeper,
);

/// Companies of each import here.
pub const MANY: usize = 6;

/// A sandbox whose directory is far away, with this trouble on the way.
pub fn far(trouble: Trouble) -> (Options, Arc<Trouble>) {
    let trouble = Arc::new(trouble);
    let options = Options {
        directory: Some(remote(&trouble)),
        ..quick()
    };
    (options, trouble)
}

/// The end of a first import that nothing disturbs.
pub async fn undisturbed(kind: PsaKind) -> End {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let result = first_import_of(&ana, kind, MANY).await.result;
    let end = end(&ana, kind, result).await;
    sandbox.stop().await;
    end
}

async fn r37_a_directory_that_loses_replies_makes_nothing_twice(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    let (options, _) = far(Trouble {
        lose_every: 3,
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let result = first_import_of(&ana, kind, MANY).await.result;
    assert_eq!(end(&ana, kind, result).await, expected);
    sandbox.stop().await;
}

async fn r37_a_company_of_more_people_than_one_run_can_import_goes_on_in_the_next(kind: PsaKind) {
    let (mut ends, mut took) = (Vec::new(), Vec::new());
    for is_slow in [false, true] {
        // Four calls at once: all take more than ten seconds. Five seconds are kept back for handing over, so a run has five, and
        // is cut off if it takes ten.
        let (options, _) = far(Trouble {
            takes: is_slow.then_some(Duration::from_millis(40)),
            ..Trouble::default()
        });
        let options = Options {
            worker_timeout: is_slow.then_some(Duration::from_secs(10)),
            ..options
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let ana = sandbox.api("ana");
        ana.put("/licences", &json!({ "total": 2_000 })).await.unwrap();
        let company = psa::add_company(&sandbox, kind, "Grootbedrijf");
        let people: Vec<String> = (0..1_050).map(|n| format!("p{n}@grootbedrijf.example")).collect();
        psa::add_contacts(&sandbox, kind, &company, &people);
        let import = fetch(&ana, kind).await;
        choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
        let before = runs(&sandbox);
        let result = carry_out(&ana, &import).await;
        assert_eq!(
            (&result["companies"]["created"], &result["users"]["created"]),
            (&json!(1), &json!(1_050))
        );
        took.push(runs(&sandbox) - before);
        ends.push(end(&ana, kind, result).await);
        sandbox.stop().await;
    }
    assert_eq!(ends[0], ends[1]);
    assert!(took[1] >= took[0] + 2, "{took:?}: it took two runs at most");
}

async fn r40_a_company_of_long_names_and_many_people_fits_and_is_named_row_by_row(kind: PsaKind) {
    const PEOPLE: usize = 2_300;
    let (options, trouble) = far(Trouble::default());
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 10_000 })).await.unwrap();
    let company = psa::add_company(&sandbox, kind, &"Grootbedrijf ".repeat(3));
    let long: Vec<String> = (0..PEOPLE)
        .map(|n| format!("{}{n}@{}.example", random(58), random(60)))
        .collect();
    psa::add_contacts(&sandbox, kind, &company, &long);
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["users"]["created"], PEOPLE);

    // One who comes changes what there is of the others as little as one who goes.
    let people = import::addresses(&ana, &import, &company).await;
    psa::delete_contact(&sandbox, kind, psa::split(text(&people[3]["id"])).0);
    psa::add_contact(&sandbox, kind, &company, "nieuw@grootbedrijf.example");
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["users"]["created"], &result["users"]["unchanged"]),
        (&json!(1), &json!(PEOPLE - 1))
    );

    // Cancelled before it begins, every row is named.
    let second = psa::add_company(&sandbox, kind, "Tweede");
    let many: Vec<String> = (0..PEOPLE)
        .map(|n| format!("{}{n}@tweede.example", random(50)))
        .collect();
    psa::add_contacts(&sandbox, kind, &second, &many);
    let first = psa::add_company(&sandbox, kind, "Eerste");
    psa::add_contact(&sandbox, kind, &first, "e@eerste.example");
    let import = fetch(&ana, kind).await;
    for company in [&first, &second] {
        choose_one(&ana, &import, &row(&ana, &import, company).await).await;
    }
    let before = trouble.calls.load(Ordering::SeqCst);
    sandbox.pause(true).await;
    execute(&ana, &import).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    sandbox.pause(false).await;
    let ended = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(trouble.calls.load(Ordering::SeqCst), before);
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert_eq!(result["users"]["skipped"], PEOPLE + 1);
    let (whole, _) = csv(&sandbox, &import).await;
    let named = lines(&whole)
        .into_iter()
        // The one who went is listed besides.
        .filter(|line| line["outcome"] != "not_in")
        .map(|line| (line["company id"].clone(), line["address id"].clone()));
    let named: HashSet<(String, String)> = named.collect();
    assert_eq!(named.len(), PEOPLE + 1 + 2);
    sandbox.stop().await;
}

/// So many letters and digits.
fn random(length: usize) -> String {
    use rand::RngExt as _;
    (0..length)
        .map(|_| char::from(rand::rng().sample(rand::distr::Alphanumeric)))
        .collect()
}

async fn r37_killed_in_the_middle_of_an_execution_the_import_ends_as_if_it_had_run_once(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    for moment in [1, 2, 7, 20, 41] {
        let state = tempfile::tempdir().unwrap();
        let (options, trouble) = far(Trouble {
            tell_at: moment,
            ..Trouble::default()
        });
        let options = Options {
            state: Some(state.path().to_owned()),
            ..options
        };
        let before = Sandbox::start(options.clone()).await.unwrap();
        let ana = before.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        execute(&ana, &import).await;
        tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
        before.kill().await;

        let undisturbed = Options {
            directory: None,
            ..options
        };
        let after = Sandbox::start(undisturbed).await.unwrap();
        let ana = after.api("ana");
        // The dead worker's lease has to end first.
        advance(&after, 60).await;
        let result = done(&ana, &import).await;
        assert_eq!(end(&ana, kind, result).await, expected, "killed at call {moment}");
        after.stop().await;
    }
}

async fn r37_an_import_that_nobody_works_on_any_more_is_taken_up_by_the_sweeper(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    sandbox.lose_work(true);
    let import = start(&ana, kind, &json!({})).await;
    taken_up(&sandbox, &import, "fetching").await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    choose(&ana, &import, MANY).await;
    sandbox.lose_work(true);
    execute(&ana, &import).await;
    taken_up(&sandbox, &import, "executing").await;
    let result = done(&ana, &import).await;
    assert_eq!(end(&ana, kind, result).await, expected);
    assert_eq!(
        deliver(&sandbox, &json!({ "sweep": {} })).await,
        json!({ "underWay": 0, "takenUp": 0, "due": 0, "started": 0 })
    );
    sandbox.stop().await;
}

/// An import whose work was lost stays where it is until its lock's lease is over, and is then taken up once.
async fn taken_up(sandbox: &Sandbox, import: &str, state: &str) {
    let (sweep, left_alone) = (
        json!({ "sweep": {} }),
        json!({ "underWay": 1, "takenUp": 0, "due": 0, "started": 0 }),
    );
    // As long as the lease runs, somebody may still be at it.
    assert_eq!(deliver(sandbox, &sweep).await, left_alone);
    advance(sandbox, 31 * 60).await;
    let path = format!("/imports/{import}");
    let now = sandbox.api("ana").get(&path).await.unwrap();
    assert_eq!(now["state"], state, "{now}");
    sandbox.pause(true).await;
    sandbox.lose_work(false);
    assert_eq!(
        deliver(sandbox, &sweep).await,
        json!({ "underWay": 1, "takenUp": 1, "due": 0, "started": 0 })
    );
    assert_eq!(deliver(sandbox, &sweep).await, left_alone);
    sandbox.pause(false).await;
}

/// An address that the import of [`MANY`] companies makes a user of.
pub async fn somebody(kind: PsaKind) -> String {
    let scout = sandbox().await;
    let ana = scout.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, MANY).await;
    let planned = plan(&ana, &import).await;
    let items = planned["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["action"] == "createUser").unwrap();
    scout.stop().await;
    text(&item["after"]["address"]).to_owned()
}

async fn r36_a_user_that_fails_stops_nobody_else_and_its_licence_is_given_back(kind: PsaKind) {
    let (expected, ..) = undisturbed(kind).await;
    let (refuse, ignore) = (Some(somebody(kind).await), Some(somebody(kind).await));
    let (refused, ignored) = (
        Trouble {
            refuse,
            ..Trouble::default()
        },
        Trouble {
            ignore,
            ..Trouble::default()
        },
    );
    for (trouble, code) in [(refused, "directory_refused"), (ignored, "directory_unavailable")] {
        let (options, _) = far(trouble);
        let sandbox = Sandbox::start(options).await.unwrap();
        let ana = sandbox.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        let result = carry_out(&ana, &import).await;
        assert_eq!(
            (number(&result["users"]["created"]), &result["users"]["failed"]),
            (number(&expected["users"]["created"]) - 1, &json!(1))
        );
        assert_eq!(result["companies"], expected["companies"]);
        let error = &result["errors"][0];
        assert_eq!(error["code"], code);
        assert!(!text(&error["detail"]).is_empty() && !text(&error["action"]).is_empty());
        let licences = ana.get("/licences").await.unwrap();
        let of = |name: &str| number(&licences[name]);
        assert_eq!((of("reserved"), of("used") + of("available")), (0, of("total")));
        sandbox.stop().await;
    }
}

async fn r37_a_user_whose_call_is_never_answered_is_found_in_the_directory(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    let (options, _) = far(Trouble {
        never_answer: Some(somebody(kind).await),
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let result = first_import_of(&ana, kind, MANY).await.result;
    assert_eq!(end(&ana, kind, result).await, expected);
    sandbox.stop().await;
}

async fn r37_a_directory_that_falls_silent_is_waited_for_and_no_row_fails(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    // Twelve runs are more than there is patience for: an import that cannot even be ended is not given up.
    for (moment, silent_runs) in [(3, 5), (20, 12)] {
        let (options, trouble) = far(Trouble {
            tell_at: moment,
            falls_silent: true,
            ..Trouble::default()
        });
        let mut options = options;
        options.patience.execution = Duration::from_hours(1);
        let sandbox = Sandbox::start(options).await.unwrap();
        let ana = sandbox.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        execute(&ana, &import).await;
        tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
        let before = runs(&sandbox);
        let waits = async {
            while runs(&sandbox) < before + silent_runs {
                advance(&sandbox, 1_201).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waits).await.unwrap();
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        assert_eq!(now["state"], "executing", "{now}");
        trouble.is_silent.store(false, Ordering::SeqCst);
        advance(&sandbox, 1_201).await;
        let result = done(&ana, &import).await;
        assert_eq!(end(&ana, kind, result).await, expected, "silent for {silent_runs} runs");
        sandbox.stop().await;
    }
}
