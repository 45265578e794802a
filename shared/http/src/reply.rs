//! Reading a reply: no more than is allowed, and nothing of it into an error.

use std::error::Error;
use std::io;

use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::fault::Fault;
use crate::resolver::NotPublic;
use crate::surrogates;

/// How much of a refusal is read: enough to recognise it.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// A reply above this size counts as large: of several replies that are read at once, only one may be large. A full page is smaller.
const LARGE: usize = 2 * 1024 * 1024;

/// What was wrong with a reply, and where in it.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) fault: Fault,
    /// The path to the value that did not fit; never the value.
    pub(crate) at: Option<String>,
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        Self { fault, at: None }
    }
}

/// The body of a success as the type that was expected; an empty one, where that may be, as `null`. No other large one is read until it is parsed, for which `large` has a permit.
pub(crate) async fn read<T: DeserializeOwned>(
    response: Response,
    longest: usize,
    may_be_empty: bool,
    large: &Semaphore,
) -> Result<T, Unreadable> {
    if !is_json(response.headers()) {
        return Err(Fault::NotJson.into());
    }
    if response.content_length().is_some_and(|length| length > longest as u64) {
        return Err(Fault::TooLarge.into());
    }
    let (mut body, _permit) = body(response, longest, large).await?;
    if body.is_empty() && may_be_empty {
        body.extend_from_slice(b"null");
    }
    parse(&mut body)
}

/// As much of the body of a refusal as there is.
pub(crate) async fn read_refusal(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_REFUSAL {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Counts what comes out of the decompression, so that a small reply cannot become a large one.
async fn body(
    mut response: Response,
    longest: usize,
    large: &Semaphore,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Fault> {
    let (mut body, mut permit) = (Vec::new(), None);
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > longest {
            return Err(Fault::TooLarge);
        }
        if body.len() + chunk.len() > LARGE && permit.is_none() {
            // The semaphore is never closed.
            permit = large.acquire().await.ok();
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, permit))
}

/// The moment that a `Date` header names.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(text).ok()?;
    Timestamp::try_from(time).ok()
}

/// No content type is no contradiction; another one is.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn parse<T: DeserializeOwned>(body: &mut [u8]) -> Result<T, Unreadable> {
    let mut outcome = parse_once(body);
    if outcome.is_err() && surrogates::replace_lone(body) {
        outcome = parse_once(body);
    }
    match outcome {
        Ok(value) => return Ok(value),
        Err(Fault::Truncated) => return Err(Fault::Truncated.into()),
        Err(_) => {}
    }
    // Finding the place costs time on every value, so only a reply that is refused anyway is read again for it.
    let mut again = serde_json::Deserializer::from_slice(body);
    let at = serde_path_to_error::deserialize::<_, T>(&mut again)
        .err()
        .map(|error| harmless(error.path()));
    Err(Unreadable {
        fault: Fault::Malformed,
        at,
    })
}

/// The error itself is not kept: it repeats the value that did not fit, which may be as long as the reply.
fn parse_once<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            Fault::Truncated
        } else {
            Fault::Malformed
        }
    })
}

/// The path without keys that cannot be field names: the sender chose those.
fn harmless(path: &Path) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key } if key.bytes().all(|b| b.is_ascii_alphanumeric()) => format!(".{key}"),
        _ => ".?".to_owned(),
    };
    path.iter().map(segment).collect::<String>().chars().take(80).collect()
}

/// What a failed exchange suffered from. As long as there was no connection, nothing was sent: so a time-out while connecting is no
/// [`Fault::Timeout`], and TLS that breaks in the middle of an exchange is no [`Fault::Tls`].
pub(crate) fn fault(error: &reqwest::Error) -> Fault {
    if cause::<NotPublic>(error).is_some() {
        Fault::NotPublic
    } else if error.is_timeout() && !error.is_connect() {
        Fault::Timeout
    } else if let Some(tls) = cause::<rustls::Error>(error).filter(|_| error.is_connect()) {
        tls_fault(tls)
    } else if error.is_dns() {
        Fault::Dns
    } else if error.is_connect() {
        Fault::Connect
    } else if error.is_body() || error.is_decode() {
        Fault::Truncated
    } else if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        Fault::NotHttp
    } else {
        Fault::NoReply
    }
}

const fn tls_fault(error: &rustls::Error) -> Fault {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    match error {
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => Fault::CertificateExpired,
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            Fault::CertificateOfAnother
        }
        rustls::Error::InvalidCertificate(_) => Fault::CertificateUntrusted,
        _ => Fault::Tls,
    }
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        // An I/O error names as its source what its content was caused by, and so skips the content.
        let content = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = content.map_or_else(|| cause.source(), |content| Some(content));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: DeserializeOwned>(body: &[u8]) -> (Fault, Option<String>) {
        let Err(unreadable) = parse::<T>(&mut body.to_vec()) else {
            panic!("{body:?} was accepted")
        };
        (unreadable.fault, unreadable.at)
    }

    #[test]
    fn r78_the_date_of_a_reply_is_read_and_anything_else_is_none() {
        let moment = "2026-01-01T00:00:45Z".parse().ok();
        assert_eq!(date("Thu, 01 Jan 2026 00:00:45 GMT"), moment);
        for text in ["", "now", "2026-01-01T00:00:45Z", "Thu, 32 Jan 2026 00:00:45 GMT"] {
            assert_eq!(date(text), None, "{text:?}");
        }
    }

    #[test]
    fn r9_a_body_that_ends_too_early_is_told_from_one_that_is_wrong() {
        for truncated in ["", "[", "[{\"id\":1}", "[{\"id\":1},", "[{\"na"] {
            assert_eq!(
                refused::<Vec<serde_json::Value>>(truncated.as_bytes()).0,
                Fault::Truncated,
                "{truncated}"
            );
        }
        for wrong in ["<html>", "[]]", "{}", "null", "\u{feff}[]", "[1e400]"] {
            assert_eq!(
                refused::<Vec<serde_json::Value>>(wrong.as_bytes()).0,
                Fault::Malformed,
                "{wrong}"
            );
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_costs_a_character_and_no_reply() {
        let read = |body: &str| parse::<Vec<String>>(&mut body.as_bytes().to_vec()).unwrap();
        assert_eq!(
            read(r#"["Odd \ud800 Ltd","\uD83D\uDE00","\\ud800"]"#),
            ["Odd \u{fffd} Ltd", "😀", r"\ud800"]
        );
        assert_eq!(refused::<Vec<String>>(br#"["\udc00"#).0, Fault::Truncated);
        assert_eq!(
            refused::<Vec<String>>(br#"["\udc00",5]"#),
            (Fault::Malformed, Some("[1]".to_owned()))
        );
    }

    #[test]
    fn r50_an_error_names_the_place_and_not_the_value() {
        let (_, at) = refused::<Vec<std::collections::BTreeMap<String, i64>>>(br#"[{"id":1},{"id":"ana@x.example"}]"#);
        assert_eq!(at.as_deref(), Some("[1].id"));
        let (_, at) = refused::<std::collections::BTreeMap<String, i64>>(br#"{"ana@x.example":"x"}"#);
        assert_eq!(at.as_deref(), Some(".?"));
    }
}
