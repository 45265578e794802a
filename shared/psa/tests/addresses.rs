//! The address of a PSA is hostile input.

use domain::problem::UrlRefused;
use domain::psa::PsaKind::{self, Autotask, Connectwise};
use proptest::prelude::*;
use psa::{HttpPolicy, vendor};

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| line.split('\t').collect())
}

fn parse(kind: PsaKind, text: &str) -> Result<String, UrlRefused> {
    vendor(kind)
        .address(text, &HttpPolicy::default())
        .map(|url| url.to_string())
}

#[test]
fn r50_hostile_addresses_are_refused_for_the_right_reason() {
    let mut refused = 0;
    for row in rows(include_str!("data/hostile_urls.txt")) {
        let (reason, typed) = (row[0], row[1]);
        let kinds: &[PsaKind] = if reason == "NotTheVendor" {
            &[Autotask]
        } else {
            &[Connectwise, Autotask]
        };
        for kind in kinds {
            let answer = parse(*kind, typed).map_err(|refused| format!("{refused:?}"));
            assert_eq!(answer, Err(reason.to_owned()), "{kind:?} {typed:?}");
        }
        refused += 1;
    }
    assert!(refused >= 150, "{refused}");
}

#[test]
fn what_administrators_type_leads_to_the_api() {
    let mut accepted = 0;
    for row in rows(include_str!("data/good_urls.txt")) {
        let kind = if row[0] == "autotask" { Autotask } else { Connectwise };
        assert_eq!(parse(kind, row[1]).as_deref(), Ok(row[2]), "{}", row[1]);
        accepted += 1;
    }
    assert!(accepted >= 50, "{accepted}");
}

#[test]
fn r50_only_the_very_origin_that_is_allowed_is_exempt() {
    let policy = HttpPolicy {
        allowed_origins: vec!["http://127.0.0.1:8080".parse().unwrap()],
        ..HttpPolicy::default()
    };
    for kind in [Connectwise, Autotask] {
        let parse = |text: &str| vendor(kind).address(text, &policy).map(|url| url.to_string());
        assert_eq!(parse("http://127.0.0.1:8080/x").as_deref(), Ok("http://127.0.0.1:8080"));
        for other in [
            "http://127.0.0.1:8081",
            "http://127.0.0.1",
            "http://localhost:8080",
            "http://127.0.0.2:8080",
        ] {
            assert_eq!(parse(other), Err(UrlRefused::NotHttps), "{other}");
        }
        assert_eq!(parse("https://127.0.0.1:8080"), Err(UrlRefused::IpLiteral));
        assert_eq!(
            parse("127.0.0.1:8080"),
            Err(UrlRefused::IpLiteral),
            "https unless it says otherwise"
        );
        assert_eq!(parse("http://u:p@127.0.0.1:8080"), Err(UrlRefused::UserInfo));
    }
}

#[test]
fn r50_a_refusal_does_not_repeat_what_was_typed() {
    let refused = parse(Connectwise, "https://user:hunter2@psa.msp.example").unwrap_err();
    assert!(!format!("{refused:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn r50_whatever_is_typed_leads_to_an_https_name_without_port_or_user(text in "(https?:/{0,3})?[a-z0-9.@:\\[\\]\\\\/%#?-]{0,40}") {
        for kind in [Connectwise, Autotask] {
            if let Ok(origin) = parse(kind, &text) {
                let url = url::Url::parse(&origin).unwrap();
                prop_assert!(url.scheme() == "https" && url.port().is_none() && url.username().is_empty());
                prop_assert!(url.domain().is_some_and(|host| host.contains('.')), "{text} {origin}");
                prop_assert_eq!(parse(kind, &origin), Ok(origin), "{}", text);
            }
        }
    }
}
