//! Addresses that are none, that are one, and that are somebody else's.

use domain::address::Address;
use requirements::import::{
    address_row, addresses, by_name, carry_out, choose_mapped, choose_one, decide, decide_address, done, execute,
    fetch, id, ordinary, plan, planned, rows, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed, psa, raw};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r32_each_address_of_a_contact_is_a_row_of_its_own,
    r32_contacts_without_a_valid_address_are_counted_and_listed_and_cannot_be_ticked,
    r32_the_same_address_twice_in_a_company_is_one_row_and_one_user,
    r32_of_an_inactive_and_an_active_contact_with_one_address_the_active_one_is_the_row,
    r32_an_address_of_another_managed_company_is_a_conflict_until_it_is_resolved,
    r32_one_address_in_two_companies_of_an_import_makes_one_user,
    r33_addresses_compare_without_case_and_with_the_domain_in_ascii,
    r33_the_original_spelling_is_shown_and_given_to_the_user,
);

/// Starts an import and gives it with the row and the address rows of a company.
async fn open(api: &Api, kind: PsaKind, name: &str) -> (String, Value, Vec<Value>) {
    let import = fetch(api, kind).await;
    let row = by_name(&rows(api, &import, "in").await, name).clone();
    let people = addresses(api, &import, id(&row)).await;
    (import, row, people)
}

fn texts(people: &[Value]) -> Vec<&str> {
    people.iter().map(|person| text(&person["address"])).collect()
}

async fn r32_each_address_of_a_contact_is_a_row_of_its_own(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, hospital, people) = open(&ana, kind, "Streekziekenhuis Noord").await;
    let nynke: Vec<Value> = people
        .into_iter()
        .filter(|row| row["contact"] == "Nynke Wiersma")
        .collect();
    let mut shown = texts(&nynke);
    shown.sort_unstable();
    let expected = [
        "n.wiersma@streekziekenhuis-noord.example",
        "nynke.wiersma@thuis.test",
        "nynke@maatschap-wiersma.example",
    ];
    assert_eq!(shown, expected);
    assert_eq!(psa::contacts(&nynke).len(), 1);
    // Each is decided on by itself.
    decide(
        &ana,
        &import,
        id(&hospital),
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    for person in &nynke[..2] {
        decide_address(&ana, &import, id(&hospital), id(person), json!({ "selected": true })).await;
    }
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 2);
    sandbox.stop().await;
}

async fn r32_contacts_without_a_valid_address_are_counted_and_listed_and_cannot_be_ticked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, club, people) = open(&ana, kind, "Sportvereniging De Meeuwen").await;
    let without: Vec<Value> = people
        .iter()
        .filter(|row| row["status"] == "no_address")
        .cloned()
        .collect();
    let contacts = raw::contacts(&sandbox, kind).await;
    let expected = contacts
        .iter()
        .filter(|contact| raw::company_of(kind, contact) == id(&club))
        .filter(|contact| {
            raw::addresses(kind, contact)
                .iter()
                .all(|address| address.parse::<Address>().is_err())
        })
        .map(|contact| contact["id"].to_string());
    let mut expected: Vec<String> = expected.collect();
    expected.sort();
    assert_eq!((psa::contacts(&without), expected.len()), (expected, 9));
    assert_eq!(
        (&club["noAddress"], number(&club["addresses"])),
        (&json!(9), people.len() as u64)
    );
    // What somebody typed is shown, so that it can be found and corrected.
    assert!(texts(&without).contains(&"piet@@demeeuwen.example"));

    for person in [&without[0], &without[3]] {
        let path = format!("/imports/{import}/companies/{}/addresses/{}", id(&club), id(person));
        let tick = json!({ "version": person["version"], "selected": true });
        assert_problem(
            &call(&ana, Method::PATCH, &path, Some(&tick)).await,
            409,
            "not_selectable",
        );
    }
    tick_everybody(&ana, &import, &club).await;
    let ticked = addresses(&ana, &import, id(&club)).await;
    assert!(ticked.iter().any(|person| person["selected"] == true));
    for person in ticked.iter().filter(|person| person["status"] == "no_address") {
        assert_eq!(person["selected"], false, "{person}");
    }
    sandbox.stop().await;
}

async fn r32_the_same_address_twice_in_a_company_is_one_row_and_one_user(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    // Three contacts use one mailbox; two spell one domain differently.
    let cases = [
        ("Müller & Söhne", "info@mueller-soehne.example"),
        ("Bäckerei Grün", "laden@bäckerei-grün.example"),
    ];
    for (name, twice) in cases {
        let twice: Address = twice.parse().unwrap();
        let (import, company, people) = open(&ana, kind, name).await;
        let same = |people: &[Value]| {
            texts(people)
                .iter()
                .filter(|text| text.parse() == Ok(twice.clone()))
                .count()
        };
        let of_psa = raw::contacts(&sandbox, kind).await;
        let of_psa = of_psa
            .iter()
            .filter(|contact| raw::company_of(kind, contact) == id(&company));
        let typed: Vec<Value> = of_psa
            .flat_map(|contact| raw::addresses(kind, contact))
            .map(|address| json!({ "address": address }))
            .collect();
        assert!(same(&typed) > 1);
        assert_eq!(same(&people), 1);
        assert_eq!(number(&company["addresses"]), people.len() as u64);

        choose_one(&ana, &import, &company).await;
        carry_out(&ana, &import).await;
        let (import, company, people) = open(&ana, kind, name).await;
        assert_eq!(same(&people), 1);
        let users = managed::users(&ana, id(&company["mapped"])).await;
        assert_eq!(same(&users), 1);
        ana.delete(&format!("/imports/{import}")).await.unwrap();
    }
    sandbox.stop().await;
}

async fn r32_of_an_inactive_and_an_active_contact_with_one_address_the_active_one_is_the_row(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = psa::add_company(&sandbox, kind, "Tweemaal BV");
    let left = psa::add_contact(&sandbox, kind, &company, "back@tweemaal.example");
    psa::deactivate_contact(&sandbox, kind, &left);
    let returned = psa::add_contact(&sandbox, kind, &company, "back@tweemaal.example");

    let import = fetch(&ana, kind).await;
    let people = addresses(&ana, &import, &company).await;
    assert_eq!(people.len(), 1);
    assert_eq!(
        (psa::split(id(&people[0])).0, &people[0]["active"]),
        (returned.as_str(), &json!(true))
    );
    sandbox.stop().await;
}

async fn r32_an_address_of_another_managed_company_is_a_conflict_until_it_is_resolved(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, club, people) = open(&ana, kind, "Sportvereniging De Meeuwen").await;
    let held = people.iter().find(|row| row["status"] == "address_conflict").unwrap();
    assert_eq!(held["address"], "penningmeester@demeeuwen.example");
    let companies = managed::all(&ana).await;
    let holder = id(by_name(&companies, "Pilotgroep"));
    assert_eq!(
        held["conflict"],
        json!({ "managedCompany": holder, "name": "Pilotgroep", "former": false })
    );
    let path = format!("/imports/{import}/companies/{}/addresses/{}", id(&club), id(held));
    let tick = json!({ "version": held["version"], "selected": true });
    assert_problem(
        &call(&ana, Method::PATCH, &path, Some(&tick)).await,
        409,
        "not_selectable",
    );
    choose_one(&ana, &import, &club).await;
    assert_eq!(address_row(&ana, &import, id(&club), id(held)).await["selected"], false);
    let before = managed::users(&ana, holder).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["failed"], 0);
    assert_eq!(managed::users(&ana, holder).await, before);

    psa::change_address(&sandbox, kind, id(held), "kas@demeeuwen.example");
    let (import, _, people) = open(&ana, kind, "Sportvereniging De Meeuwen").await;
    let free = by_address(&people, "kas@demeeuwen.example");
    assert_eq!((&free["status"], free.get("conflict")), (&json!("unmapped"), None));
    decide(&ana, &import, id(&club), json!({ "selected": true })).await;
    decide_address(&ana, &import, id(&club), id(free), json!({ "selected": true })).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 1);
    sandbox.stop().await;
}

fn by_address<'a>(people: &'a [Value], address: &str) -> &'a Value {
    people.iter().find(|person| person["address"] == address).unwrap()
}

async fn r32_one_address_in_two_companies_of_an_import_makes_one_user(kind: PsaKind) {
    const SHARED: &str = "boekhouding@kantoor-jansen.example";
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names = ["Sportvereniging De Meeuwen", "Notariat Dr. Vogel"];
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let companies = names.map(|name| by_name(&shown, name));
    for company in companies {
        choose_one(&ana, &import, company).await;
    }
    let agreed = plan(&ana, &import).await;
    let mut ends: Vec<(&str, &str)> = Vec::new();
    for company in companies {
        let of_shared = planned(&agreed, id(company))
            .into_iter()
            .filter(|item| item["address"]["address"] == SHARED);
        ends.extend(of_shared.map(|item| (text(&item["action"]), text(&item["reason"]))));
    }
    ends.sort_unstable();
    assert_eq!(
        ends,
        [("createUser", "ticked"), ("skip", "same_address_in_another_company")]
    );
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["users"]["created"], agreed["licences"]["needed"]);
    // The plan has told of every one, those included whose address was another company's before.
    let told = agreed["items"].as_array().unwrap().iter();
    let told = told.filter(|item| item["action"] == "skip" && item["address"].is_object());
    assert_eq!(
        (&result["users"]["skipped"], &result["users"]["failed"]),
        (&json!(told.count()), &json!(0))
    );
    assert_eq!(result["skipped"][0]["code"], "address_conflict");

    // From now on the row of the other one says who has it.
    let import = fetch(&ana, kind).await;
    let mut seen = Vec::new();
    for company in companies {
        let people = addresses(&ana, &import, id(company)).await;
        let row = by_address(&people, SHARED).clone();
        seen.push((text(&row["status"]).to_owned(), row["conflict"]["name"].clone()));
    }
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!((seen[0].0.as_str(), seen[1].0.as_str()), ("address_conflict", "mapped"));
    let holder = text(&seen[0].1);
    assert!(names.iter().any(|name| name.eq_ignore_ascii_case(holder)), "{seen:?}");
    sandbox.stop().await;
}

async fn r33_addresses_compare_without_case_and_with_the_domain_in_ascii(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let elsewhere = managed::add(&ana, "Elders").await;
    let spellings = [
        ("Balie@Elders.Example", "bALIE@eLDERS.eXAMPLE"),
        ("post@bücher.example", "post@xn--bcher-kva.example"),
        ("POST@xn--strae-oqa.example", "post@STRAẞE.example"),
    ];
    let mut contacts = Vec::new();
    for (there, here) in spellings {
        managed::add_user(&ana, &elsewhere, there).await;
        contacts.push(psa::add_contact(&sandbox, kind, id(&company), here));
    }
    let import = fetch(&ana, kind).await;
    for person in addresses(&ana, &import, id(&company)).await {
        let held = contacts.iter().any(|contact| contact == psa::split(id(&person)).0);
        assert_eq!(person["conflict"]["name"] == "Elders", held, "{person}");
    }
    sandbox.stop().await;
}

async fn r33_the_original_spelling_is_shown_and_given_to_the_user(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let cases = [
        ("Bäckerei Grün", "änne@bäckerei-grün.example"),
        (
            "O'Brien & Sons \"Catering\", 100% + More Ltd",
            "d'arcy.o'neill+orders@obrien-catering.example",
        ),
    ];
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let bakery = shown
        .iter()
        .find(|row| row["name"] == "Bakkerij van Dijk B.V.")
        .unwrap();
    let mixed = (bakery, "Wim.VanDijk@BakkerijVanDijk.Example");
    let cases = cases.map(|(name, address)| (by_name(&shown, name), address));
    let all = cases.into_iter().chain([mixed]);
    for (company, address) in all.clone() {
        let people = addresses(&ana, &import, id(company)).await;
        let person = by_address(&people, address);
        decide(
            &ana,
            &import,
            id(company),
            json!({ "selected": true, "target": { "create": {} } }),
        )
        .await;
        decide_address(&ana, &import, id(company), id(person), json!({ "selected": true })).await;
    }
    carry_out(&ana, &import).await;
    let import = fetch(&ana, kind).await;
    for (company, address) in all.clone() {
        let now = requirements::import::row(&ana, &import, id(company)).await;
        assert_eq!(managed::addresses(&ana, id(&now["mapped"])).await, [address]);
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    // Spelled in another way it is the same address, and nothing changes.
    let people = addresses(&ana, &import, id(bakery)).await;
    psa::change_address(
        &sandbox,
        kind,
        id(by_address(&people, mixed.1)),
        "wim.vandijk@bakkerijvandijk.example",
    );
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let agreed = execute(&ana, &import).await;
    assert_eq!(
        (&agreed["summary"]["changeAddress"], &agreed["summary"]["unchanged"]),
        (&json!(0), &json!(6))
    );
    done(&ana, &import).await;
    sandbox.stop().await;
}
