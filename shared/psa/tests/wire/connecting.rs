//! What can go wrong before a request is read has its one code and its own reason, and is tried again only if that can help
//! (R42).

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::psa::PsaFailureKind::PsaUnknownError as Unknown;
use psa::HttpPolicy;

use super::faults::ALL;
use super::server::{self, KINDS, Server, connect, impatient, json, rows};
use super::tls::{self, Authority};

/// The place, what is told of it, and how often it is tried.
const PLACES: [(&str, &str, usize); 11] = [
    ("expired", "certificate is not valid today", 1),
    ("not yet valid", "certificate is not valid today", 1),
    ("wrong host", "certificate is for another name", 1),
    ("untrusted", "certificate is not of a public authority", 1),
    ("old TLS alert", "version 1.2 or later", 1),
    ("old TLS hello", "version 1.2 or later", 1),
    ("no TLS", "version 1.2 or later", 1),
    ("reset in handshake", "no connection could be made", ALL),
    ("closed in handshake", "no connection could be made", ALL),
    ("silent in handshake", "no connection could be made", ALL),
    ("broken after the handshake", "ended without a reply", ALL),
];

fn policy(authority: &Authority) -> HttpPolicy {
    HttpPolicy {
        extra_roots: vec![authority.root.clone()],
        connect_timeout: Duration::from_millis(500),
        ..impatient()
    }
}

#[tokio::test]
async fn r42_a_handshake_that_fails_says_why() {
    let authority = Authority::new();
    for kind in KINDS {
        let server = Server::start(kind, move |_| json(rows(kind, 0, "[]"))).await;
        let places = tls::places(&authority, server.address).await;
        for (name, reason, tries) in PLACES {
            let place = places.iter().find(|place| place.name == name).unwrap();
            let psa = connect(kind, &place.origin, &policy(&authority), Duration::from_secs(20));
            let failure = psa.check().await.unwrap_err();
            assert_eq!(failure.kind, Unknown, "{kind:?}: {name}: {failure}");
            assert!(failure.reason.contains(reason), "{kind:?}: {name}: {failure}");
            assert_eq!(place.connections.load(Ordering::SeqCst), tries, "{kind:?}: {name}");
        }
        assert!(server.seen().is_empty(), "nobody was told anything");
    }
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_for_this_name_and_day_is_accepted() {
    let authority = Authority::new();
    for kind in KINDS {
        let server = Server::start(kind, move |_| json(rows(kind, 0, "[]"))).await;
        let places = tls::places(&authority, server.address).await;
        let good = places.iter().find(|place| place.name == "TLS").unwrap();
        let policy = HttpPolicy {
            // Where this Autotask says that its zone is.
            allowed_origins: vec![format!("http://{}", server.address).parse().unwrap()],
            ..policy(&authority)
        };
        connect(kind, &good.origin, &policy, Duration::from_secs(20))
            .check()
            .await
            .unwrap();
        assert!(good.connections.load(Ordering::SeqCst) > 0);

        let without = HttpPolicy {
            extra_roots: Vec::new(),
            ..policy
        };
        let failure = connect(kind, &good.origin, &without, Duration::from_secs(20))
            .check()
            .await
            .unwrap_err();
        assert!(failure.reason.contains("public authority"), "{failure}");
    }
}

#[tokio::test]
async fn r42_a_connection_that_is_not_made_says_why() {
    for kind in KINDS {
        let (_bound, closed) = server::closed();
        let (_full, full) = tls::full().await;
        for (origin, reason) in [
            (format!("http://{closed}"), "no connection could be made"),
            (format!("http://{full}"), "no connection could be made"),
            ("https://no-such-psa.invalid".to_owned(), "cannot be resolved"),
        ] {
            let policy = HttpPolicy {
                connect_timeout: Duration::from_millis(500),
                ..impatient()
            };
            let psa = connect(kind, &origin, &policy, Duration::from_secs(20));
            let failure = psa.check().await.unwrap_err();
            assert_eq!(failure.kind, Unknown, "{origin}: {failure}");
            assert!(failure.reason.contains(reason), "{origin}: {failure}");
            assert_eq!(psa.stats().requests, ALL as u64, "{origin}");
        }
    }
}
