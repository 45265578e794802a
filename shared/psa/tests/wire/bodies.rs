//! A success whose body is not what was asked for is none (R9, R42).

use std::collections::BTreeMap;
use std::time::Duration;

use domain::filter::Filter;
use domain::ids::{AttributeId, ValueId};
use domain::psa::PsaFailureKind::PsaInvalidResponse as Invalid;
use domain::psa::PsaKind;
use futures::StreamExt;

use super::faults::{ALL, expect, read};
use super::server::{KINDS, Server, impatient, json, reply, rows};

/// A row with ten thousand arrays inside each other.
fn deep(field: &str) -> String {
    format!(
        r#"[{{"id":1,"{field}":{}1{}}}]"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    )
}

#[tokio::test]
async fn r42_bodies_that_are_not_what_was_asked_for() {
    for kind in KINDS {
        let valid = rows(kind, 1, r#"[{"id":1}]"#);
        let utf16: Vec<u8> = valid.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bad_utf8 = [rows(kind, 1, r#"[{"id":1,"name":""#).as_bytes(), b"\xff\xfe\"}]"].concat();
        for (case, reply) in [
            (("empty", Invalid, ALL), json("")),
            (("null", Invalid, 1), json("null")),
            (("a text", Invalid, 1), json("\"ok\"")),
            (("a number", Invalid, 1), json("5")),
            (("an object", Invalid, 1), json("{}")),
            (("an array of numbers", Invalid, 1), json("[1]")),
            (
                ("an error with 200", Invalid, 1),
                json(r#"{"code":"Security","message":"x"}"#),
            ),
            (
                ("HTML", Invalid, ALL),
                reply(200, "content-type: text/html\r\n", "<html>Sign in</html>"),
            ),
            (("HTML that says JSON", Invalid, 1), json("<html>Sign in</html>")),
            (
                ("XML", Invalid, ALL),
                reply(200, "content-type: application/xml\r\n", "<a/>"),
            ),
            (
                ("another type", Invalid, ALL),
                reply(200, "content-type: text/plain\r\n", &valid),
            ),
            (("a byte order mark", Invalid, 1), json(format!("\u{feff}{valid}"))),
            (("UTF-16", Invalid, 1), json(&utf16)),
            (("bad UTF-8", Invalid, 1), json(&bad_utf8)),
            (("truncated", Invalid, ALL), json(&valid[..valid.len() - 2])),
            (("trailing junk", Invalid, 1), json(format!("{valid}x"))),
        ] {
            expect(case, kind, reply).await;
        }
        for (name, body) in [
            ("a row that is null", "[null]"),
            ("a row without an id", r#"[{"name":"x"}]"#),
            ("an id that is null", r#"[{"id":null}]"#),
            ("an id that is a text", r#"[{"id":"1"}]"#),
            ("an id with a fraction", r#"[{"id":1.5}]"#),
            ("an id that is too large", r#"[{"id":9223372036854775808}]"#),
            ("an id twice in one row", r#"[{"id":1,"id":2}]"#),
            ("a name that is a number", r#"[{"id":1,"name":5,"companyName":5}]"#),
            ("an id beyond all numbers", r#"[{"id":1e400}]"#),
        ] {
            expect((name, Invalid, 1), kind, json(rows(kind, 1, body))).await;
        }
        // ConnectWise is asked once more, by a condition on the id.
        let asked = if kind == PsaKind::Connectwise { 2 } else { 1 };
        for (name, count, body) in [
            ("a negative id", 1, r#"[{"id":-5}]"#),
            ("an id twice", 2, r#"[{"id":1},{"id":1}]"#),
            ("ids that fall", 2, r#"[{"id":2},{"id":1}]"#),
        ] {
            expect((name, Invalid, asked), kind, json(rows(kind, count, body))).await;
        }
    }
}

#[tokio::test]
async fn r42_pages_that_contradict_themselves() {
    let many = |count: usize| {
        let rows: Vec<String> = (1..=count).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        format!("[{}]", rows.join(","))
    };
    let autotask = PsaKind::Autotask;
    for (case, body) in [
        (("a page over its size", Invalid, 1), rows(autotask, 501, &many(501))),
        (("more rows than it says", Invalid, 1), rows(autotask, 1, &many(2))),
        (("fewer rows than it says", Invalid, 1), rows(autotask, 2, &many(1))),
        (("no page details", Invalid, 1), r#"{"items":[]}"#.to_owned()),
        (
            ("no items", Invalid, 1),
            r#"{"pageDetails":{"count":0,"requestCount":500}}"#.to_owned(),
        ),
    ] {
        expect(case, autotask, json(body)).await;
    }
    expect(
        ("a page over its size", Invalid, 1),
        PsaKind::Connectwise,
        json(many(1_001)),
    )
    .await;
}

#[tokio::test]
async fn what_is_null_missing_or_unknown_in_a_row_does_not_matter() {
    for (kind, row) in KINDS.into_iter().zip([
        r#"[{"id":1,"name":null,"status":null,"types":null,"deletedFlag":null,"website":null,"new":[{}],"a\u0000b":0}]"#,
        r#"[{"id":0,"companyName":null,"companyType":null,"isActive":null,"webAddress":null,"userDefinedFields":[]}]"#,
    ]) {
        assert_eq!(read(kind, json(rows(kind, 1, row))).await.0, Ok(1), "{kind:?}");
        assert_eq!(read(kind, json(rows(kind, 1, &deep("new")))).await.0, Ok(1), "{kind:?}");
    }
}

#[tokio::test]
async fn r7_a_psa_that_ignores_the_filter_changes_nothing() {
    let filter = Filter(BTreeMap::from([(
        AttributeId::new("companyType"),
        vec![ValueId::new("5")],
    )]));
    for (kind, all) in KINDS.into_iter().zip([
        r#"[{"id":1,"types":[{"id":1}]},{"id":2,"types":[{"id":1},{"id":5}]},{"id":3},
            {"id":4,"types":[{"id":5}],"deletedFlag":true}]"#,
        r#"[{"id":1,"companyType":1},{"id":2,"companyType":5},{"id":3},{"id":4,"companyType":null}]"#,
    ]) {
        let server = Server::start(kind, move |_| json(rows(kind, 4, all))).await;
        let psa = server.connect(&impatient(), Duration::from_secs(20));
        let page = psa.companies(&filter, None, Some(4)).next().await.unwrap().unwrap();
        let ids: Vec<&str> = page.items.iter().map(|company| company.id.as_str()).collect();
        assert_eq!(ids, ["2"], "{kind:?}");
        assert_eq!(page.next, None, "what was left out was delivered all the same");
    }
}

#[tokio::test]
async fn r12_a_deleted_company_is_none_whatever_the_psa_filters() {
    let kind = PsaKind::Connectwise;
    let body = r#"[{"id":1,"deletedFlag":true},{"id":2,"deletedFlag":false},{"id":3}]"#;
    assert_eq!(read(kind, json(body)).await.0, Ok(2));
}

#[tokio::test]
async fn half_of_a_surrogate_pair_in_a_name_refuses_no_page() {
    for kind in KINDS {
        let body = r#"[{"id":1,"name":"Odd \ud83d Ltd","companyName":"Odd \ud83d Ltd","\udc00":"\\ud800"}]"#;
        let body = rows(kind, 1, body);
        let server = Server::start(kind, move |_| json(&body)).await;
        let psa = server.connect(&impatient(), Duration::from_secs(20));
        let page = psa
            .companies(&Filter::default(), None, Some(1))
            .next()
            .await
            .unwrap()
            .unwrap();
        assert_eq!(page.items[0].name, "Odd \u{fffd} Ltd");
    }
}

/// The login company is ConnectWise's fingerprint, whatever the server says; Autotask says the number of the tenant.
#[tokio::test]
async fn r51_a_tenant_is_known_by_its_number_or_its_login_company() {
    for kind in KINDS {
        let server = Server::start(kind, |_| json("[]")).await;
        let mut known = Vec::new();
        for another in [false, true, false] {
            server.be_another_tenant(another);
            let psa = server.connect(&impatient(), Duration::from_secs(5));
            known.push(psa.fingerprint().await.unwrap());
        }
        assert_eq!(known[0], known[2]);
        assert_eq!(known[0] == known[1], kind == PsaKind::Connectwise);
    }
}
