//! Mappings outside of any import: what is mapped, and dropping one by hand (R96).

use requirements::import::{
    addresses, carry_out, choose_mapped, decide, directory, fetch, first_import_of, id, row, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, number, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::removal::{path, told};

for_both!(
    r96_mappings_are_listed_with_names_and_dates,
    r96_a_dropped_mapping_leaves_company_and_users,
    r96_a_new_company_after_a_dropped_mapping_is_another_one,
    r96_a_dropped_address_mapping_leaves_its_user,
    r96_no_mapping_is_dropped_while_an_import_holds_the_integration,
    r24_a_managed_company_says_what_is_mapped_to_it,
    r24_managed_companies_come_in_the_order_of_likeness,
);

async fn mappings(api: &Api, kind: PsaKind) -> Vec<Value> {
    let path = format!("{}/mappings", path(api, kind).await);
    api.list(&path).await.unwrap()
}

async fn drop_mapping(api: &Api, kind: PsaKind, what: &str) -> Value {
    let path = format!("{}/mappings/{what}", path(api, kind).await);
    api.delete(&path).await.unwrap()
}

async fn r96_mappings_are_listed_with_names_and_dates(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    assert_eq!(mappings(&ana, kind).await, Vec::<Value>::new());
    let first = first_import_of(&ana, kind, 3).await;
    let all = mappings(&ana, kind).await;
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let at = format!("{}/mappings?limit=1{after}", path(&ana, kind).await);
        let page = ana.get(&at).await.unwrap();
        paged.push(page["items"][0].clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all, "no page is empty");
    let mut chosen: Vec<&str> = first.chosen.iter().map(id).collect();
    chosen.sort_unstable();
    let listed: Vec<&str> = all.iter().map(|mapping| text(&mapping["company"])).collect();
    assert_eq!(listed, chosen);
    for mapping in &all {
        let company = text(&mapping["company"]);
        let before = first.chosen.iter().find(|row| id(row) == company).unwrap();
        assert_eq!(mapping["name"], before["name"]);
        assert_eq!(mapping["managedCompany"]["name"], before["name"]);
        assert!(mapping["lastImported"].is_string(), "{mapping}");
        let at = format!("{}/mappings/{company}/addresses", path(&ana, kind).await);
        let people = ana.list(&at).await.unwrap();
        assert_eq!(people.len() as u64, number(&mapping["users"]));
        assert!(people.iter().all(|person| person["user"].is_string()));
    }
    let nobody = format!("{}/mappings/0-nobody/addresses", path(&ana, kind).await);
    assert_problem(&call(&ana, Method::GET, &nobody, None).await, 404, "not_found");
    sandbox.stop().await;
}

async fn r96_a_dropped_mapping_leaves_company_and_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let (company, before) = (id(&first.chosen[0]), directory(&ana).await);
    let dropped = drop_mapping(&ana, kind, company).await;
    assert_eq!(
        (&dropped["company"], &dropped["name"]),
        (&json!(company), &first.chosen[0]["name"])
    );
    assert_eq!(mappings(&ana, kind).await.len(), 1);
    assert_eq!(directory(&ana).await, before);
    let path = path(&ana, kind).await;
    assert_eq!(told(&ana, &path).await[0], "mappingDropped");
    let again = call(&ana, Method::DELETE, &format!("{path}/mappings/{company}"), None).await;
    assert_problem(&again, 404, "not_found");
    // It is found again by its name, and its people by their addresses.
    let import = fetch(&ana, kind).await;
    let shown = row(&ana, &import, company).await;
    assert_eq!(shown["status"], "unmapped_possible_duplicate", "{shown}");
    decide(&ana, &import, company, json!({ "selected": true })).await;
    tick_everybody(&ana, &import, &shown).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (
            number(&result["companies"]["linked"]),
            number(&result["users"]["created"])
        ),
        (1, 0)
    );
    assert_eq!(directory(&ana).await, before);
    assert_eq!(mappings(&ana, kind).await.len(), 2);
    sandbox.stop().await;
}

async fn r96_a_new_company_after_a_dropped_mapping_is_another_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = id(&first.chosen[0]);
    let mut ids = vec![mappings(&ana, kind).await[0]["managedCompany"]["id"].clone()];
    let companies = managed::all(&ana).await.len();
    for more in 1..=2 {
        drop_mapping(&ana, kind, company).await;
        let import = fetch(&ana, kind).await;
        let new = json!({ "selected": true, "target": { "create": {} } });
        decide(&ana, &import, company, new).await;
        carry_out(&ana, &import).await;
        let now = mappings(&ana, kind).await[0]["managedCompany"]["id"].clone();
        assert!(!ids.contains(&now), "{now} of {ids:?}");
        ids.push(now);
        assert_eq!(managed::all(&ana).await.len(), companies + more);
    }
    sandbox.stop().await;
}

async fn r96_a_dropped_address_mapping_leaves_its_user(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let (company, before) = (id(&first.chosen[0]), directory(&ana).await);
    let users = number(&mappings(&ana, kind).await[0]["users"]);
    let people = addresses(&ana, &first.import, company).await;
    let one = people.iter().find(|row| row["status"] == "mapped").unwrap();
    let dropped = drop_mapping(&ana, kind, &format!("{company}/addresses/{}", id(one))).await;
    assert_eq!(dropped["address"], one["id"]);
    assert_eq!(number(&mappings(&ana, kind).await[0]["users"]), users - 1);
    let at = format!("{}/mappings/{company}/addresses", path(&ana, kind).await);
    let left = ana.list(&at).await.unwrap();
    assert!(left.len() as u64 == users - 1 && left.iter().all(|row| row["id"] != one["id"]));
    let again = call(&ana, Method::DELETE, &format!("{at}/{}", id(one)), None).await;
    assert_problem(&again, 404, "not_found");
    assert_eq!(directory(&ana).await, before);
    // Ticked, it is the same user again.
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let now = addresses(&ana, &import, company).await;
    let now = now.iter().find(|row| row["id"] == one["id"]).unwrap();
    assert_eq!(
        (&now["status"], &now["selected"]),
        (&json!("unmapped_possible_duplicate"), &json!(false))
    );
    tick_everybody(&ana, &import, &row(&ana, &import, company).await).await;
    carry_out(&ana, &import).await;
    assert_eq!(directory(&ana).await, before);
    assert_eq!(number(&mappings(&ana, kind).await[0]["users"]), users);
    sandbox.stop().await;
}

async fn r96_no_mapping_is_dropped_while_an_import_holds_the_integration(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = id(&first.chosen[0]);
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let planned = requirements::import::plan(&ana, &import).await;
    let at = format!("{}/mappings/{company}", path(&ana, kind).await);
    let person = addresses(&ana, &import, company).await.remove(0);
    for path in [at.clone(), format!("{at}/addresses/{}", id(&person))] {
        let answer = call(&ana, Method::DELETE, &path, None).await;
        assert_problem(&answer, 423, "integration_locked");
    }
    // The lock has run out: the mapping is dropped, and the administrator who comes back to the review finds another plan.
    advance(&sandbox, 3_600).await;
    ana.delete(&at).await.unwrap();
    let confirm = json!({ "planHash": planned["hash"], "confirmMassChange": true });
    let late = call(
        &ana,
        Method::POST,
        &format!("/imports/{import}/execute"),
        Some(&confirm),
    )
    .await;
    assert_problem(&late, 409, "plan_changed");
    sandbox.stop().await;
}

async fn r24_a_managed_company_says_what_is_mapped_to_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let integration = path(&ana, kind).await.rsplit('/').next().unwrap().to_owned();
    let all = ana
        .list(&format!("/managed-companies?integration={integration}"))
        .await
        .unwrap();
    let mapped: Vec<&Value> = all.iter().filter(|one| one.get("mappedTo").is_some()).collect();
    assert_eq!(mapped.len(), 2);
    for one in mapped {
        let company = text(&one["mappedTo"]["company"]);
        let chosen = first.chosen.iter().find(|row| id(row) == company).unwrap();
        assert_eq!(one["mappedTo"]["name"], chosen["name"]);
    }
    let plain = ana.list("/managed-companies").await.unwrap();
    assert!(plain.iter().all(|one| one.get("mappedTo").is_none()));
    let nowhere = call(&ana, Method::GET, "/managed-companies?integration=nowhere", None).await;
    assert_problem(&nowhere, 404, "integration_not_found");
    sandbox.stop().await;
}

async fn r24_managed_companies_come_in_the_order_of_likeness(_: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names = [
        "Aannemer Vos",
        "Postma Verhuur",
        "Bakkery Postma",
        "Bakkerij Postma B.V.",
        "Bakkerij Postma",
    ];
    for name in names {
        managed::add(&ana, name).await;
    }
    let shown = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|company| text(&company["name"]).to_owned()).collect()
    };
    let path = "/managed-companies?like=BAKKERIJ%20POSTMA&limit=3";
    let first = ana.get(path).await.unwrap();
    assert_eq!(
        shown(&first),
        ["Bakkerij Postma", "Bakkerij Postma B.V.", "Bakkery Postma"]
    );
    let next = ana
        .get(&format!("{path}&after={}", text(&first["next"])))
        .await
        .unwrap();
    // Behind them the names that have nothing in common, of which there are others.
    assert_eq!(shown(&next)[0], "Postma Verhuur");
    let all = ana.list("/managed-companies?like=BAKKERIJ%20POSTMA").await.unwrap();
    assert_eq!(all.len(), ana.list("/managed-companies").await.unwrap().len());
    sandbox.stop().await;
}
