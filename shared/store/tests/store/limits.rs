//! No transaction is larger than DynamoDB takes, whatever the sizes: measured on the wire, by DynamoDB's rules.

use std::collections::BTreeMap;
use std::future::Future;

use domain::ids::PsaCompanyId;
use domain::import::{Event, ImportState};
use domain::mapping::AddressMapping;
use domain::quotation::Quotation;
use domain::remembered::Remembered;
use proptest::prelude::*;
use serde_json::Value;
use store::StoreError;
use store::journal::{CompanyChunk, SkippedCompany};
use store::mappings::AddressMappings;
use store::rows::Row;
use store::snapshot::Complete;
use store::snapshot::pages::Pages;
use store::tx::{Action, MAX_ACTIONS, Transaction};

use crate::fill::{Fill, all_skipped, checkpoint, reservation};
use crate::wire::{Wire, import, lease, now};

const MEGABYTE: usize = 1024 * 1024;

/// The size of a value in DynamoDB's JSON.
fn size(value: &Value) -> usize {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => text.len(),
        ("N", Value::String(digits)) => digits.len() / 2 + 2,
        ("B", Value::String(base64)) => base64.len() / 4 * 3,
        ("L", Value::Array(list)) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        ("M", Value::Object(map)) => {
            3 + map
                .iter()
                .map(|(name, value)| 1 + name.len() + size(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

fn size_of(item: &Value) -> usize {
    item.as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| name.len() + size(value))
        .sum()
}

/// Looks at every transaction that was sent, and gives how many there were.
fn check(wire: &Wire) -> usize {
    let calls = wire.calls("TransactWriteItems");
    for call in &calls {
        let actions = call["TransactItems"].as_array().unwrap();
        assert!(actions.len() <= MAX_ACTIONS, "{} actions", actions.len());
        let mut all = 0;
        for action in actions {
            let item = action["Put"].get("Item").map_or(1024, size_of);
            assert!(item <= 400 * 1024, "an item of {item} bytes");
            all += item;
        }
        assert!(all <= 4 * MEGABYTE, "{all} bytes");
    }
    calls.len()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

/// Commits these as a worker does, as many at once as fit.
async fn commit_all(wire: &Wire, actions: Vec<Action>) {
    let tenant = wire.tenant();
    let mut tx = Transaction::new();
    for action in actions {
        if !tx.has_room_for([&action]) {
            let _ = std::mem::take(&mut tx).commit(&tenant).await.unwrap();
        }
        tx.push(action).unwrap();
    }
    let _ = tx.commit(&tenant).await.unwrap();
}

/// The checkpoint comes once, at the very end.
fn checkpoint_comes_last(wire: &Wire) {
    let calls = wire.calls("TransactWriteItems");
    let with = |call: &Value| call.to_string().contains("CHECKPOINT#");
    let checkpoints: Vec<usize> = (0..calls.len()).filter(|at| with(&calls[*at])).collect();
    assert_eq!(checkpoints, vec![calls.len() - 1]);
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), 1..40_usize, Just(255)]
}

/// What a directory says of many rows may be more than an item takes: the caller records fewer of them at once.
#[test]
fn outcomes_with_more_words_than_an_item_takes_are_refused() {
    let mut plan = Fill::new(1, 10).plan(1, 1_000, 0);
    for user in &mut plan.users {
        // Everybody is new, so that a chunk has as many as it may have.
        (user.mapped, user.remembered) = (None, Remembered::default());
    }
    let mut chunk = CompanyChunk::of(plan).unwrap().remove(0);
    let mut outcomes = all_skipped(&chunk.plan);
    let many = outcomes.len();
    for outcome in &mut outcomes {
        outcome.said = Quotation::of(&"\u{1d11e}".repeat(200));
    }
    let wire = Wire::willing();
    let (tenant, mut tx) = (wire.tenant(), Transaction::new());
    let refused = tenant.add_outcomes(&mut tx, &import(), (0, &mut chunk.clone()), outcomes.clone());
    assert!(
        matches!(refused, Err(StoreError::TooLarge { .. })),
        "{many} rows: {refused:?}"
    );
    outcomes.truncate(many / 4);
    tenant
        .add_outcomes(&mut tx, &import(), (0, &mut chunk), outcomes)
        .unwrap();
    run(async { tx.commit(&tenant).await.map(drop) }).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn pages_that_are_saved_fit(seed: u64, records in 0..=1_000_usize, length in lengths(), companies in 1..500_usize, read in 1..20_usize) {
        let mut fill = Fill::new(seed, length);
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let mut pages = Pages::default();
        for _ in 0..read {
            let page: Vec<_> = (0..records).map(|number| fill.company(number)).collect();
            pages.add_companies(&page).unwrap();
            let page: Vec<_> = (0..records).map(|number| fill.contact(number, number % companies)).collect();
            pages.add_contacts(&page).unwrap();
        }
        run(async {
            let lease = lease(&tenant).await;
            let saved = tenant.save_pages(&lease, &import(), &mut pages, &checkpoint(), now).await;
            prop_assert!(saved.unwrap().committed());
            prop_assert!(!pages.has_unsaved());
            Ok(())
        })?;
        check(&wire);
        checkpoint_comes_last(&wire);
    }

    #[test]
    fn a_snapshot_fits(seed: u64, counts in proptest::collection::vec(prop_oneof![0..5_usize, 0..1_500_usize], 0..200), length in lengths()) {
        let few: usize = counts.iter().scan(0, |sum, count| { *sum += count; Some(*sum) }).take_while(|sum| *sum < 12_000).count();
        let mut fill = Fill::new(seed, length);
        let wire = Wire::willing();
        let tenant = wire.tenant();
        run(async {
            let lease = lease(&tenant).await;
            let mut draft = tenant.draft(&lease, &import(), now()).await.unwrap().unwrap();
            let mut rows = Vec::new();
            for (number, count) in counts.iter().take(few).enumerate() {
                let (row, addresses) = fill.row(number, *count);
                let mut row = Row::new(row);
                draft.add_addresses(&mut row, addresses).unwrap();
                rows.push(row);
            }
            let written = tenant.write_lists(&lease, &import(), &mut draft, now).await;
            prop_assert!(written.unwrap().committed());
            draft.add_rows(rows).unwrap();
            let snapshot = Complete { policy: None, more: Vec::new() };
            let completed = tenant.complete_snapshot(&lease, &import(), &mut draft, snapshot, &checkpoint(), now).await;
            prop_assert!(completed.unwrap().committed());
            Ok(())
        })?;
        check(&wire);
        for put in wire.calls("PutItem") {
            prop_assert!(size_of(&put["Item"]) <= 400 * 1024);
        }
        checkpoint_comes_last(&wire);
    }

    #[test]
    fn the_journal_of_a_company_fits(seed: u64, users in 0..8_000_usize, gone in 0..3_000_usize, length in lengths()) {
        let plan = Fill::new(seed, length).plan(1, users, gone);
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let chunks = CompanyChunk::of(plan.clone()).unwrap();
        let all: Vec<_> = chunks.iter().flat_map(|chunk| chunk.plan.users.clone()).collect();
        prop_assert_eq!(all, plan.users.clone());
        let written = chunks.iter().enumerate().map(|(number, chunk)| tenant.journal_action(&import(), number, chunk).unwrap());
        run(commit_all(&wire, written.collect()));
        let mut tx = Transaction::new();
        for (number, chunk) in chunks.iter().enumerate() {
            let (mut done, outcomes) = (chunk.clone(), all_skipped(&chunk.plan));
            let outcomes = if number == 0 { outcomes } else { outcomes[1..].to_vec() };
            if tx.len() == MAX_ACTIONS {
                run(async { std::mem::take(&mut tx).commit(&tenant).await.map(drop) }).unwrap();
            }
            tenant.add_outcomes(&mut tx, &import(), (number, &mut done), outcomes).unwrap();
            prop_assert!(done.is_done());
        }
        run(async { tx.commit(&tenant).await.map(drop) }).unwrap();
        check(&wire);
    }

    #[test]
    fn packs_of_rows_passed_over_fit_and_name_each_once(seed: u64, counts in proptest::collection::vec(prop_oneof![0..10_usize, 0..5_000_usize], 1..40), length in lengths(), from in 0..5_000_usize) {
        let mut fill = Fill::new(seed, length);
        let few = counts.iter().scan(0, |sum, count| { *sum += count; Some(*sum) }).take_while(|sum| *sum < 15_000).count();
        let plans: Vec<_> = counts.iter().take(few).enumerate().map(|(number, users)| fill.plan(number, *users, 0)).collect();
        let mut named = Vec::new();
        let entries: Vec<Vec<SkippedCompany>> = plans.iter().enumerate().map(|(number, plan)| {
            let from = if number == 0 { from.min(plan.users.len()) } else { 0 };
            let entries = SkippedCompany::of(plan, all_skipped(plan), from).unwrap();
            let rows: Vec<_> = entries.iter().flat_map(|entry| entry.rest.iter().map(|row| row.row.clone())).collect();
            assert_eq!(rows, all_skipped(plan)[from..]);
            named.push(rows.len());
            entries
        }).collect();
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let packs = tenant.skipped_packs(&import(), 0, entries.iter().map(Vec::as_slice)).unwrap();
        for pack in &packs {
            let rows = named.get(pack.companies).copied().unwrap_or_default();
            prop_assert!(pack.rows < rows.max(1));
        }
        prop_assert!(packs.windows(2).all(|two| (two[0].companies, two[0].rows) < (two[1].companies, two[1].rows)));
        prop_assert_eq!(packs.last().map_or(0, |last| last.companies), if packs.is_empty() { 0 } else { plans.len() });
        run(commit_all(&wire, packs.into_iter().map(|pack| pack.action).collect()));
        check(&wire);
    }

    #[test]
    fn a_confirmation_fits(seed: u64, companies in 0..4_000_usize, others in prop_oneof![Just(0), 0..100_usize]) {
        let mut fill = Fill::new(seed, 5);
        let companies_confirmed: Vec<_> = (0..companies).map(|number| fill.confirmed(number, others)).collect();
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let in_review = domain::import::Import { state: ImportState::Review, ..import() };
        let event = Event::Confirmed { plan_hash: "h".to_owned(), reservation: reservation(), creation: domain::directory::CreationAction::Stage, trace: None };
        let confirmed = in_review.apply(event, now()).unwrap();
        run(async {
            let confirmation = tenant.confirmation(&in_review, &reservation(), &companies_confirmed).unwrap();
            tenant.write_ahead(confirmation).await.unwrap();
            let begun = tenant.confirm(&confirmed, 0, now()).await;
            prop_assert!(begun.is_ok());
            Ok(())
        })?;
        check(&wire);
    }

    #[test]
    fn mappings_of_a_company_fit_and_stay_where_they_are(seed: u64, many in 0..6_000_usize, out in 0..50_u8, length in lengths()) {
        let mut fill = Fill::new(seed, length);
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let company = PsaCompanyId::new("1");
        let (mut stored, mut all) = (AddressMappings::default(), BTreeMap::<usize, AddressMapping>::new());
        for round in 0..3 {
            // Some go, some change, some come in between.
            all.retain(|_, _| fill.rng.u8(..100) >= out);
            for _ in 0..many / 3 {
                let number = fill.rng.usize(..10_000_000);
                all.insert(number, fill.mapping(number));
            }
            let after: Vec<AddressMapping> = all.values().cloned().collect();
            let (actions, now) = tenant.map_addresses(&import().integration, &company, &stored, &after).unwrap();
            prop_assert_eq!(now.all(), after.clone(), "round {}", round);
            run(commit_all(&wire, actions));
            let (again, same) = tenant.map_addresses(&import().integration, &company, &now, &after).unwrap();
            prop_assert!(again.is_empty() && same == now, "written twice");
            stored = now;
        }
        check(&wire);
    }

    #[test]
    fn dates_fit(seed: u64, companies in 0..50_000_usize) {
        let wire = Wire::willing();
        let tenant = wire.tenant();
        let mut rng = fastrand::Rng::with_seed(seed);
        let ids: Vec<PsaCompanyId> = (0..companies).map(|_| PsaCompanyId::new(rng.u64(..).to_string())).collect();
        run(async {
            let mut tx = Transaction::new();
            for action in tenant.date_actions(&import().integration, ids, now()).await.unwrap() {
                tx.push(action).unwrap();
            }
            if !tx.is_empty() {
                let _ = tx.commit(&tenant).await.unwrap();
            }
        });
        check(&wire);
    }
}

#[test]
fn a_transaction_of_a_hundred_actions_takes_no_more_and_stays_as_it_was() {
    let tenant = Wire::willing().tenant();
    let chunk = &CompanyChunk::of(Fill::new(1, 10).plan(1, 0, 0)).unwrap()[0];
    let mut tx = Transaction::new();
    for number in 0..MAX_ACTIONS {
        tenant.journal(&mut tx, &import(), number, chunk).unwrap();
    }
    let refused = tenant.journal(&mut tx, &import(), MAX_ACTIONS, chunk);
    assert!(matches!(
        refused,
        Err(StoreError::TooLarge {
            what: "transaction",
            ..
        })
    ));
    assert_eq!(tx.len(), MAX_ACTIONS);
}

#[test]
fn a_transaction_of_some_megabytes_takes_no_more() {
    let tenant = Wire::willing().tenant();
    let plan = Fill::new(1, 255).plan(1, 3_000, 0);
    let chunks = CompanyChunk::of(plan).unwrap();
    let mut tx = Transaction::new();
    let refused = (0..MAX_ACTIONS).find_map(|number| tenant.journal(&mut tx, &import(), number, &chunks[1]).err());
    assert!(matches!(
        refused,
        Some(StoreError::TooLarge {
            what: "transaction",
            ..
        })
    ));
    assert!((2..MAX_ACTIONS).contains(&tx.len()));
}
