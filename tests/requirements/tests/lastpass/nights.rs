//! An import that LastPass' limits stretch over several days (R11, R82, R87).

use std::time::{Duration, Instant};

use lambda::Patience;
use requirements::import::{choose, done, execute, fetch, tick_everybody};
use requirements::lastpass::{self, holds};
use requirements::people::Company;
use requirements::stage::{PATIENCE, advance, number, quick};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

use crate::creating::assert_once;
use crate::trouble;

for_both!(
    r11_r87_an_import_goes_on_night_after_night_and_makes_everything_once,
    r43_r63_pauses_in_one_large_company_are_not_in_a_row,
    r63_an_outage_that_outlasts_all_patience_ends_an_import_by_its_name,
    r36_r63_an_outage_that_begins_within_a_row_ends_an_import_as_well,
    r36_r63_an_outage_among_the_users_of_a_new_company_leaves_it_created,
);

/// Companies of the import.
const MANY: usize = 6;

/// Requests that LastPass takes between two nights.
const OF_A_DAY: usize = 25;

/// How long it takes no further ones: shorter than an execution waits for a directory without any progress.
const NIGHT: i64 = 10 * 3_600;

/// Nights that an import may take here.
const MAX_NIGHTS: usize = 20;

async fn r11_r87_an_import_goes_on_night_after_night_and_makes_everything_once(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    lastpass::set(&sandbox, json!({ "companyCreateDelay": "none" }));
    let import = fetch(&ana, kind).await;
    let chosen = choose(&ana, &import, MANY).await;
    let (before, mut executed, mut created, mut nights) = (holds(&sandbox).await, Vec::new(), Vec::new(), 0);
    let mut since = lastpass::take_only(&sandbox, OF_A_DAY, NIGHT);
    execute(&ana, &import).await;
    loop {
        let now = until_night(&sandbox, &import, since).await;
        executed.push(number(&now["progress"]["executed"]));
        let companies = &now["progress"]["outcomes"]["companies"];
        created.push(companies["created"].as_u64().unwrap_or_default());
        if now["state"] != "executing" {
            break;
        }
        nights += 1;
        assert!(nights < MAX_NIGHTS, "{now}");
        since = lastpass::take_only(&sandbox, OF_A_DAY, NIGHT);
        advance(&sandbox, NIGHT).await;
    }
    assert!(nights >= 3, "{nights} nights");
    assert!(executed.is_sorted() && executed.len() > 3, "{executed:?}");
    assert_eq!(created, executed);
    lastpass::take_all(&sandbox);
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["created"], MANY, "{result}");
    lastpass::assert_created(&result);
    let holds = holds(&sandbox).await;
    assert_eq!(holds.len(), before.len() + MANY);
    for company in chosen {
        let named = holds.keys().filter(|(_, name)| *name == company["name"]);
        assert_eq!(named.count(), 1, "{}", company["name"]);
    }
    let users = [&before, &holds].map(|all| all.values().map(Vec::len).sum::<usize>() as u64);
    assert_eq!(users[1], users[0] + number(&result["users"]["created"]));
    lastpass::end(sandbox).await;
}

/// Waits until LastPass takes no more requests of those since so many, or the import has ended; shows the import.
async fn until_night(sandbox: &Sandbox, import: &str, since: usize) -> Value {
    let (ana, end) = (sandbox.api("ana"), Instant::now() + PATIENCE);
    let mut last = since;
    loop {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        if now["state"] != "executing" {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = std::mem::replace(&mut last, lastpass::requests(sandbox));
        // One was refused, and no other comes: the worker waits for the morning.
        if last > since + OF_A_DAY && last == before {
            return now;
        }
        assert!(Instant::now() < end, "{now}");
    }
}

/// People of one company.
const PEOPLE: usize = 80;

/// Requests that LastPass takes between two pauses: a list, and a user.
const OF_AN_HOUR: usize = 2;

/// A pause that LastPass asks for.
const PAUSE: i64 = 3_600;

/// Waits of an import that will not end.
const MAX_WAITS: usize = 100;

/// A sandbox with LastPass where hardly any wait may count.
async fn impatient() -> Sandbox {
    let quick = quick();
    let sandbox = Sandbox::start(Options {
        lastpass: true,
        patience: Patience {
            execution: Duration::from_mins(1),
            ..quick.patience
        },
        ..quick
    });
    sandbox.await.unwrap()
}

/// Neither a fault of ours nor one for good: the occasion may be repeated.
async fn r63_an_outage_that_outlasts_all_patience_ends_an_import_by_its_name(kind: PsaKind) {
    let sandbox = impatient().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    psa::add_contacts(&sandbox, kind, &company.id, &["bert@eigen.example"]);
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    lastpass::answer(&sandbox, &json!({ "status": 503 }));
    execute(&company.ana, &import).await;
    ends_by_the_name_of_the_outage(&sandbox, &company.ana, &import).await;
    lastpass::take_all(&sandbox);
    lastpass::end(sandbox).await;
}

/// Lets time pass until the import has ended.
async fn ends_by_the_name_of_the_outage(sandbox: &Sandbox, ana: &Api, import: &str) {
    let (mut until, mut waits) = (None, 0);
    loop {
        until = trouble::waits(sandbox, import, until.as_deref()).await;
        if until.is_none() {
            break;
        }
        waits += 1;
        assert!(waits < MAX_WAITS, "it waits on: {until:?}");
        advance(sandbox, PAUSE).await;
    }
    let ended = ana.get(&format!("/imports/{import}")).await.unwrap();
    let error = &ended["error"];
    assert_eq!(
        (&ended["state"], &error["code"], &error["retryable"]),
        (&json!("failed"), &json!("directory_unavailable"), &json!(true)),
        "{ended}"
    );
}

/// The row that was begun is accounted for, too, and is imported later.
async fn r36_r63_an_outage_that_begins_within_a_row_ends_an_import_as_well(kind: PsaKind) {
    const BERT: &str = "bert@eigen.example";
    let sandbox = impatient().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet.
    advance(&sandbox, 600).await;
    psa::add_contacts(&sandbox, kind, &company.id, &[BERT]);
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    // Silent from the first request for a user on.
    let silent = json!({ "status": 503 });
    let post = json!({ "match": { "method": "POST", "path": "/users$" }, "answer": silent });
    trouble::add(&sandbox, post);
    let (asked, end) = (trouble::asked(&sandbox, "POST", "/users"), Instant::now() + PATIENCE);
    execute(&company.ana, &import).await;
    while trouble::asked(&sandbox, "POST", "/users") == asked {
        assert!(Instant::now() < end, "nobody is asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    lastpass::answer(&sandbox, &silent);
    ends_by_the_name_of_the_outage(&sandbox, &company.ana, &import).await;
    let result = company.ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert_eq!(result["errors"][0]["code"], "given_up", "{result}");
    lastpass::take_all(&sandbox);
    // Whoever was sent is looked for before being sent again.
    advance(&sandbox, 3_600).await;
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    execute(&company.ana, &import).await;
    done(&company.ana, &import).await;
    let addresses: Vec<String> = holds(&sandbox).await.into_values().flatten().collect();
    assert_eq!(addresses.iter().filter(|address| *address == BERT).count(), 1);
    lastpass::end(sandbox).await;
}

async fn r36_r63_an_outage_among_the_users_of_a_new_company_leaves_it_created(kind: PsaKind) {
    let sandbox = impatient().await;
    let ana = sandbox.api("ana");
    lastpass::set(&sandbox, json!({ "companyCreateDelay": "none" }));
    let import = fetch(&ana, kind).await;
    let chosen = choose(&ana, &import, 1).await;
    let silent = json!({ "status": 503 });
    let post = json!({ "match": { "method": "POST", "path": "/users$" }, "answer": silent });
    trouble::add(&sandbox, post);
    execute(&ana, &import).await;
    let end = Instant::now() + PATIENCE;
    while trouble::asked(&sandbox, "POST", "/users") == 0 {
        assert!(Instant::now() < end, "nobody is asked for");
        // The new company is looked for.
        advance(&sandbox, 5).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lastpass::answer(&sandbox, &silent);
    // Older than a request may be that is believed without another look.
    advance(&sandbox, 25 * 3_600).await;
    ends_by_the_name_of_the_outage(&sandbox, &ana, &import).await;
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert_eq!(result["companies"]["created"], 1, "{result}");
    let errors = result["errors"].as_array().unwrap();
    let given_up = errors.iter().all(|error| error["code"] == "given_up");
    assert!(given_up && !errors.is_empty(), "{result}");
    lastpass::take_all(&sandbox);
    assert_once(&holds(&sandbox).await, &chosen);
    lastpass::end(sandbox).await;
}

async fn r43_r63_pauses_in_one_large_company_are_not_in_a_row(kind: PsaKind) {
    let sandbox = impatient().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet.
    advance(&sandbox, 600).await;
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@eigen.example")).collect();
    psa::add_contacts(&sandbox, kind, &company.id, &people);
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    lastpass::take_only(&sandbox, OF_AN_HOUR, PAUSE);
    execute(&company.ana, &import).await;
    let (mut until, mut pauses) = (None, 0);
    loop {
        until = trouble::waits(&sandbox, &import, until.as_deref()).await;
        if until.is_none() {
            break;
        }
        pauses += 1;
        assert!(pauses < 2 * PEOPLE, "{pauses} pauses");
        lastpass::take_only(&sandbox, OF_AN_HOUR, PAUSE);
        advance(&sandbox, PAUSE + 1).await;
    }
    // More than are free in a row.
    assert!(pauses > 30, "{pauses} pauses");
    lastpass::take_all(&sandbox);
    let result = done(&company.ana, &import).await;
    assert_eq!(result["users"]["created"], PEOPLE, "{result}");
    assert_eq!(company.users().await.len(), PEOPLE + 1);
    lastpass::end(sandbox).await;
}
