//! What changed since a moment, as both products tell it (R77, R78).

use domain::filter::Filter;
use domain::ids::PsaCompanyId;
use domain::psa::{Changes, ChangesRead, LookedUp, PsaCompany, PsaContact, Tables};
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use psa::Psa;
use psa_conformance::bench::{Bench, companies, company, contact, contacts, filter};
use psa_conformance::product::Product;
use serde_json::{Value, json};

use crate::products::{AUTOTASK, CONNECTWISE};

/// Later than the stamps of the MSP as it is made, and before everything that a test changes.
fn an_hour_ago() -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(1)
}

async fn changes(psa: &dyn Psa, filter: &Filter, tables: &Tables) -> Changes {
    match psa.changes(an_hour_ago(), filter, tables).await.unwrap() {
        ChangesRead::All(changes) => changes,
        other => panic!("{other:?}"),
    }
}

/// A renamed company, a new contact, one that was edited and one that is gone.
fn edits(bench: &Bench) -> Value {
    let (company, contact) = (bench.company_id(5), bench.contact_id(60));
    let name = if bench.product.keeps_deleted() {
        "name"
    } else {
        "companyName"
    };
    json!({
        "companies": [{"id": company, name: "Renamed"}],
        "contacts": [bench.product.new_contact(99_000_000), {"id": contact, "firstName": "Edited"}],
        "delete": {"contacts": [bench.contact_id(61)]},
    })
}

async fn full(psa: &dyn Psa) -> (Vec<PsaCompany>, Vec<PsaContact>) {
    let everything = Filter::default();
    let read = companies(psa, &everything, true).await.unwrap();
    (read, contacts(psa, &everything, true).await.unwrap())
}

async fn six_requests(product: &'static dyn Product) {
    let bench = Bench::small(product).await;
    let everything = Filter::default();
    let before = bench.psa();
    let (_, contacts_before) = full(&*before).await;
    let tables = before.tables();
    bench.change(edits(&bench));
    bench.simulator.requests().clear();
    let psa = bench.psa();
    let told = changes(&*psa, &everything, &tables).await;
    psa.refresh(&mut []).await.unwrap();
    assert!(psa.stats().requests <= 6, "{:?}", psa.stats());
    // Each as a full read has it.
    let (all_companies, all_contacts) = full(&*bench.psa()).await;
    let renamed = company(bench.company_id(5));
    let [LookedUp::Present(changed)] = &told.companies[..] else {
        panic!("{:?}", told.companies)
    };
    assert_eq!(
        Some(changed),
        all_companies.iter().find(|company| company.id == renamed)
    );
    let ids = [contact(bench.contact_id(60)), contact(99_000_000)];
    let expected: Vec<_> = all_contacts.iter().filter(|of| ids.contains(&of.id)).cloned().collect();
    assert_eq!(told.contacts, expected);
    // One came and one went, which no change tells: the counts do.
    let totals = (told.totals.companies, told.totals.contacts);
    assert_eq!(totals, (all_companies.len() as u64, contacts_before.len() as u64));
    assert!(psa.counts_exactly(&everything));
}

#[tokio::test]
async fn r77_connectwise_tells_what_changed_in_six_requests() {
    six_requests(CONNECTWISE).await;
}

#[tokio::test]
async fn r77_autotask_tells_what_changed_in_six_requests() {
    six_requests(AUTOTASK).await;
}

#[tokio::test]
async fn r77_changes_are_told_whatever_the_filter_and_counts_are_of_the_filter() {
    for product in [CONNECTWISE, AUTOTASK] {
        let bench = Bench::small(product).await;
        bench.change(edits(&bench));
        let none = filter(&[("companyType", &["2"])]);
        let psa = bench.psa();
        let changes = changes(&*psa, &none, &Tables::default()).await;
        assert_eq!((changes.companies.len(), changes.contacts.len()), (1, 2));
        assert_eq!(changes.totals, psa.totals(&none).await.unwrap());
        assert!(psa.counts_exactly(&none));
        assert!(!psa.counts_exactly(&filter(&[("companyType", &["2", "Lead"])])));
    }
}

#[tokio::test]
async fn r77_more_changes_than_a_page_take_two_requests_for_each_further_page() {
    for product in [CONNECTWISE, AUTOTASK] {
        let bench = Bench::small(product).await;
        bench.small_pages();
        let read = changes(&*bench.psa(), &Filter::default(), &Tables::default()).await;
        assert_eq!(read.contacts, []);
        let edits: Vec<Value> = (1..=600)
            .map(|number| json!({"id": bench.contact_id(number), "firstName": "Edited"}))
            .collect();
        bench.change(json!({ "contacts": edits }));
        let psa = bench.psa();
        let read = changes(&*psa, &Filter::default(), &Tables::default()).await;
        assert_eq!(read.contacts.len(), 600);
        assert!(psa.stats().requests <= 6 + 2 * 6, "{:?}", psa.stats());
    }
}

#[tokio::test]
async fn r78_what_changed_is_as_of_the_date_of_the_reply() {
    for product in [CONNECTWISE, AUTOTASK] {
        let bench = Bench::small(product).await;
        bench.switch(json!({"dateSkewSeconds": -300}));
        let psa = bench.psa();
        let as_of = changes(&*psa, &Filter::default(), &Tables::default())
            .await
            .as_of
            .unwrap();
        let behind = Timestamp::now().duration_since(as_of).as_secs();
        assert!((299..330).contains(&behind), "{behind}");
        let first = psa.first_answer().unwrap();
        assert!(first <= as_of && as_of.duration_since(first).as_secs() < 30);
    }
}

#[tokio::test]
async fn r79_a_status_that_turns_inactive_is_seen_although_no_company_is_stamped() {
    let bench = Bench::small(CONNECTWISE).await;
    let (mut before, _) = full(&*bench.psa()).await;
    bench.switch(json!({"inactiveStatuses": [1]}));
    let psa = bench.psa();
    assert_eq!(
        changes(&*psa, &Filter::default(), &Tables::default()).await.companies,
        []
    );
    psa.refresh(&mut before).await.unwrap();
    assert_eq!(before, full(&*bench.psa()).await.0);
    assert!(before.iter().any(|company| !company.active));
}

#[tokio::test]
async fn r79_a_deleted_company_of_connectwise_is_among_the_changes() {
    let bench = Bench::small(CONNECTWISE).await;
    let id = bench.company_id(5);
    bench.change(json!({"companies": [{"id": id, "deletedFlag": true}]}));
    let changes = changes(&*bench.psa(), &Filter::default(), &Tables::default()).await;
    assert_eq!(
        changes.companies,
        [LookedUp::Deleted(PsaCompanyId::new(id.to_string()))]
    );
    let pages = bench
        .psa()
        .companies(&Filter::default(), None, None)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    assert!(
        pages
            .iter()
            .flat_map(|page| &page.items)
            .all(|company| company.id.as_str() != id.to_string())
    );
}

#[tokio::test]
async fn r77_a_type_that_no_earlier_run_knew_is_read_from_the_psa() {
    let bench = Bench::small(AUTOTASK).await;
    bench.change(edits(&bench));
    let known = Tables(r#"[["77","Old"]]"#.to_owned());
    let psa = bench.psa();
    let told = changes(&*psa, &Filter::default(), &known).await;
    assert_eq!(psa.stats().requests, 7);
    let (all, _) = full(&*bench.psa()).await;
    let LookedUp::Present(changed) = &told.companies[0] else {
        panic!()
    };
    assert!(all.contains(changed));
}
