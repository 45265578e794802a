//! What is read is what the PSA holds.

use std::collections::BTreeSet;

use domain::filter::{Filter, Subject};
use domain::ids::{PsaCompanyId, PsaContactId};
use domain::psa::{LookedUp, PsaContact, PsaFailureKind};
use serde_json::json;

use crate::bench::{Bench, companies, company, contact, contacts};

pub async fn the_check_reads_one_company_and_one_contact(bench: Bench) {
    let psa = bench.psa();
    psa.check().await.unwrap();
    assert_eq!(
        (bench.reads(false), bench.reads(true), psa.stats().requests),
        (1, 1, 2 + bench.product.discoveries())
    );
}

pub async fn r6_the_attributes_are_those_of_the_psa(bench: Bench) {
    let attributes = bench.psa().attributes().await.unwrap();
    let ids: Vec<(&str, Subject)> = attributes.iter().map(|of| (of.id.as_str(), of.subject)).collect();
    let (own, label) = bench.product.attributes();
    assert_eq!(ids, own);
    assert!(
        attributes[0]
            .values
            .iter()
            .any(|value| value.label == label && value.id.as_str() == "1")
    );
    assert!(
        attributes.iter().all(|attribute| !attribute.values.is_empty()),
        "{attributes:?}"
    );
    assert!(
        attributes.iter().flat_map(|of| &of.values).any(|value| !value.active),
        "none is marked inactive"
    );
}

pub async fn r8_every_company_is_read(bench: Bench) {
    let read = companies(&*bench.psa(), &Filter::default(), true).await.unwrap();
    let mut expected = bench.msp().companies;
    expected.sort_by_key(|company| bench.company_id(company.number));
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(read.id, company(bench.company_id(expected.number)));
        let name: String = expected.name.chars().take(bench.product.longest_name()).collect();
        assert_eq!(read.name, domain::name::clean(&name));
        assert_eq!(
            (read.active, read.own),
            (bench.product.is_active(expected), expected.own),
            "{name}"
        );
        assert_eq!(
            read.website,
            expected.website.clone().filter(|site| !site.is_empty()),
            "{name}"
        );
        assert!(!read.status.is_empty());
    }
    assert_eq!(read.iter().filter(|company| company.own).count(), 1);
    assert!(read.iter().any(|company| company.types.contains(&"Vendor".to_owned())));
}

pub async fn r8_every_contact_is_read_with_all_its_addresses(bench: Bench) {
    let read = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap();
    let expected = bench.msp().contacts;
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(read.id, contact(bench.contact_id(expected.number)));
        if let Some(number) = expected.company {
            assert_eq!(read.company, Some(company(bench.company_id(number))));
        }
        assert_eq!(read.active, expected.active);
        let names = [&expected.first, &expected.last].map(|name| name.replace('\0', ""));
        let names: Vec<&str> = names
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .collect();
        assert_eq!(read.name, names.join(" "));
        let emails: Vec<&str> = expected
            .emails
            .iter()
            .map(|of| of.trim())
            .filter(|of| !of.is_empty())
            .collect();
        assert_eq!(texts(read), emails.iter().copied().collect(), "{}", read.name);
        if !expected.emails.is_empty() && emails.first() == Some(&expected.emails[0].trim()) {
            assert_eq!(read.addresses[0].text, emails[0], "the preferred one comes first");
        }
    }
}

fn texts(contact: &PsaContact) -> BTreeSet<&str> {
    let slots: BTreeSet<&str> = contact.addresses.iter().map(|address| address.slot.as_str()).collect();
    assert_eq!(slots.len(), contact.addresses.len(), "a slot is one address");
    contact.addresses.iter().map(|address| &*address.text).collect()
}

pub async fn r9_a_walk_without_a_count_is_as_complete(bench: Bench) {
    bench.small_pages();
    let (psa, all) = (bench.psa(), Filter::default());
    assert_eq!(companies(&*psa, &all, false).await, companies(&*psa, &all, true).await);
    let counted = contacts(&*psa, &all, true).await.unwrap();
    assert_eq!(contacts(&*psa, &all, false).await.unwrap(), counted);
    assert_eq!(counted.len(), 600);
}

pub async fn r14_companies_are_read_back_by_id(bench: Bench) {
    let psa = bench.psa();
    let own = bench.company_id(1);
    let merged = 18_003;
    let ids = [own, 4_711, bench.company_id(7), merged, own, bench.company_id(21)].map(company);
    let ids = [&ids[..], &[PsaCompanyId::new("not a number"), PsaCompanyId::new("")]].concat();
    let answers = psa.look_up(&ids).await.unwrap();
    assert_eq!(answers.len(), ids.len());
    for (id, answer) in ids.iter().zip(&answers) {
        match answer {
            LookedUp::Present(found) => {
                assert_eq!(&found.id, id);
                assert_eq!(found.own, found.id == company(own));
                assert_eq!(found.active, found.id != company(bench.company_id(21)), "{found:?}");
            }
            LookedUp::Deleted(deleted) => {
                assert!(deleted == &company(merged) && bench.product.keeps_deleted());
            }
            LookedUp::Gone(gone) => assert_eq!(gone, id),
            LookedUp::Unreadable(_) => panic!("{id} can be read"),
        }
    }
    let gone = answers
        .iter()
        .filter(|answer| matches!(answer, LookedUp::Gone(_)))
        .count();
    assert_eq!(gone, if bench.product.keeps_deleted() { 3 } else { 4 });
    assert_eq!(psa.look_up(&[]).await.unwrap(), []);
}

pub async fn r14_many_companies_are_read_back_in_few_requests(bench: Bench) {
    let psa = bench.psa();
    let ids: Vec<PsaCompanyId> = (0..600).map(|number| company(bench.company_id(2 + number))).collect();
    let answers = psa.look_up(&ids).await.unwrap();
    let present = answers
        .iter()
        .filter(|answer| matches!(answer, LookedUp::Present(_)))
        .count();
    assert_eq!((answers.len(), present), (600, 39));
    assert_eq!(bench.reads(false), bench.product.batches_of_600());
    let longest = bench
        .simulator
        .requests()
        .items()
        .iter()
        .map(|seen| seen.path.len() + seen.query.len())
        .max();
    assert!(longest < Some(1_745), "{longest:?}");
}

/// 39 companies and more ids of none.
fn many(bench: &Bench) -> Vec<PsaCompanyId> {
    (0..600).map(|number| company(bench.company_id(2 + number))).collect()
}

pub async fn r14_a_company_that_cannot_be_shown_costs_no_other_its_answer(bench: Bench) {
    let (psa, ids) = (bench.psa(), many(&bench));
    let whole = psa.look_up(&ids).await.unwrap();
    let poisoned = [bench.company_id(3), bench.company_id(30)];
    bench.switch(json!({"poisonedCompanies": poisoned}));
    bench.simulator.requests().clear();
    let answers = psa.look_up(&ids).await.unwrap();
    for (before, now) in whole.into_iter().zip(answers) {
        match now {
            LookedUp::Unreadable(id) => assert!(poisoned.map(company).contains(&id), "{id}"),
            now => assert_eq!(now, before),
        }
    }
    // The page as a whole is asked for three times, its parts once.
    let reads = bench.reads(false);
    assert!(reads <= 4 + 2 + 2 * 2 * 8, "{reads}");
}

pub async fn r14_only_a_failure_that_a_company_may_cause_is_looked_into(bench: Bench) {
    let ids = many(&bench);
    for (path, status, kind, reads) in [
        (bench.list(false), 401, PsaFailureKind::PsaUnauthorized, 4),
        (bench.list(false), 403, PsaFailureKind::PsaForbidden, 4),
        (bench.list(false), 429, PsaFailureKind::PsaUnknownError, 12),
        (bench.list(false), 503, PsaFailureKind::PsaServerError, 12),
        // Not even the count is told, which shows no company.
        ("(?i)companies", 500, PsaFailureKind::PsaServerError, 12),
    ] {
        bench.simulator.faults().clear();
        let psa = bench.psa();
        psa.look_up(&ids[..1]).await.unwrap();
        bench.simulator.requests().clear();
        let body = r#"{"errors":["An unexpected error has occurred."]}"#;
        bench.fault(json!({"match": {"path": path}, "answer": {"status": status, "body": body}}));
        let failure = psa.look_up(&ids).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{status} {failure}");
        assert!(bench.reads(false) <= reads, "{status} {}", bench.reads(false));
    }
}

pub async fn a_small_msp_needs_hardly_more_than_its_pages(bench: Bench) {
    let (psa, everything) = (bench.psa(), Filter::default());
    companies(&*psa, &everything, true).await.unwrap();
    assert_eq!(bench.reads(false), 1);
    contacts(&*psa, &everything, true).await.unwrap();
    assert_eq!(bench.reads(true), bench.product.pages_of_600());
}

pub async fn r55_contacts_are_read_back_by_id(bench: Bench) {
    let psa = bench.psa();
    let walked = contacts(&*psa, &Filter::default(), true).await.unwrap();
    let mut ids: Vec<PsaContactId> = walked.iter().map(|contact| contact.id.clone()).collect();
    let gone = [contact(4_711_711), PsaContactId::new("not a number")];
    ids.extend(gone.clone());
    let answers = psa.look_up_contacts(&ids).await.unwrap();
    assert_eq!(answers.len(), ids.len());
    for (at, answer) in answers.into_iter().enumerate() {
        match answer {
            LookedUp::Present(found) => {
                assert!(psa.accepts_contact(&Filter::default(), &found));
                assert_eq!(Some(&found), walked.get(at));
            }
            LookedUp::Gone(id) => assert!(gone.contains(&id), "{id}"),
            LookedUp::Deleted(id) | LookedUp::Unreadable(id) => panic!("{id} is there"),
        }
    }
    assert_eq!(psa.look_up_contacts(&[]).await.unwrap(), []);
}
