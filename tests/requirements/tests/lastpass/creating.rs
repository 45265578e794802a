//! Companies and users are created once, whatever becomes of the answers (R82, R86).

use std::collections::BTreeMap;

use requirements::import::{
    choose, choose_mapped, choose_one, done, execute, fetch, first_import, first_import_of, id, plan, rows,
    tick_everybody,
};
use requirements::lastpass::{self, holds};
use requirements::people::Company;
use requirements::stage::{PATIENCE, advance, number, text};
use requirements::unattended::{set_policy, unattended};
use requirements::{PsaKind, for_both, psa};
use serde_json::{Value, json};

use crate::trouble;

for_both!(
    r82_a_second_import_of_everything_changes_nothing,
    r82_lost_replies_make_nothing_twice,
    r82_a_company_that_does_not_appear_holds_up_nobody_and_is_unknown,
    r86_users_are_staged_unless_an_administrator_invites_them,
    r86_an_unattended_import_invites_if_the_policy_says_so,
    r63_lastpass_that_falls_silent_among_users_fails_no_row,
);

/// Fails if two companies were made of one name, or two users of one address.
pub fn assert_once(holds: &BTreeMap<(i64, String), Vec<String>>, made: &[Value]) {
    for row in made {
        let named = holds.keys().filter(|(_, name)| *name == row["name"]).count();
        assert_eq!(named, 1, "{}", row["name"]);
    }
    let mut addresses: Vec<&String> = holds.values().flatten().collect();
    let all = addresses.len();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), all);
}

async fn r82_a_second_import_of_everything_changes_nothing(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import(&ana, kind).await;
    assert!(number(&first.result["companies"]["created"]) > 20, "{}", first.result);
    assert_eq!(first.result["companies"]["failed"], 0, "{}", first.result);
    lastpass::assert_created(&first.result);
    let before = holds(&sandbox).await;
    let users: usize = before.values().map(Vec::len).sum();
    assert_eq!(users as u64, number(&first.result["users"]["created"]) + 2);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let agreed = plan(&ana, &import).await;
    for item in agreed["items"].as_array().unwrap() {
        assert!(item["action"] == "unchanged" || item["action"] == "skip", "{item}");
    }
    execute(&ana, &import).await;
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["created"], 0, "{result}");
    assert_eq!(holds(&sandbox).await, before);
    lastpass::end(sandbox).await;
}

async fn r82_lost_replies_make_nothing_twice(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    lastpass::set(&sandbox, json!({ "lostReply": "all" }));
    let first = first_import_of(&ana, kind, 3).await;
    assert_eq!(first.result["companies"]["created"], 3, "{}", first.result);
    lastpass::assert_created(&first.result);
    assert_once(&holds(&sandbox).await, &first.chosen);
    lastpass::end(sandbox).await;
}

async fn r82_a_company_that_does_not_appear_holds_up_nobody_and_is_unknown(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let known = holds(&sandbox).await.len();
    lastpass::set(&sandbox, json!({ "companyCreateDelay": "never" }));
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let chosen = choose(&ana, &import, 1).await;
    let person = psa::add_contact(&sandbox, kind, id(&first.chosen[0]), "later@elders.example");
    assert!(!person.is_empty());
    execute(&ana, &import).await;
    lastpass::let_pass(&sandbox, &import, 600).await;
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["failed"], 1, "{result}");
    let failed = result["errors"].as_array().unwrap();
    assert!(failed.iter().any(|row| row["code"] == "outcome_unknown"), "{result}");
    assert_eq!(result["companies"]["unchanged"], 2, "{result}");

    // It is not asked for again, and taken over once it appears.
    lastpass::set(&sandbox, json!({ "companyCreateDelay": "none" }));
    let name = text(&chosen[0]["name"]);
    assert_eq!(holds(&sandbox).await.len(), known);
    let import = fetch(&ana, kind).await;
    let again = rows(&ana, &import, "in").await;
    let again = again.iter().find(|row| row["name"] == name).unwrap();
    choose_one(&ana, &import, again).await;
    execute(&ana, &import).await;
    lastpass::let_pass(&sandbox, &import, 600).await;
    assert_eq!(done(&ana, &import).await["companies"]["failed"], 1);
    lastpass::change(&sandbox, json!({ "companies": [{ "name": name }] }));
    let import = fetch(&ana, kind).await;
    let again = rows(&ana, &import, "in").await;
    let again = again.iter().find(|row| row["name"] == name).unwrap();
    choose_one(&ana, &import, again).await;
    execute(&ana, &import).await;
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["failed"], 0, "{result}");
    assert_once(&holds(&sandbox).await, &chosen);
    assert_eq!(holds(&sandbox).await.len(), known + 1);
    lastpass::end(sandbox).await;
}

async fn r86_users_are_staged_unless_an_administrator_invites_them(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    assert!(number(&first.result["users"]["created"]) > 0);
    assert_eq!(lastpass::mails(&sandbox, "invitation"), 0);

    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 1).await;
    let agreed = plan(&ana, &import).await;
    let confirm = json!({ "planHash": agreed["hash"], "confirmMassChange": true, "creation": "invite" });
    let path = format!("/imports/{import}/execute");
    ana.post(&path, &confirm).await.unwrap();
    ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    let result = done(&ana, &import).await;
    assert_eq!(
        lastpass::mails(&sandbox, "invitation") as u64,
        number(&result["users"]["created"])
    );
    lastpass::end(sandbox).await;
}

async fn r86_an_unattended_import_invites_if_the_policy_says_so(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let people = [(("Anna", "Bos"), "anna@eigen.example")];
    let company = Company::imported(&sandbox, kind, &people).await;
    for (newcomer, policy, invited) in [
        ("bert", json!({ "newAddresses": true }), 0),
        ("cora", json!({ "newAddresses": true, "creation": "invite" }), 1),
        ("dirk", json!({ "newAddresses": true, "creation": "stage" }), 1),
    ] {
        set_policy(&company.ana, kind, &policy).await;
        psa::add_contact(&sandbox, kind, &company.id, &format!("{newcomer}@eigen.example"));
        let ended = unattended(&sandbox, kind, newcomer).await;
        assert_eq!(ended["state"], "done", "{ended}");
        assert_eq!(ended["counts"]["users"]["created"], 1, "{newcomer}: {ended}");
        assert_eq!(lastpass::mails(&sandbox, "invitation"), invited, "{newcomer}");
    }
    lastpass::end(sandbox).await;
}

async fn r63_lastpass_that_falls_silent_among_users_fails_no_row(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet.
    advance(&sandbox, 600).await;
    for address in ["bert@eigen.example", "cora@eigen.example"] {
        psa::add_contact(&sandbox, kind, &company.id, address);
    }
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    let users = json!({ "method": "POST", "path": "/users$" });
    let silent = json!({ "match": users, "times": 1, "answer": { "status": 503 } });
    trouble::add(&sandbox, silent);
    // But for the look before the change, all that is read leads to a page for people, which is worth no second attempt at once.
    let page = json!({ "status": 302, "headers": { "location": "https://status.example/" } });
    trouble::add(
        &sandbox,
        json!({ "match": { "method": "GET" }, "skip": 1, "answer": page }),
    );
    execute(&company.ana, &import).await;
    let mut until = None;
    for _ in 0..3 {
        until = trouble::waits(&sandbox, &import, until.as_deref()).await;
        assert!(until.is_some(), "it ended while LastPass was silent");
        advance(&sandbox, 1_201).await;
    }
    lastpass::take_all(&sandbox);
    lastpass::let_pass(&sandbox, &import, 600).await;
    let users = &done(&company.ana, &import).await["users"];
    assert_eq!((&users["created"], &users["failed"]), (&json!(2), &json!(0)), "{users}");
    lastpass::end(sandbox).await;
}
