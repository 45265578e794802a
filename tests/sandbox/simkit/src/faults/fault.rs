//! One fault as control's JSON describes it.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use regex::Regex;
use serde::Deserialize;

/// Which requests go wrong, from which on, how many times, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fault {
    /// The requests meant.
    pub matching: Match,
    /// So many matching requests are answered normally first.
    pub skip: u64,
    /// From there on, each of so many is faulted.
    pub every: NonZeroU64,
    /// So many are faulted then; without a number, all.
    pub times: Option<u64>,
    /// What happens instead of the normal answer.
    pub answer: Answer,
}

/// Which requests a fault means; an absent part matches everything.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// The method.
    pub method: Option<Method>,
    /// Found anywhere in the path, without the query.
    pub path: Option<Regex>,
}

/// What happens to a faulted request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This answer instead of the simulator's.
    Respond {
        /// The status.
        status: StatusCode,
        /// The headers; the content type is guessed from the body when absent.
        headers: HeaderMap,
        /// The body, sent as it is.
        body: String,
    },
    /// The simulator's answer, late.
    Delay(Duration),
    /// The simulator's answer, its body so much later than its head.
    SlowBody(Duration),
    /// A TCP reset before any byte of an answer.
    Reset,
    /// The simulator does what was asked, then a TCP reset before any byte of its answer.
    LoseReply,
    /// The simulator's answer with its full `Content-Length`, and the connection closed within the body.
    Truncate {
        /// The bytes of the body that still go out.
        after: usize,
    },
}

impl Fault {
    pub(super) fn matches(&self, method: &Method, path: &str) -> bool {
        self.matching.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.matching.path.as_ref().is_none_or(|wanted| wanted.is_match(path))
    }

    /// Whether the fault applies to the matching request with this number, counted from 0.
    pub(super) fn applies_at(&self, turn: u64) -> bool {
        let Some(turn) = turn.checked_sub(self.skip) else {
            return false;
        };
        turn % self.every == 0 && self.times.is_none_or(|times| turn / self.every < times)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, rename = "match")]
    matching: WrittenMatch,
    #[serde(default)]
    skip: u64,
    #[serde(default = "one")]
    every: NonZeroU64,
    times: Option<u64>,
    answer: WrittenAnswer,
}

const fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMatch {
    method: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenAnswer {
    status: Option<u16>,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    delay_ms: Option<u64>,
    body_delay_ms: Option<u64>,
    reset: Option<bool>,
    lose_reply: Option<bool>,
    truncate_after: Option<usize>,
}

impl TryFrom<Written> for Fault {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written {
            matching,
            skip,
            every,
            times,
            answer,
        } = written;
        Ok(Self {
            matching: matching.try_into()?,
            skip,
            every,
            times,
            answer: answer.try_into()?,
        })
    }
}

impl TryFrom<WrittenMatch> for Match {
    type Error = String;

    fn try_from(WrittenMatch { method, path }: WrittenMatch) -> Result<Self, String> {
        let method = method.map(|name| name.to_ascii_uppercase().parse::<Method>());
        let path = path.map(|pattern| Regex::new(&pattern));
        Ok(Self {
            method: method.transpose().map_err(|error| format!("match.method: {error}"))?,
            path: path.transpose().map_err(|error| format!("match.path: {error}"))?,
        })
    }
}

impl TryFrom<WrittenAnswer> for Answer {
    type Error = String;

    fn try_from(written: WrittenAnswer) -> Result<Self, String> {
        match written {
            WrittenAnswer {
                status: Some(status),
                headers,
                body,
                delay_ms: None,
                body_delay_ms: None,
                reset: None,
                lose_reply: None,
                truncate_after: None,
            } => respond(status, headers.unwrap_or_default(), body.unwrap_or_default()),
            WrittenAnswer {
                status: None,
                headers: None,
                body: None,
                delay_ms,
                body_delay_ms,
                reset,
                lose_reply,
                truncate_after,
            } => match (delay_ms, body_delay_ms, reset, lose_reply, truncate_after) {
                (Some(delay), None, None, None, None) => Ok(Self::Delay(Duration::from_millis(delay))),
                (None, Some(delay), None, None, None) => Ok(Self::SlowBody(Duration::from_millis(delay))),
                (None, None, Some(true), None, None) => Ok(Self::Reset),
                (None, None, None, Some(true), None) => Ok(Self::LoseReply),
                (None, None, None, None, Some(after)) => Ok(Self::Truncate { after }),
                _ => Err(ONE_OF.to_owned()),
            },
            _ => Err(ONE_OF.to_owned()),
        }
    }
}

const ONE_OF: &str = "answer: one of {status, headers?, body?}, {delayMs}, {bodyDelayMs}, {reset: true}, {loseReply: true}, {truncateAfter}";

fn respond(status: u16, headers: BTreeMap<String, String>, body: String) -> Result<Answer, String> {
    let status = StatusCode::from_u16(status).map_err(|error| format!("answer.status: {error}"))?;
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let parsed: HeaderName = name
            .parse()
            .map_err(|error| format!("answer.headers.{name}: {error}"))?;
        let value = HeaderValue::from_str(&value).map_err(|error| format!("answer.headers.{name}: {error}"))?;
        map.append(parsed, value);
    }
    map.entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static(guessed_type(&body)));
    Ok(Answer::Respond {
        status,
        headers: map,
        body,
    })
}

fn guessed_type(body: &str) -> &'static str {
    match body.trim_start().as_bytes().first() {
        // Broken JSON too is meant as JSON.
        Some(b'{' | b'[') => "application/json; charset=utf-8",
        _ if serde_json::from_str::<serde_json::Value>(body).is_ok() => "application/json; charset=utf-8",
        Some(b'<') => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(fault: Value) -> String {
        serde_json::from_value::<Fault>(fault).unwrap_err().to_string()
    }

    #[test]
    fn an_answer_is_exactly_one_of_its_kinds() {
        for answer in [
            json!({}),
            json!({"reset": false}),
            json!({"delayMs": 1, "reset": true}),
            json!({"body": "x"}),
        ] {
            assert_eq!(refusal(json!({"answer": answer})), ONE_OF);
        }
        assert_eq!(refusal(json!({"answer": {"status": 200, "truncateAfter": 1}})), ONE_OF);
    }

    #[test]
    fn a_mistake_is_named() {
        assert!(refusal(json!({"match": {"path": "("}, "answer": {"reset": true}})).starts_with("match.path"));
        assert!(refusal(json!({"answer": {"status": 99}})).starts_with("answer.status"));
        assert!(refusal(json!({"answer": {"status": 200, "headers": {"a": "\n"}}})).starts_with("answer.headers.a"));
        assert!(refusal(json!({"answer": {"reset": true}, "skpi": 1})).contains("skpi"));
    }

    #[test]
    fn skip_and_times_bound_the_turns() {
        let fault: Fault = serde_json::from_value(json!({"skip": 2, "times": 3, "answer": {"reset": true}})).unwrap();
        let applied: Vec<u64> = (0..10).filter(|turn| fault.applies_at(*turn)).collect();
        assert_eq!(applied, [2, 3, 4]);
    }
}
