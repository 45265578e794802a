//! LastPass is read at the fetch and just before a change, and at no other time (R87).

use std::time::{Duration, Instant};

use requirements::import::{
    addresses, carry_out, choose_mapped, choose_more_than_are_begun, done, execute, fetch, fetch_failing, fetched,
    first_import_of, id, plan, row, rows, start, tick_everybody,
};
use requirements::lastpass;
use requirements::people::Company;
use requirements::stage::{PATIENCE, advance, number, text};
use requirements::unattended::unattended;
use requirements::{PsaKind, for_both, managed, psa};
use serde_json::{Value, json};

use crate::trouble;

for_both!(
    r87_users_are_read_once_a_day_and_nothing_in_review,
    r87_an_unattended_import_reads_users_once_in_seven_days,
    r87_a_company_that_changed_meanwhile_is_left_as_it_is,
    r87_what_is_read_before_a_change_counts_from_then_on,
    r87_who_has_an_address_is_read_again_once_something_has_changed,
    r87_a_rate_limit_is_waited_out,
    r87_what_is_read_before_a_wait_shows_and_is_not_read_again,
    r87_a_key_that_is_rejected_ends_the_import_with_its_code,
    r36_r40_a_key_rejected_in_mid_import_leaves_no_row_out,
);

/// More than a day.
const DAY: i64 = 25 * 3_600;

async fn r87_users_are_read_once_a_day_and_nothing_in_review(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    assert_eq!(lastpass::user_lists(&sandbox), 5, "all five companies");
    let before = lastpass::requests(&sandbox);
    choose_mapped(&ana, &import).await;
    rows(&ana, &import, "in").await;
    plan(&ana, &import).await;
    managed::all(&ana).await;
    assert_eq!(lastpass::requests(&sandbox), before);
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    let import = fetch(&ana, kind).await;
    assert_eq!(lastpass::user_lists(&sandbox), 5, "none once more");
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    advance(&sandbox, DAY).await;
    fetch(&ana, kind).await;
    assert_eq!(lastpass::user_lists(&sandbox), 10, "all once more");
    lastpass::end(sandbox).await;
}

async fn r87_an_unattended_import_reads_users_once_in_seven_days(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    unattended(&sandbox, kind, "first").await;
    assert_eq!(lastpass::user_lists(&sandbox), 5, "all five companies");
    advance(&sandbox, DAY).await;
    unattended(&sandbox, kind, "a day later").await;
    assert_eq!(lastpass::user_lists(&sandbox), 5, "none once more");
    advance(&sandbox, 6 * DAY).await;
    unattended(&sandbox, kind, "a week later").await;
    assert_eq!(lastpass::user_lists(&sandbox), 10, "all once more");
    lastpass::end(sandbox).await;
}

async fn r87_a_company_that_changed_meanwhile_is_left_as_it_is(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let people = [
        (("Anna", "Bos"), "anna@eigen.example"),
        (("Bert", "Vos"), "bert@eigen.example"),
    ];
    let company = Company::imported(&sandbox, kind, &people).await;
    let anna = company.user_of("anna@eigen.example").await;
    lastpass::set(&sandbox, json!({ "patchFields": "pending" }));
    lastpass::change(
        &sandbox,
        json!({ "users": [{ "id": lastpass::number(&anna), "accountStatus": "enrolled" }] }),
    );
    advance(&sandbox, DAY).await;
    company.moves(0, "anna@nieuw.example");
    let import = company.review().await;
    // Between the plan and its confirmation somebody disables her.
    let agreed = plan(&company.ana, &import).await;
    lastpass::change(
        &sandbox,
        json!({ "users": [{ "id": lastpass::number(&anna), "accountStatus": "disabled" }] }),
    );
    let confirm = json!({ "planHash": agreed["hash"], "confirmMassChange": true });
    let path = format!("/imports/{import}/execute");
    company.ana.post(&path, &confirm).await.unwrap();
    let result = done(&company.ana, &import).await;
    let failed = result["errors"].as_array().unwrap();
    assert!(failed.iter().all(|row| row["code"] == "plan_changed"), "{result}");
    assert!(!failed.is_empty(), "{result}");
    assert_eq!(lastpass::mails(&sandbox, "addressChange"), 0);
    lastpass::end(sandbox).await;
}

async fn r87_what_is_read_before_a_change_counts_from_then_on(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let people = [(("Anna", "Bos"), "anna@eigen.example")];
    let company = Company::imported(&sandbox, kind, &people).await;
    let anna = company.user_of("anna@eigen.example").await;
    // The next fetch relies on what the import wrote down that created her.
    lastpass::change(
        &sandbox,
        json!({ "users": [{ "id": lastpass::number(&anna), "accountStatus": "disabled" }] }),
    );
    psa::add_contact(&sandbox, kind, &company.id, "bert@eigen.example");
    let lists = lastpass::user_lists(&sandbox);
    let result = import_everybody(&company).await;
    assert_eq!(result["errors"][0]["code"], "plan_changed", "{result}");
    assert_eq!(company.users().await.len(), 1);
    assert_eq!(lastpass::user_lists(&sandbox), lists + 1, "just before the change");

    let result = import_everybody(&company).await;
    assert_eq!(result["users"]["created"], 1, "{result}");
    assert_eq!(company.users().await.len(), 2);
    lastpass::end(sandbox).await;
}

/// Imports the company again, with people who are new to it.
async fn import_everybody(company: &Company<'_>) -> Value {
    let import = company.review().await;
    let of_company = row(&company.ana, &import, &company.id).await;
    tick_everybody(&company.ana, &import, &of_company).await;
    carry_out(&company.ana, &import).await
}

async fn r87_who_has_an_address_is_read_again_once_something_has_changed(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let people = [(("Anna", "Bos"), "anna@eigen.example")];
    let company = Company::imported(&sandbox, kind, &people).await;
    psa::add_contact(&sandbox, kind, &company.id, "bert@eigen.example");
    let import = company.review().await;
    let mut units = Vec::new();
    for _ in 0..4 {
        let before = sandbox.spent().read_units;
        assert_eq!(status(&company, &import, "bert@eigen.example").await, "unmapped");
        units.push(sandbox.spent().read_units - before);
    }
    println!("{units:?} read units");
    // Others read, too, now and then.
    let later = units.iter().skip(1).copied().fold(f64::INFINITY, f64::min);
    assert!(later < units[0], "{units:?} read units");
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();

    // Somebody gives it away in the console.
    lastpass::change(
        &sandbox,
        json!({ "users": [{ "companyId": 1_100, "email": "bert@eigen.example", "name": "Bert" }] }),
    );
    advance(&sandbox, DAY).await;
    let import = company.review().await;
    assert_eq!(
        status(&company, &import, "bert@eigen.example").await,
        "address_conflict"
    );
    lastpass::end(sandbox).await;
}

/// The import status of an address of the company.
async fn status(company: &Company<'_>, import: &str, address: &str) -> String {
    let people = addresses(&company.ana, import, &company.id).await;
    let row = people.iter().find(|row| row["address"] == address).unwrap();
    text(&row["status"]).to_owned()
}

async fn r87_a_rate_limit_is_waited_out(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    lastpass::set(
        &sandbox,
        json!({ "rateLimit": "retryAfterSeconds", "requestsPerSecond": 3 }),
    );
    let first = first_import_of(&ana, kind, 1).await;
    assert_eq!(first.result["companies"]["created"], 1, "{}", first.result);
    lastpass::assert_created(&first.result);
    lastpass::end(sandbox).await;
}

async fn r87_what_is_read_before_a_wait_shows_and_is_not_read_again(kind: PsaKind) {
    const WAIT: i64 = 600;
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    // The fourth of the five companies.
    let later = json!({ "status": 429, "headers": { "retry-after": WAIT.to_string() } });
    trouble::add(
        &sandbox,
        json!({ "match": { "path": "/1103/users$" }, "answer": later }),
    );
    let import = start(&ana, kind, &json!({})).await;
    let expected = json!({ "name": "readingDirectory", "done": 3, "total": 5 });
    let end = Instant::now() + PATIENCE;
    loop {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        if now["phase"] == expected {
            let progress = &now["progress"];
            assert_eq!(
                (&progress["directory"], &progress["ofDirectory"]),
                (&json!(3), &json!(5))
            );
            break;
        }
        assert!(now["state"] == "fetching" && Instant::now() < end, "{now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    lastpass::take_all(&sandbox);
    advance(&sandbox, WAIT + 1).await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    for company in [1_100, 1_101, 1_102] {
        let lists = trouble::asked(&sandbox, "GET", &format!("/{company}/users"));
        assert_eq!(lists, 1, "{company}");
    }
    lastpass::end(sandbox).await;
}

async fn r87_a_key_that_is_rejected_ends_the_import_with_its_code(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    lastpass::set(&sandbox, json!({ "keyStates": "revoked" }));
    assert_eq!(
        fetch_failing(&ana, kind).await["error"]["code"],
        "directory_unauthorized"
    );

    lastpass::set(&sandbox, json!({ "keyStates": "valid" }));
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, id(&first.chosen[0])).await["status"], "mapped");
    requirements::import::choose(&ana, &import, 1).await;
    lastpass::set(&sandbox, json!({ "keyStates": "revoked" }));
    execute(&ana, &import).await;
    let now = ana
        .wait(&import, "executing", requirements::stage::PATIENCE, |_| {})
        .await
        .unwrap();
    assert_eq!(now["error"]["code"], "directory_unauthorized", "{now}");
    lastpass::set(&sandbox, json!({ "keyStates": "valid" }));
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["failed"], 0);
    lastpass::end(sandbox).await;
}

async fn r36_r40_a_key_rejected_in_mid_import_leaves_no_row_out(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let (import, _) = choose_more_than_are_begun(&sandbox, &ana, kind).await;
    let agreed = execute(&ana, &import).await;
    let end = Instant::now() + PATIENCE;
    while lastpass::creations(&sandbox) < 3 {
        assert!(Instant::now() < end, "nothing is asked for");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    lastpass::set(&sandbox, json!({ "keyStates": "revoked" }));
    let now = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(now["error"]["code"], "directory_unauthorized", "{now}");
    let is_of_company = |item: &&Value| item["address"].is_null();
    let (companies, users): (Vec<_>, Vec<_>) = agreed["items"].as_array().unwrap().iter().partition(is_of_company);
    for (rows, planned) in [("companies", companies.len()), ("users", users.len())] {
        let counts = now["counts"][rows].as_object().unwrap();
        assert_eq!(counts.values().map(number).sum::<u64>(), planned as u64, "{now}");
    }
    lastpass::end(sandbox).await;
}
