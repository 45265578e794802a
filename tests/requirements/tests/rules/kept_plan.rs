//! What is kept of a plan once it was computed, and what it is good for (R71).

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use local_aws::sdk;
use requirements::import::{
    addresses, carry_out, choose_all, choose_mapped, decide, decide_address, done, fetch, first_import_of, id,
    ordinary, rows, select,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use sandbox::api::Answer;
use serde_json::{Value, json};

for_both!(
    r71_a_further_page_reads_its_companies_and_shows_what_the_whole_plan_shows,
    r71_a_page_of_many_companies_reads_them_together,
    r71_a_confirmation_reads_the_kept_plan_and_plans_nothing,
    r71_a_plan_that_rests_on_something_else_is_not_confirmed,
    r71_a_kept_plan_that_is_damaged_is_computed_again,
    r71_items_are_shown_by_action_and_by_company,
    r71_a_plan_shows_what_differs_from_one_that_was_seen,
);

/// What a further page may read in a large MSP (5,000 companies, 100,000 contacts).
const PAGE: f64 = 100.0;

async fn read<T>(sandbox: &Sandbox, call: impl Future<Output = T>) -> (T, f64) {
    let before = sandbox.spent().read_units;
    let answer = call.await;
    (answer, sandbox.spent().read_units - before)
}

async fn page(api: &Api, import: &str, query: &str) -> Value {
    api.get(&format!("/imports/{import}/plan?{query}")).await.unwrap()
}

/// All items that a query asks for, a few at a time.
async fn walk(api: &Api, import: &str, query: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let next = page(api, import, &format!("{query}&limit=47{after}")).await;
        items.extend(next["items"].as_array().unwrap().clone());
        match next["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

/// Has the next call compute the whole plan, which stays the same.
async fn forget(sandbox: &Sandbox, import: &str) {
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let delete = client.delete_item().table_name("ImportsTable");
    let delete = delete
        .key("pk", AttributeValue::S(format!("MSP#noordzee#IMPORT#{import}")))
        .key("sk", AttributeValue::S("PLAN#LAST".to_owned()));
    delete.send().await.unwrap();
}

async fn r71_a_further_page_reads_its_companies_and_shows_what_the_whole_plan_shows(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    for again in [false, true] {
        let import = if again {
            carry_out(&ana, &import).await;
            let import = fetch(&ana, kind).await;
            choose_mapped(&ana, &import).await;
            import
        } else {
            import.clone()
        };
        let (first, whole) = read(&sandbox, page(&ana, &import, "limit=100")).await;
        let mut at = 100;
        while let Some(after) = first["next"].as_str().filter(|_| at < 400) {
            let (kept, spent) = read(&sandbox, page(&ana, &import, &format!("limit=100&after={at}"))).await;
            println!("{spent} read units for the page behind {at}, {whole} for the first");
            assert!(spent <= PAGE, "{spent} read units behind {at}");
            forget(&sandbox, &import).await;
            let computed = page(&ana, &import, &format!("limit=100&after={at}")).await;
            assert_eq!(kept, computed, "{after}");
            if kept["next"].is_null() {
                break;
            }
            at += 100;
        }
        assert!(at > 100, "{first}");
    }
    sandbox.stop().await;
}

async fn r71_a_page_of_many_companies_reads_them_together(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..300).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    page(&ana, &import, "").await;
    for _ in 0..2 {
        let (kept, spent) = read(&sandbox, page(&ana, &import, "limit=100&after=150")).await;
        let items = kept["items"].as_array().unwrap();
        println!("{spent} read units for a page of {} companies", items.len());
        assert!(spent <= PAGE, "{spent} read units");
        forget(&sandbox, &import).await;
        assert_eq!(page(&ana, &import, "limit=100&after=150").await, kept);
        // Some that are not selected, among others that are.
        let company = text(&items[50]["company"]["id"]).to_owned();
        let path = format!("/imports/{import}/companies/select");
        let some = json!({ "selected": false, "where": { "search": "filiaal 01" } });
        ana.post(&path, &some).await.unwrap();
        decide(&ana, &import, &company, json!({ "selected": false })).await;
        page(&ana, &import, "").await;
    }
    sandbox.stop().await;
}

async fn confirm(api: &Api, import: &str, hash: &Value) -> Answer {
    let body = json!({ "planHash": hash, "confirmMassChange": true });
    call(api, Method::POST, &format!("/imports/{import}/execute"), Some(&body)).await
}

async fn r71_a_confirmation_reads_the_kept_plan_and_plans_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let shown = page(&ana, &import, "").await;
    // Refused, so that no worker reads anything meanwhile.
    let body = json!({ "planHash": shown["hash"] });
    let path = format!("/imports/{import}/execute");
    let (refused, spent) = read(&sandbox, call(&ana, Method::POST, &path, Some(&body))).await;
    assert_problem(&refused, 409, "mass_change");
    println!("{spent} read units for a confirmation");
    assert!(spent <= 20.0, "{spent} read units");
    let begun = confirm(&ana, &import, &shown["hash"]).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let result = done(&ana, &import).await;
    assert_eq!(result["users"]["created"], shown["summary"]["createUser"], "{result}");
    assert_eq!(result["users"]["failed"], 0, "{result}");
    sandbox.stop().await;
}

async fn r71_a_plan_that_rests_on_something_else_is_not_confirmed(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let elders = managed::add(&ana, "Elders").await;
    let mut shown = page(&ana, &import, "limit=500").await;
    let creates = |shown: &Value, at: usize| {
        let items = shown["items"].as_array().unwrap().iter();
        let mut created = items.filter(|item| item["action"] == "createUser");
        created.nth(at).unwrap().clone()
    };
    for change in ["user", "address", "decision"] {
        match change {
            "user" => {
                let address = text(&creates(&shown, 0)["after"]["address"]).to_owned();
                managed::add_user(&ana, &elders, &address).await;
            }
            "address" => {
                let user = managed::users(&ana, &elders).await.remove(0);
                let path = format!("/managed-companies/{elders}/users/{}", id(&user));
                let address = creates(&shown, 0)["after"]["address"].clone();
                ana.patch(&path, &json!({ "address": address })).await.unwrap();
            }
            _ => {
                let company = text(&creates(&shown, 0)["company"]["id"]).to_owned();
                let person = addresses(&ana, &import, &company).await;
                let ticked = person.iter().find(|person| person["selected"] == true).unwrap();
                decide_address(&ana, &import, &company, id(ticked), json!({ "selected": false })).await;
            }
        }
        let refused = confirm(&ana, &import, &shown["hash"]).await;
        assert_problem(&refused, 409, "plan_changed");
        let now = page(&ana, &import, "limit=500").await;
        assert_eq!(refused.body["hash"], now["hash"], "{change}");
        assert_ne!(shown["hash"], now["hash"], "{change}");
        shown = now;
    }
    assert_eq!(done_after(&ana, &import, &shown).await["users"]["failed"], 0);
    assert!(!first.chosen.is_empty());
    sandbox.stop().await;
}

async fn done_after(api: &Api, import: &str, shown: &Value) -> Value {
    let begun = confirm(api, import, &shown["hash"]).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    done(api, import).await
}

async fn r71_a_kept_plan_that_is_damaged_is_computed_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let pk = AttributeValue::S(format!("MSP#noordzee#IMPORT#{import}"));
    let shown = page(&ana, &import, "limit=500").await;
    let kept = client.query().table_name("ImportsTable");
    let kept = kept
        .key_condition_expression("pk = :pk AND begins_with(sk, :plan)")
        .expression_attribute_values(":pk", pk)
        .expression_attribute_values(":plan", AttributeValue::S("PLAN#".to_owned()));
    let kept = kept.send().await.unwrap().items().to_vec();
    assert!(kept.len() > 1);
    for item in &kept {
        let (mut damaged, mut newer) = (item.clone(), item.clone());
        damaged.insert("data".to_owned(), AttributeValue::B(Blob::new(*b"nonsense")));
        newer.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
        for bad in [damaged, newer] {
            let put = client.put_item().table_name("ImportsTable").set_item(Some(bad));
            put.send().await.unwrap();
            assert_eq!(page(&ana, &import, "limit=500").await, shown);
        }
    }
    let mut newer = kept[0].clone();
    newer.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
    let put = client.put_item().table_name("ImportsTable").set_item(Some(newer));
    put.send().await.unwrap();
    assert_eq!(done_after(&ana, &import, &shown).await["users"]["failed"], 0);
    sandbox.stop().await;
}

async fn r71_items_are_shown_by_action_and_by_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let path = format!("/imports/{import}/plan");
    let all = ana.list(&path).await.unwrap();
    let some = text(&all[all.len() / 2]["company"]["id"]);
    let of = |accepts: &dyn Fn(&Value) -> bool| all.iter().filter(|item| accepts(item)).cloned().collect::<Vec<_>>();
    let one = of(&|item| item["company"]["id"] == some);
    let created = of(&|item| item["action"] == "createUser");
    let neither = of(&|item| item["action"] == "createCompany" || item["action"] == "skip");
    let both = of(&|item| item["company"]["id"] == some && item["action"] == "createUser");
    assert!(!one.is_empty() && created.len() > 20 && !neither.is_empty());
    for from_kept in [true, false] {
        for (query, expected) in [
            (format!("company={some}"), &one),
            ("action=createUser".to_owned(), &created),
            ("action=createCompany,skip".to_owned(), &neither),
            (format!("action=createUser&company={some}"), &both),
            ("company=nowhere".to_owned(), &Vec::new()),
        ] {
            if !from_kept {
                forget(&sandbox, &import).await;
            }
            let whole = ana.get(&format!("{path}?{query}&limit=500")).await.unwrap();
            assert_eq!(
                whole["items"].as_array().unwrap().len(),
                expected.len().min(500),
                "{query}"
            );
            assert_eq!(walk(&ana, &import, &query).await, *expected, "{query}");
            assert!(number(&whole["summary"]["companies"]) > 20);
        }
    }
    let unknown = call(&ana, Method::GET, &format!("{path}?action=nothing"), None).await;
    assert_problem(&unknown, 400, "invalid_request");
    sandbox.stop().await;
}

async fn r71_a_plan_shows_what_differs_from_one_that_was_seen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let seen = page(&ana, &import, "").await;
    let since = format!("since={}", text(&seen["hash"]));
    let same = page(&ana, &import, &since).await;
    assert_eq!(same["difference"], json!({ "changed": 0, "gone": [] }));
    assert_eq!(same["items"], json!([]));
    let chosen = ordinary(&rows(&ana, &import, "in").await);
    let (one, other) = (id(&chosen[0]), id(&chosen[1]));
    let person = addresses(&ana, &import, one).await;
    let ticked = person.iter().find(|person| person["selected"] == true).unwrap();
    decide_address(&ana, &import, one, id(ticked), json!({ "selected": false })).await;
    decide(&ana, &import, other, json!({ "selected": false })).await;
    // The plan is computed again, and then kept.
    for _ in 0..2 {
        let now = page(&ana, &import, &since).await;
        assert_eq!(now["difference"], json!({ "changed": 1, "gone": [other] }));
        let of_one = walk(&ana, &import, &format!("company={one}")).await;
        assert_eq!(now["items"], Value::from(of_one.clone()));
        assert_eq!(walk(&ana, &import, &since).await, of_one);
        let created = page(&ana, &import, &format!("{since}&action=createCompany")).await;
        assert_eq!(created["items"].as_array().unwrap().len(), 1, "{created}");
        let elsewhere = page(&ana, &import, &format!("{since}&company={other}")).await;
        assert_eq!(elsewhere["items"], json!([]));
        assert_ne!(now["hash"], seen["hash"]);
    }
    let path = format!("/imports/{import}/plan?since=nonsense");
    let unknown = call(&ana, Method::GET, &path, None).await;
    assert_problem(&unknown, 400, "invalid_request");
    assert_eq!(unknown.body["errors"][0]["pointer"], "since", "{}", unknown.body);
    sandbox.stop().await;
}
