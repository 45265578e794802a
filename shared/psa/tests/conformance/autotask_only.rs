//! The points that Autotask's documentation leaves open: the client is right under either answer.

use domain::filter::Filter;
use domain::psa::PsaFailureKind::{PsaForbidden, PsaInvalidResponse, PsaUnauthorized, PsaUnknownError};
use futures::StreamExt;
use psa_conformance::bench::{Bench, companies, contacts, contacts_while, filter};
use serde_json::json;

use crate::products::AUTOTASK;

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
    let bench = Bench::small(AUTOTASK).await;
    for switches in [
        json!({"emptyFilterFails": true}),
        json!({"negationKeepsNull": true}),
        json!({"alwaysId": true}),
        json!({"getNextAtQuery": true}),
        json!({"keptPages": 0}),
        json!({"contentTypeRequired": true}),
        json!({"categoryIsPicklist": true}),
        json!({"categoryIsReference": false}),
        json!({"accessAsText": true}),
        json!({"pluralEntityName": true}),
        json!({"germanLabels": true}),
        json!({"extraField": true}),
        json!({"sparseQueries": true}),
        json!({"datesWithoutZone": true}),
    ] {
        let before = bench.simulator.switches();
        bench.switch(switches.clone());
        assert_eq!(everything(&bench).await, (40, 600), "{switches}");
        bench.psa().attributes().await.unwrap();
        bench.switch(before);
    }
}

#[tokio::test]
async fn r6_categories_are_the_same_as_a_picklist_and_as_an_entity() {
    let bench = Bench::small(AUTOTASK).await;
    let entity = bench.psa().attributes().await.unwrap();
    assert_eq!(bench.asked("CompanyCategories/query"), 1);
    bench.switch(json!({"categoryIsPicklist": true}));
    let picklist = bench.psa().attributes().await.unwrap();
    assert_eq!(bench.asked("CompanyCategories/query"), 1, "not asked again");
    let ids = |attributes: &[domain::filter::Attribute]| {
        attributes[1]
            .values
            .iter()
            .map(|value| (value.id.clone(), value.active))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&entity), ids(&picklist));
}

#[tokio::test]
async fn r6_who_may_not_read_categories_filters_by_the_others() {
    let bench = Bench::small(AUTOTASK).await;
    bench.switch(json!({"denied": ["CompanyCategories"]}));
    bench.psa().check().await.unwrap();
    let attributes = bench.psa().attributes().await.unwrap();
    let values = |id: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.id.as_str() == id);
        attribute.map_or(0, |attribute| attribute.values.len())
    };
    assert_eq!(values("companyCategory"), 0);
    assert!(values("companyType") > 1, "{attributes:?}");
}

#[tokio::test]
async fn r6_labels_are_those_of_the_zone() {
    let bench = Bench::small(AUTOTASK).await;
    bench.switch(json!({"germanLabels": true}));
    let attributes = bench.psa().attributes().await.unwrap();
    assert!(
        attributes[0].values.iter().all(|value| value.label != "Customer"),
        "{:?}",
        attributes[0]
    );
    let read = companies(&*bench.psa(), &Filter::default(), true).await.unwrap();
    assert!(attributes[0].values.iter().any(|value| value.label == read[0].types[0]));
}

#[tokio::test]
async fn r42_a_missing_right_is_named_whatever_the_status() {
    let bench = Bench::small(AUTOTASK).await;
    for status in [500, 403] {
        for (entity, right) in [("Companies", "Companies: view"), ("Contacts", "Contacts: view")] {
            bench.simulator.requests().clear();
            bench.switch(json!({"denied": [entity], "deniedStatus": status}));
            let failure = bench.psa().check().await.unwrap_err();
            assert_eq!(
                (failure.kind, failure.retryable),
                (PsaForbidden, false),
                "{status} {failure}"
            );
            assert_eq!(failure.missing_right.as_deref(), Some(right));
            assert_eq!(
                bench.asked(&format!("/{entity}/query")),
                1,
                "a missing right is not asked for again"
            );
        }
    }
}

#[tokio::test]
async fn r42_a_wrong_integration_code_is_told_apart_whatever_the_status() {
    let bench = Bench::small(AUTOTASK).await;
    for status in [401, 500] {
        bench.simulator.requests().clear();
        bench.switch(json!({"badIntegrationCodeStatus": status}));
        let failure = bench
            .psa_with(&json!({"integrationCode": "WRONG"}))
            .check()
            .await
            .unwrap_err();
        assert_eq!(
            (failure.kind, failure.retryable),
            (PsaUnauthorized, false),
            "{status} {failure}"
        );
        assert_eq!(bench.reads(false), 1);
    }
}

#[tokio::test]
async fn r42_an_unknown_user_has_no_zone_and_is_not_asked_with_credentials() {
    let bench = Bench::small(AUTOTASK).await;
    let failure = bench
        .psa_with(&json!({"username": "nobody@nowhere.example"}))
        .check()
        .await
        .unwrap_err();
    assert_eq!((failure.kind, failure.retryable), (PsaUnauthorized, false), "{failure}");
    assert_eq!(bench.asked(""), 1);
}

#[tokio::test]
async fn wrong_credentials_do_not_lock_the_user() {
    let bench = Bench::small(AUTOTASK).await;
    bench.switch(json!({"lockAfter": 2}));
    bench.psa_with(&json!({"secret": "wrong"})).check().await.unwrap_err();
    assert_eq!(
        (bench.reads(false), bench.asked("zoneInformation")),
        (1, 2),
        "asked once more where it is, not again"
    );
    bench.psa().check().await.unwrap();
}

#[tokio::test]
async fn a_tenant_that_moves_to_another_zone_in_the_middle_is_followed() {
    let (old, new) = (Bench::small(AUTOTASK).await, Bench::small(AUTOTASK).await);
    let psa = old.psa_at(&[&old.origin, &new.origin], &json!({}));
    let read = contacts_while(&*psa, true, |page| {
        if page == 1 {
            old.switch(json!({"wrongZone": true, "zoneUrl": format!("{}/ATServicesRest/", new.origin)}));
        }
    });
    assert_eq!(read.await.unwrap().len(), 600);
    assert_eq!(
        (old.asked("zoneInformation"), old.reads(true), new.reads(true)),
        (2, 2, 1)
    );
}

#[tokio::test]
async fn r50_credentials_do_not_follow_a_zone_to_another_host() {
    let (bench, elsewhere) = (Bench::small(AUTOTASK).await, Bench::small(AUTOTASK).await);
    for zone in [
        format!("{}/ATServicesRest/", elsewhere.origin),
        "https://webservices.autotask.net.evil.example/ATServicesRest/".to_owned(),
        "http://webservices2.autotask.net/ATServicesRest/".to_owned(),
        "https://169.254.169.254/ATServicesRest/".to_owned(),
        "https://user:password@webservices2.autotask.net/".to_owned(),
        String::new(),
    ] {
        bench.simulator.requests().clear();
        bench.switch(json!({"zoneUrl": zone}));
        let failure = bench.psa().check().await.unwrap_err();
        assert_eq!(
            (failure.kind, bench.asked("")),
            (PsaInvalidResponse, 1),
            "{zone} {failure}"
        );
        assert!(!failure.reason.contains("user:password"), "{failure}");
    }
    assert_eq!(elsewhere.asked(""), 0);
}

#[tokio::test]
async fn r43_a_tenant_near_its_hourly_limit_is_left_alone() {
    let bench = Bench::small(AUTOTASK).await;
    bench.switch(json!({"externalRequestThreshold": 2}));
    let psa = bench.psa();
    psa.check().await.unwrap();
    bench.switch(json!({"externalRequestThreshold": 3}));
    let failure = psa.totals(&Filter::default()).await.unwrap_err();
    assert_eq!((failure.kind, failure.retryable), (PsaUnknownError, true), "{failure}");
    assert!(failure.not_before.unwrap() > jiff::Timestamp::now());
    assert_eq!(bench.asked("count"), 0);
}

#[tokio::test]
async fn r43_a_limit_that_is_not_told_stops_nothing() {
    let bench = Bench::small(AUTOTASK).await;
    let fault = r#"{"errors":["An unexpected error has occurred."]}"#;
    for (status, body) in [
        (200, "{}"),
        (
            200,
            r#"{"externalRequestThreshold":null,"requestThresholdTimeframe":null,"currentTimeframeRequestCount":null}"#,
        ),
        (
            200,
            r#"{"externalRequestThreshold":-1,"requestThresholdTimeframe":-1,"currentTimeframeRequestCount":-1}"#,
        ),
        (200, r#"{"externalRequestThreshold":"many"}"#),
        (200, "null"),
        (200, "<html>"),
        (400, ""),
        (403, ""),
        (404, ""),
        (500, fault),
        (500, ""),
        (503, ""),
    ] {
        bench.simulator.faults().clear();
        bench.simulator.requests().clear();
        bench.fault(json!({"match": {"path": "ThresholdInformation"}, "answer": {"status": status, "body": body}}));
        bench.psa().totals(&Filter::default()).await.unwrap();
        assert_eq!(
            bench.asked("ThresholdInformation"),
            1,
            "{status} {body}: a courtesy is not repeated"
        );
    }
}

#[tokio::test]
async fn r43_a_limit_that_is_refused_means_what_it_always_means() {
    let bench = Bench::small(AUTOTASK).await;
    for (status, kind, waits) in [(401, PsaUnauthorized, false), (429, PsaUnknownError, true)] {
        bench.simulator.faults().clear();
        bench.fault(json!({"match": {"path": "ThresholdInformation"}, "answer": {"status": status, "body": ""}}));
        let failure = bench.psa().totals(&Filter::default()).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.asks_to_wait().is_some()),
            (kind, waits),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn a_page_need_not_say_how_many_rows_it_has() {
    let bench = Bench::small(AUTOTASK).await;
    for details in [r#"{"nextPageUrl":null}"#, r#"{"count":null}"#, "{}"] {
        bench.simulator.faults().clear();
        let body = format!(r#"{{"items":[{{"id":7,"companyName":"Acme"}}],"pageDetails":{details}}}"#);
        bench.fault(json!({"match": {"path": bench.list(false)}, "answer": {"status": 200, "body": body}}));
        let page = bench
            .psa()
            .companies(&Filter::default(), None, Some(1))
            .next()
            .await
            .unwrap()
            .unwrap();
        assert_eq!((page.items.len(), page.next), (1, None), "{details}");
    }
}

#[tokio::test]
async fn r43_the_thread_limit_is_waited_out_whatever_its_status() {
    let bench = Bench::small(AUTOTASK).await;
    let body = r#"{"errors":["The Autotask API thread threshold of 3 threads has been exceeded."]}"#;
    for status in [429, 500, 503] {
        bench.simulator.faults().clear();
        let busy = json!({"status": status, "body": body});
        bench.fault(json!({"match": {"path": bench.list(true)}, "times": 2, "answer": busy}));
        assert_eq!(
            contacts(&*bench.psa(), &Filter::default(), true).await.unwrap().len(),
            600,
            "{status}"
        );
    }
}

#[tokio::test]
async fn all_that_is_asked_at_once_stays_below_the_thread_limit() {
    let bench = Bench::small(AUTOTASK).await;
    bench.switch(json!({"threads": 2, "serviceMillis": 20}));
    let psa = bench.psa();
    let everything = Filter::default();
    let walks = (0..6).map(|_| contacts(&*psa, &everything, true));
    for walk in futures::future::join_all(walks).await {
        assert_eq!(walk.unwrap().len(), 600);
    }
    assert_eq!(psa.stats().retries, 0);
}

#[tokio::test]
async fn r32_only_one_of_the_two_actives_is_asked_of_the_psa() {
    let bench = Bench::small(AUTOTASK).await;
    let all = contacts(&*bench.psa(), &Filter::default(), true).await.unwrap();
    let both = filter(&[
        ("contactActive", &["true", "false"]),
        ("companyActive", &["false", "true"]),
    ]);
    assert_eq!(contacts(&*bench.psa(), &both, true).await.unwrap(), all);
    let active = contacts(&*bench.psa(), &filter(&[("contactActive", &["true"])]), true)
        .await
        .unwrap();
    assert!(active.len() < all.len() && active.iter().all(|contact| contact.active));
}
