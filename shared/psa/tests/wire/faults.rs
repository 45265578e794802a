//! Every fault has its one meaning, and is asked again only if that can help (R9, R42).

use std::io::Write;
use std::time::Duration;

use domain::filter::Filter;
use domain::psa::PsaFailureKind::{
    self, PsaForbidden, PsaInvalidResponse as Invalid, PsaServerError as Server5xx, PsaUnauthorized as Unauthorized,
    PsaUnknownError as Unknown,
};
use domain::psa::{PsaFailure, PsaKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt;
use psa::HttpPolicy;

use super::server::{KINDS, Reply, Server, impatient, json, reply, rows};

/// As often as `impatient` asks: once, and twice again.
pub const ALL: usize = 3;

/// The failure, and how often the PSA was asked before it was one.
pub type Expected = (PsaFailureKind, usize);
pub type Case<'a> = (&'a str, PsaFailureKind, usize);

/// Reads one page of companies from a PSA that answers like this, and tells how often it was asked.
pub async fn read(kind: PsaKind, reply: Reply) -> (Result<usize, PsaFailure>, usize) {
    let stalls = matches!(reply, Reply::Stall(_));
    let server = Server::start(kind, move |_| reply.clone()).await;
    let timeout = Duration::from_millis(if stalls { 200 } else { 5_000 });
    let policy = HttpPolicy { timeout, ..impatient() };
    let psa = server.connect(&policy, Duration::from_secs(20));
    let page = psa.companies(&Filter::default(), None, Some(1)).next().await.unwrap();
    (page.map(|page| page.items.len()), server.asked().len())
}

pub async fn expect(case: Case<'_>, kind: PsaKind, reply: Reply) {
    let (name, failure, asked) = case;
    let (outcome, times) = read(kind, reply).await;
    let Err(outcome) = outcome else {
        panic!("{kind:?}: {name} was accepted")
    };
    assert_eq!((outcome.kind, times), (failure, asked), "{kind:?}: {name}: {outcome}");
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const GZIP: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn raw(text: String) -> Vec<u8> {
    text.into_bytes()
}

#[tokio::test]
async fn r42_transport_faults() {
    for kind in KINDS {
        let body = rows(kind, 1, r#"[{"id":1,"name":"Acme","companyName":"Acme"}]"#);
        let long = format!("[{}]", "0,".repeat(60_000));
        let cut = format!("{HEAD}content-length: {}\r\n\r\n{}", body.len() + 5, &body[..5]);
        let bad_chunk = format!("{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n");
        let half_chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len());
        let endless = format!(
            "{HEAD}transfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
            long.len()
        );
        let broken_gzip = [&gzip(body.as_bytes())[..8], b"nonsense"].concat();
        let half_gzip = gzip(body.repeat(9).as_bytes());
        let half_gzip = &half_gzip[..half_gzip.len() / 2];
        for (case, reply) in [
            (("no reply within the time", Unknown, ALL), Reply::Stall(Vec::new())),
            (("a stalled head", Unknown, ALL), Reply::Stall(raw(HEAD.into()))),
            (("a stalled body", Unknown, ALL), Reply::Stall(raw(cut.clone()))),
            (("a reset before the reply", Unknown, ALL), Reply::Reset(Vec::new())),
            (
                ("a reset in the head", Unknown, ALL),
                Reply::Reset(raw(HEAD[..20].into())),
            ),
            (("closed without a reply", Unknown, ALL), Reply::Bytes(Vec::new())),
            (
                ("not HTTP", Invalid, ALL),
                Reply::Bytes(raw("220 mail.example ESMTP\r\n\r\n".into())),
            ),
            (("a reset in the body", Invalid, ALL), Reply::Reset(raw(cut.clone()))),
            (("an early end", Invalid, ALL), Reply::Bytes(raw(cut))),
            (("bad chunks", Invalid, ALL), Reply::Bytes(raw(bad_chunk))),
            (("a missing last chunk", Invalid, ALL), Reply::Bytes(raw(half_chunked))),
            (("broken gzip", Invalid, ALL), reply(200, GZIP, &broken_gzip)),
            (("half of a gzip", Invalid, ALL), reply(200, GZIP, half_gzip)),
            (("too long, and says so", Invalid, 1), json(&long)),
            (("too long, without saying so", Invalid, 1), Reply::Bytes(raw(endless))),
            (
                ("a gzip bomb", Invalid, 1),
                reply(200, GZIP, gzip(&vec![b' '; 4_000_000])),
            ),
        ] {
            expect(case, kind, reply).await;
        }
    }
}

#[tokio::test]
async fn a_reply_may_be_compressed_and_may_be_of_http_1_0() {
    for kind in KINDS {
        let body = rows(kind, 1, r#"[{"id":1,"name":"Acme","companyName":"Acme"}]"#);
        let old = format!(
            "HTTP/1.0 200 OK\r\ncontent-type: application/vnd.connectwise.com+json; version=2025.1\r\n\r\n{body}"
        );
        for reply in [
            reply(200, GZIP, gzip(body.as_bytes())),
            Reply::Bytes(raw(old)),
            reply(200, "", &body),
        ] {
            let (page, _) = read(kind, reply).await;
            assert_eq!(page, Ok(1), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn r50_redirects_are_not_followed() {
    for kind in KINDS {
        let elsewhere = Server::start(kind, |_| json("[]")).await;
        for location in [
            "/elsewhere".to_owned(),
            format!("http://{}/x", elsewhere.address),
            "http://169.254.169.254/latest".to_owned(),
            "https://psa.msp.example".to_owned(),
            "ftp://psa.msp.example".to_owned(),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let moved = reply(status, &format!("location: {location}\r\n"), "");
                expect(("a redirect", Invalid, 1), kind, moved).await;
            }
        }
        assert!(elsewhere.seen().is_empty());
    }
}

#[tokio::test]
async fn r50_links_to_another_host_are_not_followed() {
    for kind in KINDS {
        let elsewhere = Server::start(kind, |_| json("[]")).await;
        let address = elsewhere.address;
        let server = Server::start(kind, move |asked| {
            let page = if asked == 0 {
                rows(kind, 1, r#"[{"id":1}]"#)
            } else {
                rows(kind, 0, "[]")
            };
            let page = page.replace(
                r#""nextPageUrl":null"#,
                &format!(r#""nextPageUrl":"http://{address}/next""#),
            );
            let link =
                format!("content-type: application/json\r\nlink: <http://{address}/x?pageId=1>; rel=\"next\"\r\n");
            reply(200, &link, page)
        })
        .await;
        let psa = server.connect(&impatient(), Duration::from_secs(20));
        let first = psa
            .companies(&Filter::default(), None, Some(2))
            .next()
            .await
            .unwrap()
            .unwrap();
        let second = psa
            .companies(&Filter::default(), first.next.as_ref(), Some(2))
            .next()
            .await
            .unwrap()
            .unwrap();
        assert!(second.items.is_empty() && second.next.is_none());
        assert!(elsewhere.seen().is_empty());
    }
}

#[tokio::test]
async fn r42_statuses() {
    let both = |failure, asked| [(failure, asked); 2];
    // 500 without a known text is a fault of ConnectWise, and could be anything of Autotask's; the second is Autotask.
    let table: &[(&[u16], [Expected; 2])] = &[
        (
            &[
                400, 402, 405, 406, 409, 410, 412, 413, 414, 415, 418, 422, 423, 451, 499,
            ],
            both(Unknown, 1),
        ),
        (&[408], both(Unknown, ALL)),
        (&[401], both(Unauthorized, 1)),
        (&[403], both(PsaForbidden, 1)),
        (&[404], [(Invalid, 1), (Unknown, 1)]),
        (&[429], both(Unknown, ALL)),
        (&[500], [(Server5xx, ALL), (Server5xx, 1)]),
        (
            &[501, 502, 503, 504, 505, 507, 511, 520, 522, 524, 599],
            both(Server5xx, ALL),
        ),
        (&[201, 202, 203, 205, 206, 300, 305], both(Invalid, 1)),
    ];
    for (statuses, expected) in table {
        for status in *statuses {
            for (kind, (failure, asked)) in KINDS.into_iter().zip(expected) {
                expect(
                    (&format!("status {status}"), *failure, *asked),
                    kind,
                    reply(*status, "", ""),
                )
                .await;
            }
        }
    }
}

#[tokio::test]
async fn r42_in_connectwises_cloud_404_means_wrong_credentials() {
    let server = Server::start(PsaKind::Connectwise, |_| reply(404, "", "")).await;
    server.be_in_the_cloud(true);
    let psa = server.connect(&impatient(), Duration::from_secs(20));
    let failure = psa
        .companies(&Filter::default(), None, Some(1))
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!((failure.kind, server.asked().len()), (Unauthorized, 1), "{failure}");
}

#[tokio::test]
async fn r42_a_missing_right_is_named() {
    for (kind, right) in KINDS.into_iter().zip(["Company Maintenance", "Companies: view"]) {
        let (outcome, _) = read(kind, reply(403, "", "")).await;
        assert!(
            outcome
                .unwrap_err()
                .missing_right
                .is_some_and(|named| named.contains(right)),
            "{kind:?}"
        );
    }
}
