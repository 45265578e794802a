//! An unattended import that finds all as it was when nothing was to be done plans nothing again (R71).

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use local_aws::sdk;
use requirements::import::{addresses, carry_out, choose_mapped, directory, fetch, id, rows};
use requirements::problem::call;
use requirements::stage::{advance, integration, number, sandbox, text};
use requirements::unattended::{set_policy, unattended, unattended_units};
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r71_an_import_that_rests_on_what_two_before_it_rested_on_plans_nothing,
    r71_whatever_changes_between_two_imports_is_planned_with,
    r71_an_import_that_reads_everything_plans_in_any_case,
    r71_an_import_by_hand_in_between_is_planned_with,
    r71_what_is_damaged_of_the_last_plan_is_computed_again,
);

/// How much of what an import that plans reads is read by one that does not: the snapshot, and the mappings that its rows show.
const WITHOUT_A_PLAN: f64 = 0.75;

/// Everything is imported, and imports have found the same until the next one need not plan. Gives the last of them.
async fn settled(sandbox: &Sandbox, kind: PsaKind) -> Value {
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let policy = json!({
        "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 100, "atLeast": 10_000 },
    });
    set_policy(&ana, kind, &policy).await;
    settled_again(sandbox, kind, "first").await
}

async fn settled_again(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> Value {
    let mut last = Value::Null;
    for number in 0..4 {
        last = unattended(sandbox, kind, &format!("{occasion} {number}")).await;
        assert_eq!(last["state"], "done", "{last}");
    }
    last
}

/// Imports unattended; gives the import, and the units that it read.
async fn read(sandbox: &Sandbox, kind: PsaKind, occasion: &str) -> (Value, f64) {
    let (import, _, read) = unattended_units(sandbox, kind, occasion).await;
    (import, read)
}

async fn result(api: &Api, import: &Value) -> Value {
    api.get(&format!("/imports/{}/result", text(&import["id"])))
        .await
        .unwrap()
}

/// Has the database forget, or damages, what the last plan rests on.
async fn damage(sandbox: &Sandbox, kind: PsaKind, body: Option<AttributeValue>) {
    let client = Client::new(&sdk::config(&sandbox.face.dynamodb));
    let integration = integration(&sandbox.api("ana"), kind).await;
    let update = client.update_item().table_name("RecordsTable");
    let update = update
        .key(
            "pk",
            AttributeValue::S(format!("MSP#noordzee#INTEGRATION#{integration}")),
        )
        .key("sk", AttributeValue::S("NOTHING".to_owned()))
        .condition_expression("attribute_exists(pk)");
    let update = match body {
        Some(import) => update
            .update_expression("SET #found.#import = :import")
            .expression_attribute_names("#found", "found")
            .expression_attribute_names("#import", "import")
            .expression_attribute_values(":import", import),
        None => update
            .update_expression("REMOVE #found")
            .expression_attribute_names("#found", "found"),
    };
    update.send().await.unwrap();
}

async fn r71_an_import_that_rests_on_what_two_before_it_rested_on_plans_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let last = settled(&sandbox, kind).await;
    let (known, reads) = read(&sandbox, kind, "known").await;
    let before = directory(&ana).await;
    assert_eq!(known["progress"]["reading"]["mode"], "changes");
    assert_eq!(result(&ana, &known).await, result(&ana, &last).await);
    assert!(number(&known["counts"]["users"]["unchanged"]) > 200, "{known}");
    assert_eq!(known["plan"], last["plan"]);
    // What it need not read is read by one that has to plan.
    damage(&sandbox, kind, None).await;
    let (planned, more) = read(&sandbox, kind, "planned").await;
    println!("{reads} read units without a plan, {more} with one");
    assert!(reads <= WITHOUT_A_PLAN * more, "{reads} and {more} read units");
    assert_eq!(result(&ana, &planned).await, result(&ana, &known).await);
    assert_eq!(directory(&ana).await, before);
    sandbox.stop().await;
}

async fn r71_whatever_changes_between_two_imports_is_planned_with(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let elsewhere = managed::add(&ana, "Ergens Anders").await;
    let holder = managed::add_user(&ana, &elsewhere, "bezet@adres.example").await;
    let waiting = psa::add_company(&sandbox, kind, "Adres Bezet");
    psa::add_contact(&sandbox, kind, &waiting, "bezet@adres.example");
    settled(&sandbox, kind).await;
    let import = fetch(&ana, kind).await;
    let companies = rows(&ana, &import, "in").await;
    let company = companies
        .iter()
        .find(|row| row["status"] == "mapped" && number(&row["addresses"]) > 2)
        .unwrap();
    let people = addresses(&ana, &import, id(company)).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let mut people = people.iter().filter(|person| person["status"] == "mapped");
    let (first, second) = (people.next().unwrap(), people.next().unwrap());
    let ours = format!("/integrations/{}", integration(&ana, kind).await);

    // In the PSA.
    psa::change_address(&sandbox, kind, id(first), "nieuw@adres.example");
    let changed = unattended(&sandbox, kind, "psa").await;
    assert_eq!(changed["counts"]["users"]["changedAddress"], 1, "{changed}");
    settled_again(&sandbox, kind, "after psa").await;

    // In the directory.
    let path = format!("/managed-companies/{elsewhere}/users/{holder}");
    let free = json!({ "address": "anders@adres.example" });
    let answer = call(&ana, Method::PATCH, &path, Some(&free)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let changed = unattended(&sandbox, kind, "directory").await;
    assert_eq!(changed["counts"]["users"]["created"], 1, "{changed}");
    settled_again(&sandbox, kind, "after directory").await;

    // In the mappings.
    let path = format!("{ours}/mappings/{}/addresses/{}", id(company), id(second));
    ana.delete(&path).await.unwrap();
    let changed = unattended(&sandbox, kind, "mapping").await;
    assert_eq!(changed["counts"]["users"]["linked"], 1, "{changed}");
    settled_again(&sandbox, kind, "after mapping").await;

    // In what is decided for good.
    let path = format!("{ours}/exclusions/companies/{}", id(company));
    ana.put(&path, &json!({ "why": "Is geen klant meer" })).await.unwrap();
    let before = unattended(&sandbox, kind, "exclusion").await;
    let companies = number(&before["counts"]["companies"]["unchanged"]);
    settled_again(&sandbox, kind, "after exclusion").await;

    // In the policy.
    psa::add_company(&sandbox, kind, "Nog niet");
    let policy = json!({ "newCompanies": false, "newAddresses": true, "filter": {} });
    set_policy(&ana, kind, &policy).await;
    let last = settled_again(&sandbox, kind, "policy").await;
    assert_eq!(number(&last["counts"]["companies"]["unchanged"]), companies, "{last}");
    let policy = json!({ "newCompanies": true, "newAddresses": true, "filter": {} });
    set_policy(&ana, kind, &policy).await;
    let changed = unattended(&sandbox, kind, "other policy").await;
    assert_eq!(changed["counts"]["companies"]["created"], 1, "{changed}");
    sandbox.stop().await;
}

async fn r71_an_import_that_reads_everything_plans_in_any_case(kind: PsaKind) {
    let sandbox = sandbox().await;
    settled(&sandbox, kind).await;
    advance(&sandbox, 25 * 3_600).await;
    let (full, reads) = read(&sandbox, kind, "full").await;
    assert_eq!(full["progress"]["reading"]["mode"], "full", "{full}");
    settled_again(&sandbox, kind, "after full").await;
    advance(&sandbox, 25 * 3_600).await;
    // As one that has no choice.
    damage(&sandbox, kind, None).await;
    let (_, planned) = read(&sandbox, kind, "full again").await;
    println!("{reads} read units, {planned} where nothing was known");
    assert!(reads > 0.9 * planned, "{reads} and {planned} read units");
    sandbox.stop().await;
}

async fn r71_an_import_by_hand_in_between_is_planned_with(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    settled(&sandbox, kind).await;
    let (_, known) = read(&sandbox, kind, "known").await;
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    carry_out(&ana, &import).await;
    let (_, planned) = read(&sandbox, kind, "planned").await;
    assert!(known <= WITHOUT_A_PLAN * planned, "{known} and {planned} read units");
    sandbox.stop().await;
}

async fn r71_what_is_damaged_of_the_last_plan_is_computed_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let last = settled(&sandbox, kind).await;
    for damaged in [
        Some(AttributeValue::S("01890000-0000-7000-8000-000000000000".to_owned())),
        Some(AttributeValue::N("7".to_owned())),
        None,
    ] {
        damage(&sandbox, kind, damaged.clone()).await;
        let import = unattended(&sandbox, kind, &format!("{damaged:?}")).await;
        assert_eq!(import["state"], "done", "{import}");
        assert_eq!(result(&ana, &import).await, result(&ana, &last).await);
        settled_again(&sandbox, kind, &format!("after {damaged:?}")).await;
    }
    sandbox.stop().await;
}
