//! The points that `ConnectWise`'s documentation leaves open: the client is right under either answer.

use domain::filter::Filter;
use domain::psa::PsaFailureKind::{PsaForbidden, PsaInvalidResponse, PsaServerError, PsaUnauthorized};
use psa_conformance::bench::{Bench, companies, contacts, contacts_while, filter};
use serde_json::json;

use crate::products::CONNECTWISE;

async fn everything(bench: &Bench) -> (usize, usize) {
    let psa = bench.psa();
    let companies = companies(&*psa, &Filter::default(), true).await.unwrap();
    (
        companies.len(),
        contacts(&*psa, &Filter::default(), true).await.unwrap().len(),
    )
}

#[tokio::test]
async fn every_answer_to_an_open_question_gives_the_same_rows() {
    let bench = Bench::small(CONNECTWISE).await;
    for switches in [
        json!({"explicitNulls": true}),
        json!({"contentType": "vendor"}),
        json!({"isCloudBoolean": true}),
        json!({"codebase": "v4_6_release/"}),
        json!({"linkOnSinglePage": true}),
        json!({"linkOnLastPage": false}),
        json!({"forwardOnlyEnd": "lastPage"}),
        json!({"forwardOnlyEnd": "emptyPage"}),
        json!({"forwardOnlyEnd": "never"}),
        json!({"defaultOrder": "lastUpdated"}),
        json!({"childConditions": "sameElement"}),
        json!({"longestUrl": 1_745}),
        json!({"clientIdRejection": null}),
        json!({"siteUrl": "169.254.169.254"}),
        json!({"setupIgnoresForwardOnly": true}),
        json!({"setupIgnoresForwardOnly": true, "defaultOrder": "idDescending"}),
        json!({"recordsIgnoreForwardOnly": true}),
        json!({"recordsIgnoreForwardOnly": true, "defaultOrder": "lastUpdated", "linkOnLastPage": false}),
        json!({"recordsIgnoreForwardOnly": true, "defaultOrder": "idDescending", "linkOnSinglePage": true}),
    ] {
        for page_cap in [1_000, 100, 40] {
            let before = bench.simulator.switches();
            bench.switch(json!({"pageCap": page_cap, "refuseLargePages": page_cap == 1_000}));
            bench.switch(switches.clone());
            assert_eq!(everything(&bench).await, (40, 600), "{switches} {page_cap}");
            bench.switch(before);
        }
    }
}

#[tokio::test]
async fn a_contact_is_the_same_with_nulls_and_without() {
    let bench = Bench::small(CONNECTWISE).await;
    let omitted = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap();
    bench.switch(json!({"explicitNulls": true}));
    assert_eq!(
        contacts(&*bench.psa(), &Filter::default(), true).await.unwrap(),
        omitted
    );
}

#[tokio::test]
async fn r12_deleted_and_merged_companies_are_not_companies() {
    let bench = Bench::small(CONNECTWISE).await;
    let all = companies(&*bench.psa(), &Filter::default(), true).await.unwrap();
    assert!(
        all.iter()
            .all(|company| !company.name.contains("(deleted)") && !company.name.contains("(merged)"))
    );
}

#[tokio::test]
async fn r42_a_404_of_the_cloud_is_wrong_credentials() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"badCredentials": "notFound"}));
    let failure = bench
        .psa_with(&json!({"privateKey": "wrong"}))
        .check()
        .await
        .unwrap_err();
    assert_eq!((failure.kind, failure.retryable), (PsaUnauthorized, false), "{failure}");
    assert_eq!(
        (bench.reads(false), bench.asked("companyinfo")),
        (1, 2),
        "asked once more where it is, not again"
    );
}

#[tokio::test]
async fn r42_a_404_on_premises_is_another_server() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"badCredentials": "notFound", "codebase": "v4_6_release/"}));
    let failure = bench
        .psa_with(&json!({"privateKey": "wrong"}))
        .check()
        .await
        .unwrap_err();
    assert_eq!(failure.kind, PsaInvalidResponse, "{failure}");
}

#[tokio::test]
async fn r42_wrong_keys_on_premises_are_wrong_credentials() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"badCredentials": "notAuthenticated", "codebase": "v4_6_release/"}));
    let failure = bench
        .psa_with(&json!({"privateKey": "wrong"}))
        .check()
        .await
        .unwrap_err();
    assert_eq!((failure.kind, bench.reads(false)), (PsaUnauthorized, 1), "{failure}");
}

#[tokio::test]
async fn r42_a_rejected_client_id_has_its_own_reason() {
    let bench = Bench::small(CONNECTWISE).await;
    for status in [400, 401, 403] {
        bench.simulator.requests().clear();
        bench.switch(json!({"clientIdRejection": status}));
        let failure = bench
            .psa_with(&json!({"clientId": "unknown"}))
            .check()
            .await
            .unwrap_err();
        assert_eq!(
            (failure.kind, bench.reads(false)),
            (PsaUnauthorized, 1),
            "{status} {failure}"
        );
        assert!(failure.reason.contains("clientId"), "{status} {failure}");
    }
}

#[tokio::test]
async fn r42_an_unknown_company_id_is_told_apart() {
    let bench = Bench::small(CONNECTWISE).await;
    let failure = bench
        .psa_with(&json!({"companyId": "nobody"}))
        .check()
        .await
        .unwrap_err();
    assert_eq!(failure.kind, PsaUnauthorized);
    assert!(failure.reason.contains("company id"), "{failure}");
    assert_eq!(bench.asked(""), 1, "no credentials were sent");
}

#[tokio::test]
async fn r42_rights_are_named_by_what_they_are_for() {
    let bench = Bench::small(CONNECTWISE).await;
    for (switch, right) in [
        ("companiesForbidden", "Company Maintenance"),
        ("contactsForbidden", "Companies > Contacts"),
    ] {
        bench.switch(json!({switch: true}));
        let psa = bench.psa();
        let failure = match companies(&*psa, &Filter::default(), true).await {
            Err(failure) => failure,
            Ok(_) => contacts(&*psa, &Filter::default(), true).await.unwrap_err(),
        };
        assert_eq!(failure.kind, PsaForbidden, "{switch} {failure}");
        assert!(
            failure
                .missing_right
                .as_deref()
                .is_some_and(|named| named.contains(right)),
            "{switch} {failure:?}"
        );
        bench.switch(json!({switch: false}));
    }
}

#[tokio::test]
async fn contacts_of_no_company_are_no_sign_of_a_missing_right() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"pageCap": 1}));
    let homeless = json!({"id": 900_001, "firstName": "Nobody's", "types": [{"id": 7}]});
    let approvers: Vec<i64> = (1..=600)
        .filter(|number| number % 12 == 5)
        .map(|number| bench.contact_id(number))
        .collect();
    bench.change(json!({"contacts": [homeless], "delete": {"contacts": approvers}}));
    let read = contacts(&*bench.psa(), &filter(&[("contactType", &["7"])]), true)
        .await
        .unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].company, None);
    assert!(bench.psa().any_contact_has_company().await.unwrap());
}

#[tokio::test]
async fn r53_a_role_that_hides_companies_shows_no_contact_with_one() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"contactsLoseCompany": true}));
    assert!(!bench.psa().any_contact_has_company().await.unwrap());
}

#[tokio::test]
async fn a_codebase_that_changes_in_the_middle_is_followed() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.small_pages();
    let psa = bench.psa();
    let read = contacts_while(&*psa, true, |page| {
        if page == 2 {
            bench.switch(json!({"codebase": "v2025_2/"}));
        }
    });
    assert_eq!(read.await.unwrap().len(), 600);
    assert_eq!(bench.asked("companyinfo"), 2);
    assert_eq!(bench.reads(true), 7, "six pages, one of them twice");
}

#[tokio::test]
async fn r50_a_codebase_that_is_none_is_not_followed() {
    let bench = Bench::small(CONNECTWISE).await;
    for codebase in ["", "https://evil.example/", "../v1/", "v1/../../", "//evil.example/"] {
        let info = json!({"CompanyName": "x", "Codebase": codebase, "IsCloud": true}).to_string();
        bench.simulator.faults().clear();
        bench.simulator.requests().clear();
        bench.fault(json!({"match": {"path": "companyinfo"}, "answer": {"status": 200, "body": info}}));
        let failure = bench.psa().check().await.unwrap_err();
        assert_eq!(
            (failure.kind, bench.asked("")),
            (PsaInvalidResponse, 1),
            "{codebase} {failure}"
        );
    }
}

#[tokio::test]
async fn a_server_before_2020_4_is_refused_by_its_release() {
    let bench = Bench::small(CONNECTWISE).await;
    for (codebase, refused) in [
        ("v2019_5/", true),
        ("v2020_3/", true),
        ("v2020_4/", false),
        ("v4_6_release/", false),
    ] {
        bench.simulator.requests().clear();
        bench.switch(json!({"codebase": codebase}));
        let (psa, all) = (bench.psa(), Filter::default());
        for failure in [psa.check().await.err(), psa.totals(&all).await.err()] {
            assert_eq!(failure.is_some(), refused, "{codebase}");
            if let Some(failure) = failure {
                assert_eq!((failure.kind, failure.retryable), (PsaInvalidResponse, false));
                assert!(failure.reason.contains("2020.4 or later is needed"), "{failure}");
            }
        }
        assert!(!refused || bench.asked("apis") == 0, "no credentials were sent");
    }
}

#[tokio::test]
async fn r42_the_address_of_the_pages_for_browsers_is_told_apart() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"sslRequired": 403}));
    let failure = bench.psa().check().await.unwrap_err();
    assert_eq!(failure.kind, PsaInvalidResponse);
    assert!(failure.reason.contains("browsers"), "{failure}");
}

#[tokio::test]
async fn r9_a_record_that_breaks_its_page_fails_the_walk() {
    let bench = Bench::small(CONNECTWISE).await;
    bench.switch(json!({"poisonedContacts": [bench.contact_id(300)]}));
    let failure = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap_err();
    assert_eq!((failure.kind, bench.reads(true)), (PsaServerError, 3), "{failure}");
}
