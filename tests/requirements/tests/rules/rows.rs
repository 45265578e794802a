//! Section D: the tabs, their columns, and what is selected.

use std::collections::{BTreeMap, BTreeSet};

use domain::name::NameKey;
use requirements::import::{
    addresses, carry_out, choose_one, decide, fetch, fetch_filtered, first_import_of, id, ordinary, row, rows, select,
};
use requirements::stage::{advance, number, sandbox, text};
use requirements::{Api, PsaKind, for_both, import, psa, raw};
use serde_json::{Value, json};

for_both!(
    r13_the_tab_in_shows_what_matched_when_it_was_fetched,
    r16_a_row_has_name_status_type_psa_status_and_date,
    r16_unmapped_rows_come_first_and_then_by_name_over_several_pages,
    r17_the_date_is_that_of_the_last_import_of_the_company,
    r17_a_company_whose_address_alone_was_imported_has_a_new_date,
    r17_an_import_that_is_not_carried_out_sets_no_date,
    r18_only_selected_rows_are_touched,
    r18_inactive_companies_are_shown_and_can_be_imported,
);

pub fn ids(rows: &[Value]) -> BTreeSet<&str> {
    rows.iter().map(id).collect()
}

/// Leaves out what is inactive and what is not of the first type.
pub fn active_customers(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "companyType": ["1"], "companyStatus": ["1", "6"] }),
        PsaKind::Autotask => json!({ "companyType": ["1"], "companyActive": ["true"] }),
    }
}

async fn r13_the_tab_in_shows_what_matched_when_it_was_fetched(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    let before = rows(&ana, &import, "in").await;
    let [retyped, renamed, deleted] = [0, 1, 2].map(|at| id(&before[at]));
    psa::retype(&sandbox, kind, retyped);
    psa::rename(&sandbox, kind, renamed, "Anders");
    psa::delete(&sandbox, kind, deleted);
    psa::add_company(&sandbox, kind, "Later erbij");
    assert_eq!(rows(&ana, &import, "in").await, before);
    assert_eq!(rows(&ana, &import, "not-in").await, Vec::<Value>::new());
    sandbox.stop().await;
}

/// Type, status and whether it is active, as the PSA's own record of a company has them.
async fn columns(sandbox: &requirements::Sandbox, kind: PsaKind) -> BTreeMap<String, Value> {
    let fields = match kind {
        PsaKind::Connectwise => Value::Null,
        PsaKind::Autotask => raw::autotask(sandbox, "Companies/entityInformation/fields").await,
    };
    let label = |value: &Value| {
        let fields = fields["fields"].as_array().unwrap();
        let field = fields.iter().find(|field| field["name"] == "companyType").unwrap();
        let values = field["picklistValues"].as_array().unwrap();
        let wanted = value.to_string();
        let found = values.iter().find(|of| text(&of["value"]) == wanted);
        found.map_or(Value::from(""), |of| of["label"].clone())
    };
    let columns = |company: &Value| match kind {
        PsaKind::Connectwise => {
            let types = company["types"].as_array().unwrap().iter();
            let types: Vec<&str> = types.map(|of| text(&of["name"])).collect();
            let active = ![3, 4].contains(&company["status"]["id"].as_i64().unwrap());
            json!([types.join(", "), company["status"]["name"], active])
        }
        PsaKind::Autotask => {
            let active = company["isActive"] == true;
            let status = if active { "Active" } else { "Inactive" };
            json!([label(&company["companyType"]), status, active])
        }
    };
    let companies = raw::companies(sandbox, kind).await;
    companies
        .iter()
        .map(|company| (company["id"].to_string(), columns(company)))
        .collect()
}

async fn r16_a_row_has_name_status_type_psa_status_and_date(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let imported = ids(&first.chosen);
    let expected = columns(&sandbox, kind).await;
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    assert_eq!(shown.len(), 40);
    for row in &shown {
        let columns = json!([row["type"], row["psaStatus"], row["active"]]);
        assert_eq!(columns, expected[id(row)], "{row}");
        assert!(!text(&row["name"]).trim().is_empty(), "{row}");
        let before = imported.contains(id(row));
        assert_eq!(
            (row["status"] == "mapped", row["lastImported"].is_string()),
            (before, before)
        );
    }
    sandbox.stop().await;
}

/// A tab, page by page.
async fn pages(api: &Api, import: &str, limit: usize) -> Vec<Vec<Value>> {
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/imports/{import}/companies?tab=in&limit={limit}{after}");
        let page = api.get(&path).await.unwrap();
        pages.push(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            return pages;
        };
        after = next
            .bytes()
            .fold("&after=".to_owned(), |url, byte| url + &format!("%{byte:02X}"));
    }
}

async fn r16_unmapped_rows_come_first_and_then_by_name_over_several_pages(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 5).await;
    let import = fetch(&ana, kind).await;
    let whole = rows(&ana, &import, "in").await;
    let order = |row: &Value| (row["status"] == "mapped", NameKey::of(text(&row["name"])).sorted_as());
    assert!(whole.is_sorted_by_key(order));
    assert_eq!(whole.iter().filter(|row| row["status"] == "mapped").count(), 5);
    let pages = pages(&ana, &import, 7).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 7, 7, 7, 5]);
    assert_eq!(pages.concat(), whole);
    sandbox.stop().await;
}

/// The date of last import of a company, in an import that is fetched for that and cancelled.
async fn date(api: &Api, kind: PsaKind, company: &str) -> Option<jiff::Timestamp> {
    let import = fetch(api, kind).await;
    let row = row(api, &import, company).await;
    api.delete(&format!("/imports/{import}")).await.unwrap();
    row["lastImported"].as_str().map(|date| date.parse().unwrap())
}

async fn r17_the_date_is_that_of_the_last_import_of_the_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    assert!(first.chosen.iter().all(|row| row.get("lastImported").is_none()));
    let [again, once] = [0, 1].map(|at| id(&first.chosen[at]));
    let made = date(&ana, kind, again).await.unwrap();
    assert_eq!(date(&ana, kind, once).await, Some(made));

    advance(&sandbox, 86_400).await;
    let import = fetch(&ana, kind).await;
    decide(&ana, &import, again, json!({ "selected": true })).await;
    carry_out(&ana, &import).await;
    let later = date(&ana, kind, again).await.unwrap();
    assert!(later.duration_since(made).as_secs() >= 86_400, "{later} after {made}");
    assert_eq!(date(&ana, kind, once).await, Some(made));
    sandbox.stop().await;
}

async fn r17_a_company_whose_address_alone_was_imported_has_a_new_date(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    decide(&ana, &import, id(&company), json!({ "selected": true })).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["users"]["created"]),
        (&json!(1), &json!(0))
    );
    let made = date(&ana, kind, id(&company)).await.unwrap();

    advance(&sandbox, 3_600).await;
    let import = fetch(&ana, kind).await;
    decide(&ana, &import, id(&company), json!({ "selected": true })).await;
    let people = addresses(&ana, &import, id(&company)).await;
    assert!(people.iter().all(|person| person.get("lastImported").is_none()));
    let person = people.iter().find(|person| person["status"] == "unmapped").unwrap();
    import::decide_address(&ana, &import, id(&company), id(person), json!({ "selected": true })).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["unchanged"], &result["users"]["created"]),
        (&json!(1), &json!(1))
    );
    let later = date(&ana, kind, id(&company)).await.unwrap();
    assert!(later.duration_since(made).as_secs() >= 3_600, "{later} after {made}");
    sandbox.stop().await;
}

async fn r17_an_import_that_is_not_carried_out_sets_no_date(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    choose_one(&ana, &import, &company).await;
    import::plan(&ana, &import).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(date(&ana, kind, id(&company)).await, None);
    sandbox.stop().await;
}

async fn r18_only_selected_rows_are_touched(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let [chosen, left] = [0, 1].map(|at| id(&first.chosen[at]));
    for company in [chosen, left] {
        psa::rename(&sandbox, kind, company, &format!("Hernoemd {company}"));
        psa::add_contact(&sandbox, kind, company, &format!("nieuw@{company}.example"));
    }
    let before = ana.list("/managed-companies").await.unwrap();
    let used = number(&ana.get("/licences").await.unwrap()["used"]);

    let import = fetch(&ana, kind).await;
    for company in [chosen, left] {
        import::tick_everybody(&ana, &import, &row(&ana, &import, company).await).await;
    }
    // Ticks count only in a company that is selected; and a selection can be taken back.
    select(&ana, &import, json!({ "status": "unmapped" })).await;
    let path = format!("/imports/{import}/companies/select");
    ana.post(&path, &json!({ "selected": false, "where": {} }))
        .await
        .unwrap();
    decide(&ana, &import, chosen, json!({ "selected": true })).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["updated"], &result["users"]["created"]),
        (&json!(1), &json!(1))
    );

    let mut expected = before;
    for company in &mut expected {
        if company["name"] == first.chosen[0]["name"] {
            company["name"] = json!(format!("Hernoemd {chosen}"));
        }
    }
    assert_eq!(ana.list("/managed-companies").await.unwrap(), expected);
    assert_eq!(number(&ana.get("/licences").await.unwrap()["used"]), used + 1);
    sandbox.stop().await;
}

async fn r18_inactive_companies_are_shown_and_can_be_imported(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let everything = rows(&ana, &import, "in").await;
    let inactive: Vec<Value> = everything.into_iter().filter(|row| row["active"] == false).collect();
    let names: Vec<&str> = inactive.iter().map(|row| text(&row["name"])).collect();
    assert_eq!(names, ["Installatiebedrijf Bakker", "Reisbureau Horizon"]);
    choose_one(&ana, &import, &inactive[1]).await;
    let result = carry_out(&ana, &import).await;
    // Two of its three people are active.
    assert_eq!(
        (&result["companies"]["created"], &result["users"]["created"]),
        (&json!(1), &json!(2))
    );
    sandbox.stop().await;
}
