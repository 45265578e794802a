//! An import that is stopped in the middle ends soon, and says what it did and what it left (R36).

use std::time::{Duration, Instant};

use requirements::import::{choose_more_than_are_begun, choose_one, execute, fetch, row};
use requirements::stage::{PATIENCE, number};
use requirements::{Options, PsaKind, Sandbox, for_both, import, psa};

use crate::directory::Trouble;
use crate::survival::far;

for_both!(
    r36_an_import_that_is_stopped_within_its_last_companies_says_so,
    r36_cancelling_stops_within_the_people_of_a_company,
    r36_cancelling_stops_a_company_that_an_earlier_run_began,
);

async fn r36_an_import_that_is_stopped_within_its_last_companies_says_so(kind: PsaKind) {
    let (options, trouble) = far(Trouble {
        tell_at: 1,
        hold: true,
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    // Fewer than there are between two looks for a wish to stop.
    let (import, chosen) = choose_more_than_are_begun(&sandbox, &ana, kind).await;
    execute(&ana, &import).await;
    tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    trouble.go_on.notify_one();
    let ended = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(ended["state"], "cancelled");
    let companies = &ana.get(&format!("/imports/{import}/result")).await.unwrap()["companies"];
    let (created, skipped) = (number(&companies["created"]), number(&companies["skipped"]));
    assert!(created > 0 && skipped > 0, "{companies}");
    assert_eq!(created + skipped, chosen as u64);
    sandbox.stop().await;
}

async fn r36_cancelling_stops_within_the_people_of_a_company(kind: PsaKind) {
    assert_cancelling_stops(kind, 5, None).await;
}

/// Five seconds of a run are kept back for handing over, and four calls go at once: call 50 is one of the second run.
async fn r36_cancelling_stops_a_company_that_an_earlier_run_began(kind: PsaKind) {
    assert_cancelling_stops(kind, 50, Some(Duration::from_secs(9))).await;
}

/// Cancels when the directory gets the call of this number: few people more get access, and everybody who has it is mapped.
async fn assert_cancelling_stops(kind: PsaKind, tell_at: usize, worker_timeout: Option<Duration>) {
    let (options, trouble) = far(Trouble {
        tell_at,
        takes: Some(Duration::from_millis(500)),
        ..Trouble::default()
    });
    let options = Options {
        worker_timeout,
        ..options
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let company = psa::add_company(&sandbox, kind, "Traag");
    // Four at once: fifteen seconds for all of them.
    let people: Vec<String> = (0..120).map(|n| format!("p{n}@traag.example")).collect();
    psa::add_contacts(&sandbox, kind, &company, &people);
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let before = number(&ana.get("/licences").await.unwrap()["used"]);
    execute(&ana, &import).await;
    tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
    let asked = Instant::now();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let ended = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    assert_eq!(ended["state"], "cancelled");
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert_eq!(result["companies"]["created"], 1);
    let (created, skipped) = (number(&result["users"]["created"]), number(&result["users"]["skipped"]));
    assert!((1..100).contains(&created), "{result}");
    assert_eq!(created + skipped, 120);
    // Those who were made are mapped, and their licences are used.
    let licences = ana.get("/licences").await.unwrap();
    assert_eq!(
        (number(&licences["used"]) - before, number(&licences["reserved"])),
        (created, 0)
    );
    let again = fetch(&ana, kind).await;
    let people = import::addresses(&ana, &again, &company).await;
    let mapped = people.iter().filter(|person| person["status"] == "mapped").count();
    assert_eq!(mapped as u64, created);
    sandbox.stop().await;
}
