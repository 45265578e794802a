//! Rule R55: people who were imported before and are not in.

use std::collections::BTreeMap;

use requirements::download::download;
use requirements::faults::CONTACTS;
use requirements::import::{
    addresses, by_name, carry_out, choose_mapped, choose_one, done, execute, fetch, fetch_filtered, fetch_full,
    fetched, id, plan, row, rows, start_full,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both, import, managed, psa, unattended};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rows::active_customers;

for_both!(
    r55_people_who_leave_are_listed_with_the_reason_and_keep_their_users,
    r55_what_the_filter_leaves_out_is_told_from_what_is_inactive,
    r55_people_of_a_company_that_is_not_in_have_its_reason,
    r55_a_contact_that_cannot_be_read_back_is_unreadable_and_never_deleted,
    r63_a_psa_that_is_not_found_while_people_are_read_back_leaves_them_unreadable,
    r55_a_list_in_pages_is_the_whole_list,
    r55_unattended_imports_report_the_same,
    r55_who_was_taken_out_of_the_directory_or_is_back_is_not_listed,
    r55_the_case_of_the_leavers_not_told,
);

/// A company of its own with these people, imported; gives its id, its managed company, and the address row of each person.
pub async fn imported(sandbox: &Sandbox, kind: PsaKind, name: &str, people: &[&str]) -> (String, String, Vec<String>) {
    let ana = sandbox.api("ana");
    let company = psa::add_company(sandbox, kind, name);
    let addresses: Vec<String> = people
        .iter()
        .map(|person| format!("{person}@uitstroom.example"))
        .collect();
    psa::add_contacts(sandbox, kind, &company, &addresses);
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    carry_out(&ana, &import).await;
    let managed = id(by_name(&managed::all(&ana).await, name)).to_owned();
    let rows = import::addresses(&ana, &import, &company).await;
    let row_of = |address: &String| id(rows.iter().find(|row| row["address"] == **address).unwrap()).to_owned();
    (company, managed, addresses.iter().map(row_of).collect())
}

fn contact(row: &str) -> &str {
    psa::split(row).0
}

pub async fn not_in(api: &Api, import: &str, company: &str) -> Vec<Value> {
    api.list(&format!("/imports/{import}/companies/{company}/people-not-in"))
        .await
        .unwrap()
}

pub fn reasons(people: &[Value]) -> BTreeMap<String, String> {
    let reason = |person: &Value| (id(person).to_owned(), text(&person["reason"]).to_owned());
    people.iter().map(reason).collect()
}

pub fn expected<'a>(reasons: impl IntoIterator<Item = (&'a String, &'a str)>) -> BTreeMap<String, String> {
    reasons
        .into_iter()
        .map(|(row, reason)| (row.clone(), reason.to_owned()))
        .collect()
}

/// A contact moves to another company.
pub fn move_contact(sandbox: &Sandbox, kind: PsaKind, contact: &str, company: &str) {
    let (contact, company): (u64, u64) = (contact.parse().unwrap(), company.parse().unwrap());
    let moved = match kind {
        PsaKind::Connectwise => json!({ "id": contact, "company": { "id": company } }),
        PsaKind::Autotask => json!({ "id": contact, "companyID": company }),
    };
    psa::change(sandbox, kind, json!({ "contacts": [moved] }));
}

async fn r55_people_who_leave_are_listed_with_the_reason_and_keep_their_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let other = psa::add_company(&sandbox, kind, "Buren BV");
    let (company, managed, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo", "cor", "dia"]).await;
    let [gone, stripped, moved, stays] = people.as_slice() else {
        panic!("{people:?}")
    };
    let users = managed::users(&ana, &managed).await;
    psa::delete_contact(&sandbox, kind, contact(gone));
    psa::remove_address(&sandbox, kind, stripped);
    move_contact(&sandbox, kind, contact(moved), &other);

    let import = fetch(&ana, kind).await;
    let told = [
        (gone, "contact_deleted"),
        (stripped, "address_removed"),
        (moved, "moved_to_company"),
    ];
    let listed = not_in(&ana, &import, &company).await;
    assert_eq!(reasons(&listed), expected(told));
    let of_moved = listed.iter().find(|person| id(person) == moved).unwrap();
    assert_eq!(of_moved["company"], json!({ "id": other, "name": "Buren BV" }));
    assert_eq!(of_moved["address"], "cor@uitstroom.example");
    for person in &listed {
        assert!(!text(&person["detail"]).is_empty() && !text(&person["action"]).is_empty());
        assert!(
            users
                .iter()
                .any(|user| user["id"] == person["user"] && user["address"] == person["address"])
        );
    }
    let shown = row(&ana, &import, &company).await;
    assert_eq!(number(&shown["peopleNotIn"]), 3);
    let still_there = addresses(&ana, &import, &company).await;
    assert!(
        still_there
            .iter()
            .any(|row| id(row) == stays && row["status"] == "mapped")
    );
    let all = ana.list(&format!("/imports/{import}/people-not-in")).await.unwrap();
    assert_eq!(reasons(&all), expected(told));
    assert_eq!(all[0]["importedFor"], json!({ "id": company, "name": "Uitstroom BV" }));
    let counts = json!({
        "count": 3,
        "reasons": {
            "contactDeleted": 1, "contactInactive": 0, "addressRemoved": 1, "movedToCompany": 1, "mergedInto": 0,
            "filteredOut": 0, "unreadable": 0,
        },
    });
    let now = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!((&now["peopleNotIn"], now.get("suspicious")), (&counts, None), "{now}");

    choose_mapped(&ana, &import).await;
    let planned = execute(&ana, &import).await;
    assert_eq!(planned["peopleNotIn"], counts);
    let result = done(&ana, &import).await;
    let items = result["peopleNotIn"]["items"].as_array().unwrap();
    assert_eq!(items, &all);
    assert_eq!(
        (&result["peopleNotIn"]["count"], &result["peopleNotIn"]["reasons"]),
        (&counts["count"], &counts["reasons"])
    );
    // Nothing was done to them, and none of the planned rows is theirs.
    assert_eq!(result["users"]["unchanged"], 1, "{result}");
    assert_eq!(result["users"]["skipped"], 0, "{result}");
    assert_eq!(managed::users(&ana, &managed).await, users);
    let csv = download(&sandbox, &format!("/imports/{import}/result"), "text/csv")
        .await
        .text;
    for (row, reason) in told {
        let line = csv
            .lines()
            .find(|line| line.contains(row.as_str()))
            .unwrap_or_else(|| panic!("{csv}"));
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(
            (cells[1], cells[5], cells[6], &cells[cells.len() - 2..]),
            ("Uitstroom BV", "not_in", reason, ["0", ""].as_slice())
        );
    }
    assert!(csv.contains("Buren BV"), "{csv}");
    sandbox.stop().await;
}

/// A filter on contacts that accepts none of those added here while they are active.
pub fn strict(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "contactType": ["5"] }),
        PsaKind::Autotask => json!({ "contactActive": ["false"] }),
    }
}

async fn r55_what_the_filter_leaves_out_is_told_from_what_is_inactive(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, _, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo"]).await;
    let [active, inactive] = people.as_slice() else {
        panic!("{people:?}")
    };
    psa::deactivate_contact(&sandbox, kind, contact(inactive));
    // Who is inactive and there is a row of the plan.
    let import = fetch(&ana, kind).await;
    assert_eq!(not_in(&ana, &import, &company).await, Vec::<Value>::new());
    choose_mapped(&ana, &import).await;
    let planned = plan(&ana, &import).await;
    assert!(
        planned["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["address"]["id"] == **inactive)
    );
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    let import = fetch_filtered(&ana, kind, &strict(kind)).await;
    let told = reasons(&not_in(&ana, &import, &company).await);
    match kind {
        PsaKind::Connectwise => {
            assert_eq!(
                told,
                expected([(active, "filtered_out"), (inactive, "contact_inactive")])
            );
        }
        PsaKind::Autotask => {
            assert_eq!(told, expected([(active, "filtered_out")]));
            ana.delete(&format!("/imports/{import}")).await.unwrap();
            let only_active = json!({ "contactActive": ["true"] });
            let import = fetch_filtered(&ana, kind, &only_active).await;
            let told = reasons(&not_in(&ana, &import, &company).await);
            assert_eq!(told, expected([(inactive, "contact_inactive")]));
        }
    }
    sandbox.stop().await;
}

async fn r55_people_of_a_company_that_is_not_in_have_its_reason(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut companies = Vec::new();
    for name in ["Anders BV", "Stil BV", "Weg BV", "Samen BV"] {
        companies.push(imported(&sandbox, kind, name, &[&name[..2].to_lowercase()]).await);
    }
    let [retyped, inactive, deleted, merged] = companies.as_slice() else {
        panic!()
    };
    let into = psa::add_company(&sandbox, kind, "Groot BV");
    psa::retype(&sandbox, kind, &retyped.0);
    psa::deactivate(&sandbox, kind, &inactive.0);
    psa::delete(&sandbox, kind, &deleted.0);
    psa::merge(&sandbox, kind, &merged.0, &[contact(&merged.2[0]).to_owned()], &into);

    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    for ((company, _, people), reason) in [
        (retyped, "filtered_out"),
        (inactive, "contact_inactive"),
        (deleted, "contact_deleted"),
        (merged, "merged_into"),
    ] {
        let listed = not_in(&ana, &import, company).await;
        assert_eq!(reasons(&listed), expected([(&people[0], reason)]));
        assert_eq!(number(&row(&ana, &import, company).await["peopleNotIn"]), 1);
    }
    let of_merged = not_in(&ana, &import, &merged.0).await;
    assert_eq!(of_merged[0]["company"], json!({ "id": into, "name": "Groot BV" }));
    assert_eq!(
        ana.get(&format!("/imports/{import}")).await.unwrap()["peopleNotIn"]["count"],
        4
    );
    sandbox.stop().await;
}

/// Pages of the list of contacts; what comes after them is the reading back.
pub const fn pages(kind: PsaKind) -> u64 {
    match kind {
        PsaKind::Connectwise => 1,
        PsaKind::Autotask => 2,
    }
}

async fn r63_a_psa_that_is_not_found_while_people_are_read_back_leaves_them_unreadable(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, _, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada"]).await;
    psa::delete_contact(&sandbox, kind, contact(&people[0]));
    faults::hold(&sandbox, kind, CONTACTS, pages(kind));
    let import = start_full(&ana, kind).await;
    faults::held(&sandbox, kind).await;
    // The next run has to find the PSA again; of Autotask that answer also says which tenant it is.
    let discovery = "(?i)/(zoneInformation|companyinfo/[^/]*)$";
    faults::answer(&sandbox, kind, discovery, &json!({ "status": 503 }));
    faults::let_go(&sandbox).await;
    assert_eq!(fetched(&ana, &import).await["state"], "review");
    let told = reasons(&not_in(&ana, &import, &company).await);
    assert_eq!(told, expected([(&people[0], "unreadable")]));
    sandbox.stop().await;
}

async fn r55_a_contact_that_cannot_be_read_back_is_unreadable_and_never_deleted(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, _, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada"]).await;
    psa::delete_contact(&sandbox, kind, contact(&people[0]));
    for failure in [json!({ "status": 503 }), faults::forbidden(kind)] {
        faults::answer_some(&sandbox, kind, CONTACTS, pages(kind), 100, &failure);
        let import = fetch_full(&ana, kind).await;
        let told = reasons(&not_in(&ana, &import, &company).await);
        assert_eq!(told, expected([(&people[0], "unreadable")]));
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        faults::clear(&sandbox, kind);
    }
    let import = fetch(&ana, kind).await;
    let told = reasons(&not_in(&ana, &import, &company).await);
    assert_eq!(told, expected([(&people[0], "contact_deleted")]));
    sandbox.stop().await;
}

async fn r55_a_list_in_pages_is_the_whole_list(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (first, _, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo", "cor"]).await;
    let (_, _, others) = imported(&sandbox, kind, "Leegloop BV", &["dia", "eva"]).await;
    for person in people.iter().chain(&others) {
        psa::delete_contact(&sandbox, kind, contact(person));
    }
    let import = fetch(&ana, kind).await;
    for (path, many) in [
        (format!("/imports/{import}/people-not-in"), 5),
        (format!("/imports/{import}/companies/{first}/people-not-in"), 3),
    ] {
        let whole = ana.list(&path).await.unwrap();
        assert_eq!(whole.len(), many);
        let (mut paged, mut query) = (Vec::new(), String::from("?limit=1"));
        loop {
            let page = ana.get(&format!("{path}{query}")).await.unwrap();
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit=1&after={}", next.replace('#', "%23"));
        }
        assert_eq!(paged, whole);
    }
    let path = format!("/imports/{import}/people-not-in?after=nonsense");
    assert_problem(&call(&ana, Method::GET, &path, None).await, 400, "invalid_request");
    let path = format!("/imports/{import}/companies/none/people-not-in");
    assert_problem(&call(&ana, Method::GET, &path, None).await, 404, "not_found");
    sandbox.stop().await;
}

async fn r55_unattended_imports_report_the_same(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo"]).await;
    let users = managed::users(&ana, &managed).await;
    psa::delete_contact(&sandbox, kind, contact(&people[0]));
    let ended = unattended::unattended(&sandbox, kind, "night").await;
    assert_eq!(
        (&ended["state"], &ended["peopleNotIn"]["count"]),
        (&json!("done"), &json!(1)),
        "{ended}"
    );
    let import = text(&ended["id"]);
    let told = reasons(&not_in(&ana, import, &company).await);
    assert_eq!(told, expected([(&people[0], "contact_deleted")]));
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert_eq!(result["peopleNotIn"]["count"], 1);
    assert_eq!(managed::users(&ana, &managed).await, users);
    sandbox.stop().await;
}

async fn r55_who_was_taken_out_of_the_directory_or_is_back_is_not_listed(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo"]).await;
    psa::remove_address(&sandbox, kind, &people[0]);
    psa::delete_contact(&sandbox, kind, contact(&people[1]));
    let import = fetch(&ana, kind).await;
    assert_eq!(not_in(&ana, &import, &company).await.len(), 2);
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    // An address that comes back in another slot is there.
    let back = format!("{}~{}", contact(&people[0]), "any");
    psa::add_address(&sandbox, kind, &back, "ada@uitstroom.example");
    let users = managed::users(&ana, &managed).await;
    let bo = users
        .iter()
        .find(|user| user["address"] == "bo@uitstroom.example")
        .unwrap();
    requirements::behind::forget_user(&sandbox, &managed, id(bo)).await;
    let import = fetch(&ana, kind).await;
    assert_eq!(not_in(&ana, &import, &company).await, Vec::<Value>::new());
    assert_eq!(number(&row(&ana, &import, &company).await["peopleNotIn"]), 0);
    assert_eq!(rows(&ana, &import, "not-in").await, Vec::<Value>::new());
    sandbox.stop().await;
}

/// Case 12: of two people imported, the contact of one is deleted and the other keeps the contact without its address.
async fn r55_the_case_of_the_leavers_not_told(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "cor"]).await;
    let [ada, cor] = people.as_slice() else {
        panic!("{people:?}")
    };
    let users = managed::users(&ana, &managed).await;
    psa::delete_contact(&sandbox, kind, contact(ada));
    psa::remove_address(&sandbox, kind, cor);
    for _ in 0..2 {
        let import = fetch(&ana, kind).await;
        choose_mapped(&ana, &import).await;
        let told = expected([(ada, "contact_deleted"), (cor, "address_removed")]);
        assert_eq!(reasons(&not_in(&ana, &import, &company).await), told);
        let result = carry_out(&ana, &import).await;
        let items = result["peopleNotIn"]["items"].as_array().unwrap();
        assert_eq!(reasons(items), told);
        assert_eq!(managed::users(&ana, &managed).await, users);
    }
    sandbox.stop().await;
}
