//! What the matrix writes down as words, as the bytes of a PSA's replies.

use std::io::Write;

use domain::psa::PsaKind;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::{Reply, json, reply, rows};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const GZIP: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";

/// The replies to one request for rows after the other, divided by ` | `; the last one goes on.
pub fn replies(kind: PsaKind, words: &str) -> Vec<Reply> {
    words.split(" | ").map(|words| one(kind, words)).collect()
}

fn one(kind: PsaKind, words: &str) -> Reply {
    let (what, rest) = words.split_once(' ').unwrap_or((words, ""));
    match what {
        "json" => json(rest),
        "rows" => json(listed(kind, rest)),
        "page" => json(listed(kind, &page(rest))),
        "with" => {
            let (fields, range) = rest.rsplit_once(' ').unwrap();
            json(listed(
                kind,
                &page(range).replace(r#"{"id""#, &format!(r#"{{{fields},"id""#)),
            ))
        }
        "typed" => {
            let (content_type, body) = rest.split_once(' ').unwrap();
            reply(200, &format!("content-type: {content_type}\r\n"), body)
        }
        "odd" => odd(kind, rest),
        status => {
            let (headers, body) = rest.split_once(" : ").unwrap_or((rest, ""));
            let mut lines = String::new();
            for header in headers.split(';').filter(|header| !header.is_empty()) {
                lines.push_str(header.trim());
                lines.push_str("\r\n");
            }
            reply(status.parse().unwrap(), &lines, body)
        }
    }
}

fn listed(kind: PsaKind, body: &str) -> String {
    let parsed = serde_json::from_str::<Vec<serde_json::Value>>(body);
    let count = parsed.map_or_else(|_| body.matches(r#""id""#).count(), |rows| rows.len());
    rows(kind, count, body)
}

/// `3..5` is a page of the rows 3 and 4.
fn page(range: &str) -> String {
    let (from, to) = range.split_once("..").unwrap();
    let ids = from.parse::<u64>().unwrap()..to.parse().unwrap();
    // Of a company or of a contact, in either product.
    let row = |id| format!(r#"{{"id":{id},"company":{{"id":{id}}},"companyID":{id}}}"#);
    format!("[{}]", ids.map(row).collect::<Vec<_>>().join(","))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that no HTTP library would send.
fn odd(kind: PsaKind, which: &str) -> Reply {
    let body = rows(kind, 1, r#"[{"id":1}]"#);
    let long = format!("[{}]", "0,".repeat(60_000));
    let cut = format!("{HEAD}content-length: {}\r\n\r\n{}", body.len() + 5, &body[..5]);
    let chunked = |chunk: &str| format!("{HEAD}transfer-encoding: chunked\r\n\r\n{chunk}").into_bytes();
    match which {
        "no reply" => Reply::Stall(Vec::new()),
        "stalled head" => Reply::Stall(HEAD.into()),
        "stalled body" => Reply::Stall(cut.into()),
        "reset before" => Reply::Reset(Vec::new()),
        "reset in head" => Reply::Reset(HEAD[..20].into()),
        "reset in body" => Reply::Reset(cut.into()),
        "closed" => Reply::Bytes(Vec::new()),
        "not http" => Reply::Bytes(b"220 mail.example ESMTP\r\n\r\n".into()),
        "early end" => Reply::Bytes(cut.into()),
        "bad chunks" => Reply::Bytes(chunked(&format!("zz\r\n{body}\r\n0\r\n\r\n"))),
        "no last chunk" => Reply::Bytes(chunked(&format!("{:x}\r\n{body}\r\n", body.len()))),
        "too long" => json(&long),
        "endless" => Reply::Bytes(chunked(&format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()))),
        "broken gzip" => reply(200, GZIP, [&gzip(body.as_bytes())[..8], b"nonsense"].concat()),
        "half gzip" => {
            let whole = gzip(body.repeat(9).as_bytes());
            reply(200, GZIP, &whole[..whole.len() / 2])
        }
        "gzip bomb" => reply(200, GZIP, gzip(&vec![b' '; 4_000_000])),
        "http 1.0" => Reply::Bytes(
            format!(
                "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{}",
                listed(kind, &page("1..10"))
            )
            .into(),
        ),
        "bom" => json(format!("\u{feff}{body}")),
        "utf-16" => json(body.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        "bad utf-8" => json([rows(kind, 1, r#"[{"id":1,"name":""#).as_bytes(), b"\xff\xfe\"}]"].concat()),
        "truncated" => json(&body[..body.len() - 2]),
        "trailing junk" => json(format!("{body}x")),
        "deep" => json(rows(
            kind,
            1,
            &format!(
                r#"[{{"id":1,"companyName":{0}1{1},"name":{0}1{1}}}]"#,
                "[".repeat(10_000),
                "]".repeat(10_000)
            ),
        )),
        other => panic!("nobody sends {other}"),
    }
}
