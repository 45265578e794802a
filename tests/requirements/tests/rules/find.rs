//! Finding people: over all companies of an import, and among those of one (R73).

use requirements::import::{
    addresses, carry_out, decide, decide_address, fetch, id, ordinary, row, rows, select, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, for_both, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r73_a_person_is_found_over_all_companies,
    r73_pages_of_people_are_full_or_the_last,
    r73_an_address_that_was_imported_is_found_first,
    r73_people_of_one_company_are_filtered_and_counted,
);

async fn found(api: &Api, import: &str, query: &str) -> Vec<(String, String)> {
    let found = api.list(&format!("/imports/{import}/addresses?{query}")).await.unwrap();
    let places = found
        .iter()
        .map(|row| (text(&row["company"]["id"]).to_owned(), id(row).to_owned()));
    places.collect()
}

/// The same page by page, of which each is full or the last.
async fn paged(api: &Api, import: &str, query: &str, limit: usize) -> Vec<(String, String)> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let at = format!("/imports/{import}/addresses?{query}&limit={limit}{after}");
        let page = api.get(&at).await.unwrap();
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|row| (text(&row["company"]["id"]).to_owned(), id(row).to_owned())),
        );
        let Some(next) = page["next"].as_str() else { return seen };
        assert_eq!(items.len(), limit, "a page that is not the last is full");
        after = format!("&after={}", next.replace('#', "%23").replace('~', "%7E"));
    }
}

async fn r73_a_person_is_found_over_all_companies(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let companies = [
        psa::add_company(&sandbox, kind, "Een"),
        psa::add_company(&sandbox, kind, "Twee"),
    ];
    let mut people = Vec::new();
    for (company, address) in companies.iter().zip(["renee@een.example", "iemand@twee.example"]) {
        people.push(psa::add_person(&sandbox, kind, company, ("Renée", "Zoekmaar"), address));
    }
    let import = fetch(&ana, kind).await;
    // By the name, whatever its case and accents; by the address; and nobody.
    for (search, expected) in [
        ("search=RENEE%20ZOEK", 2),
        ("search=ren%C3%A9e%20zoekmaar", 2),
        ("search=IEMAND@twee", 1),
        ("search=nobody@nowhere.example", 0),
        ("search=zoekmaar&active=false", 0),
        ("search=zoekmaar&excluded=true", 0),
    ] {
        assert_eq!(found(&ana, &import, search).await.len(), expected, "{search}");
    }
    let at = format!("/imports/{import}/addresses?search=zoekmaar");
    let page = ana.get(&at).await.unwrap();
    for (item, (company, name)) in page["items"]
        .as_array()
        .unwrap()
        .iter()
        .zip(companies.iter().zip(["Een", "Twee"]))
    {
        assert_eq!(
            item["company"],
            json!({ "id": company, "name": name, "selected": false })
        );
        assert_eq!(item["contact"], "Renée Zoekmaar");
        assert!(people.contains(&psa::split(id(item)).0.to_owned()));
        row(&ana, &import, company).await;
    }
    let cursor = call(&ana, Method::GET, &format!("{at}&after=x"), None).await;
    assert_problem(&cursor, 400, "invalid_request");
    sandbox.stop().await;
}

async fn r73_an_address_that_was_imported_is_found_first(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    // The ids of those before are smaller, and their addresses hold the one that is looked for.
    let before = psa::add_company(&sandbox, kind, "Ervoor");
    psa::add_contacts(&sandbox, kind, &before, &["1desk@eerst.example", "2desk@eerst.example"]);
    let company = psa::add_company(&sandbox, kind, "Eerst");
    psa::add_contacts(
        &sandbox,
        kind,
        &company,
        &["desk@eerst.example", "desk@eerst.example", "3desk@eerst.example"],
    );
    let import = fetch(&ana, kind).await;
    let shown = row(&ana, &import, &company).await;
    assert_eq!(found(&ana, &import, "search=desk@eerst.example").await[0].0, before);
    decide(&ana, &import, &company, json!({ "selected": true })).await;
    tick_everybody(&ana, &import, &shown).await;
    carry_out(&ana, &import).await;
    let again = fetch(&ana, kind).await;
    let all = found(&ana, &again, "search=DESK@eerst.example").await;
    assert_eq!(all.len(), 5, "{all:?}");
    let companies: Vec<&str> = all.iter().map(|(company, _)| company.as_str()).collect();
    assert_eq!(
        companies,
        [&company, &company, &before, &before, &company].map(String::as_str)
    );
    for limit in [1, 2, 3, 4] {
        let pages = paged(&ana, &again, "search=DESK@eerst.example", limit).await;
        let mut sorted = [pages.clone(), all.clone()];
        for list in &mut sorted {
            list.sort();
        }
        assert_eq!(sorted[0], sorted[1], "each once, {limit} on a page");
        // Two do not fit on a page of one: they come where they belong.
        assert_eq!(pages == all, limit > 1);
    }
    sandbox.stop().await;
}

async fn r73_pages_of_people_are_full_or_the_last(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let mut all = Vec::new();
    for company in rows(&ana, &import, "in").await {
        for person in addresses(&ana, &import, id(&company)).await {
            all.push((id(&company).to_owned(), person));
        }
    }
    for (query, limit) in [("", 500), ("", 7), ("search=an", 3), ("active=false", 1)] {
        let seen = paged(&ana, &import, query, limit).await;
        let mut distinct = seen.clone();
        distinct.dedup();
        assert_eq!(distinct, seen, "{query}");
        let mut sorted = seen.clone();
        sorted.sort();
        assert_eq!(sorted, seen, "{query}");
        // A row that others of its company hide, since they have the same address, is found as well.
        let accepts = |person: &Value| {
            let holds = |field: &str| text(&person[field]).to_lowercase().contains("an");
            match query {
                "search=an" => holds("contact") || holds("address"),
                "active=false" => person["active"] == false,
                _ => true,
            }
        };
        for (company, person) in all.iter().filter(|(_, person)| accepts(person)) {
            assert!(
                seen.contains(&(company.clone(), id(person).to_owned())),
                "{query}: {person}"
            );
        }
    }
    sandbox.stop().await;
}

/// Whether a row is one that a filter asks for.
type Accepts = fn(&Value) -> bool;

async fn r73_people_of_one_company_are_filtered_and_counted(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await).remove(0);
    let (at, company) = (
        format!("/imports/{import}/companies/{}/addresses?limit=500", id(&company)),
        company,
    );
    select(&ana, &import, json!({})).await;
    tick_everybody(&ana, &import, &company).await;
    let ticked = addresses(&ana, &import, id(&company)).await;
    let one = ticked.iter().find(|row| row["selected"] == true).unwrap();
    decide_address(&ana, &import, id(&company), id(one), json!({ "selected": false })).await;
    let all = addresses(&ana, &import, id(&company)).await;
    let filters: [(&str, Accepts); 5] = [
        ("status=unmapped,unmapped_possible_duplicate", |row| {
            row["status"] == "unmapped" || row["status"] == "unmapped_possible_duplicate"
        }),
        ("selected=true", |row| row["selected"] == true),
        ("selected=false&active=true", |row| {
            row["selected"] == false && row["active"] == true
        }),
        ("search=AN", |row| {
            ["contact", "address"]
                .iter()
                .any(|field| text(&row[*field]).to_lowercase().contains("an"))
        }),
        ("status=mapped", |_| false),
    ];
    for (filter, accepts) in filters {
        let page = ana.get(&format!("{at}&{filter}")).await.unwrap();
        let expected: Vec<&Value> = all.iter().filter(|row| accepts(row)).collect();
        assert_eq!(
            page["items"].as_array().unwrap().iter().collect::<Vec<_>>(),
            expected,
            "{filter}"
        );
        assert!(page.get("counts").is_none(), "they cost the holders of all addresses");
        let counted = ana.get(&format!("{at}&{filter}&counts=true")).await.unwrap();
        assert_eq!(counted["items"], page["items"], "{filter}");
        let counts = &counted["counts"];
        assert_eq!(number(&counts["total"]), all.len() as u64);
        let selected = all.iter().filter(|row| row["selected"] == true).count();
        assert_eq!(number(&counts["selected"]), selected as u64);
        for (status, count) in counts["byStatus"].as_object().unwrap() {
            let of = all.iter().filter(|row| row["status"] == *status).count();
            assert_eq!(number(count), of as u64, "{status}");
        }
    }
    sandbox.stop().await;
}
