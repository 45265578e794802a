//! How long, how often and how much at once is asked (R43).

use std::time::{Duration, SystemTime};

use domain::filter::Filter;
use domain::psa::{PsaFailureKind, PsaKind};
use futures::StreamExt;
use jiff::Timestamp;
use psa::HttpPolicy;

use super::server::{KINDS, Reply, Server, connect_by, impatient, json, reply, rows};

const LONG: Duration = Duration::from_secs(20);

fn empty(kind: PsaKind) -> Reply {
    json(rows(kind, 0, "[]"))
}

fn busy(retry_after: &str) -> Reply {
    reply(429, &format!("retry-after: {retry_after}\r\n"), "")
}

#[tokio::test]
async fn r43_a_rate_limit_is_waited_out() {
    for kind in KINDS {
        let server = Server::start(kind, move |asked| if asked == 0 { busy("1") } else { empty(kind) }).await;
        let psa = server.connect(&impatient(), LONG);
        psa.companies(&Filter::default(), None, Some(0))
            .next()
            .await
            .unwrap()
            .unwrap();
        let asked = server.asked();
        assert_eq!(asked.len(), 2);
        assert!(asked[1].at - asked[0].at >= Duration::from_secs(1));
        assert_eq!(psa.stats().retries, 1);
    }
}

#[tokio::test]
async fn r43_a_date_is_waited_for() {
    for kind in KINDS {
        let soon = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
        let server = Server::start(kind, move |asked| if asked == 0 { busy(&soon()) } else { empty(kind) }).await;
        server
            .connect(&impatient(), LONG)
            .companies(&Filter::default(), None, Some(0))
            .next()
            .await
            .unwrap()
            .unwrap();
        let asked = server.asked();
        // A date has whole seconds.
        assert!(asked[1].at - asked[0].at >= Duration::from_millis(900));
    }
}

#[tokio::test]
async fn r43_a_wait_beyond_the_deadline_is_left_to_a_later_run() {
    for kind in KINDS {
        for (seconds, at_most) in [("60", 60), ("999999999", 3_600)] {
            let server = Server::start(kind, move |_| busy(seconds)).await;
            let failure = server.connect(&impatient(), LONG).check().await.unwrap_err();
            assert_eq!(
                (failure.kind, failure.retryable),
                (PsaFailureKind::PsaUnknownError, true)
            );
            let wait = failure
                .not_before
                .unwrap()
                .duration_since(jiff::Timestamp::now())
                .as_secs();
            assert!((at_most - 5..=at_most).contains(&wait), "{wait}");
            assert_eq!(server.asked().len(), 1);
        }
    }
}

#[tokio::test]
async fn r43_a_rate_limit_that_does_not_end_is_a_failure_of_this_run() {
    for kind in KINDS {
        let server = Server::start(kind, |_| busy("0")).await;
        let failure = server.connect(&impatient(), LONG).check().await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.retryable),
            (PsaFailureKind::PsaUnknownError, true)
        );
        assert_eq!(server.asked().len(), 3);
        assert!(
            failure.not_before.is_some(),
            "a later run may come back when the limit has passed"
        );
    }
}

#[tokio::test]
async fn nothing_is_asked_after_the_deadline() {
    for kind in KINDS {
        let server = Server::start(kind, move |_| empty(kind)).await;
        let psa = server.connect(&impatient(), Duration::ZERO);
        let failure = psa.check().await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.retryable),
            (PsaFailureKind::PsaUnknownError, true)
        );
        assert!(failure.not_before.is_some(), "a later run may go on at once");
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn a_request_under_way_ends_with_the_deadline() {
    for kind in KINDS {
        let server = Server::start(kind, |_| Reply::Stall(Vec::new())).await;
        let patient = HttpPolicy {
            timeout: LONG,
            ..impatient()
        };
        let psa = server.connect(&patient, Duration::from_millis(400));
        let failure = tokio::time::timeout(Duration::from_secs(3), psa.check())
            .await
            .unwrap()
            .unwrap_err();
        assert!(failure.retryable && failure.not_before.is_some(), "{failure}");
    }
}

#[tokio::test]
async fn a_client_repeats_no_more_than_its_budget() {
    for kind in KINDS {
        let server = Server::start(kind, |_| reply(503, "", "")).await;
        let mean = HttpPolicy {
            retry_budget: 3,
            ..impatient()
        };
        let psa = server.connect(&mean, LONG);
        for asked in [3, 5, 6, 7] {
            psa.check().await.unwrap_err();
            assert_eq!(server.asked().len(), asked);
        }
        assert_eq!(psa.stats().retries, 3);
    }
}

#[tokio::test]
async fn r43_a_budget_that_is_used_up_is_left_to_a_later_run() {
    for kind in KINDS {
        let server = Server::start(kind, |_| reply(503, "", "")).await;
        let none = HttpPolicy {
            retry_budget: 0,
            ..impatient()
        };
        let failure = server.connect(&none, LONG).check().await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.retryable),
            (PsaFailureKind::PsaServerError, true)
        );
        assert!(failure.asks_to_wait().is_some(), "a later run has a budget of its own");
        // Whoever fails every time, on the other hand, is not only unlucky.
        let failure = server.connect(&impatient(), LONG).check().await.unwrap_err();
        assert_eq!(failure.asks_to_wait(), None);
    }
}

#[tokio::test]
async fn a_client_that_reads_a_lot_repeats_more() {
    for kind in KINDS {
        let server = Server::start(kind, move |asked| match asked {
            20 | 21 | 44 => reply(503, "", ""),
            _ => empty(kind),
        })
        .await;
        let none = HttpPolicy {
            retry_budget: 0,
            ..impatient()
        };
        let psa = server.connect(&none, LONG);
        let read = async || psa.companies(&Filter::default(), None, Some(0)).next().await.unwrap();
        // Of the first twenty and of discovery comes a budget of two, which is used up, and then one of two again.
        for _ in 0..40 {
            read().await.unwrap();
        }
        assert_eq!(psa.stats().retries, 2);
        read().await.unwrap();
        read().await.unwrap();
        read().await.unwrap();
        assert_eq!(psa.stats().retries, 3);
    }
}

#[tokio::test]
async fn r43_the_moment_to_come_back_has_no_fraction_of_a_second() {
    for kind in KINDS {
        let server = Server::start(kind, move |_| busy("60")).await;
        for (now, then) in [
            ("2026-01-31T23:59:00.000000001Z", "2026-02-01T00:00:01Z"),
            ("2026-01-31T23:59:00.9Z", "2026-02-01T00:00:01Z"),
            ("2026-01-31T23:59:00Z", "2026-02-01T00:00:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            let origin = format!("http://{}", server.address);
            let psa = connect_by(move || now, kind, &origin, &impatient(), LONG);
            let failure = psa.check().await.unwrap_err();
            assert_eq!(failure.not_before.unwrap().to_string(), then, "{now}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_seen() {
    for kind in KINDS {
        let server = Server::start(kind, move |asked| match asked {
            0 => reply(502, "", "<html>"),
            1 => Reply::Reset(Vec::new()),
            _ => empty(kind),
        })
        .await;
        let page = server
            .connect(&impatient(), LONG)
            .companies(&Filter::default(), None, Some(0))
            .next()
            .await
            .unwrap()
            .unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }
}

#[tokio::test]
async fn no_more_is_asked_at_once_than_the_psa_allows() {
    for (kind, most) in [(PsaKind::Connectwise, 4), (PsaKind::Autotask, 2)] {
        let server = Server::start(kind, |_| Reply::Stall(Vec::new())).await;
        let psa = server.connect(&impatient(), Duration::from_secs(2));
        let filter = Filter::default();
        let walks = (0..12).map(async |_| psa.companies(&filter, None, Some(0)).next().await.unwrap());
        for walk in futures::future::join_all(walks).await {
            walk.unwrap_err();
        }
        // None was ever answered, so that none made room for another.
        assert_eq!(server.asked().len(), most, "{kind:?}");
    }
}
