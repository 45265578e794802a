//! Lists, page by page.
//!
//! A page token is signed and bound to the filters. It keeps where the page before ended, so that it outlives a restart.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::{Problem, ok};
use super::call::Call;
use crate::switches::{EmptyItems, LastToken, OverLimit, PageTokens, Switches, UnknownSort};

/// What a client that forgets paging gets.
const DEFAULT_PAGE: usize = 10;
/// How long a token lives where tokens expire, in milliseconds.
const TOKEN_LIFE: i64 = 60_000;
/// What tokens are signed with; they are no secret, only not to be made up.
const SIGNATURE: &str = "page tokens of the simulator";

/// A row of a list with what it can be sorted by.
pub(super) struct Row<T> {
    pub id: i64,
    /// When it appeared in the list, in milliseconds.
    pub since: i64,
    pub key: String,
    pub item: T,
}

#[derive(Deserialize, Serialize)]
struct Position {
    /// Rows before it.
    offset: usize,
    key: String,
    id: i64,
    /// When the first page was read.
    since: i64,
    issued: i64,
}

/// The order that a call asks for: a field, and whether it descends.
pub(super) fn order<'a>(call: &'a Call, fields: &[&str], switches: &Switches) -> Result<(&'a str, bool), Problem> {
    let sort = call.parameter("sort").unwrap_or("id:asc");
    match sort.split_once(':') {
        Some((field, direction @ ("asc" | "desc"))) if fields.contains(&field) => Ok((field, direction == "desc")),
        _ if switches.unknown_sort == UnknownSort::Ignored => Ok(("id", false)),
        _ => Err(Problem::new(400, "The sort is not known.")),
    }
}

/// One page of rows, as `show` writes each of them.
pub(super) fn page<T>(
    call: &Call,
    switches: &Switches,
    now: i64,
    limit: usize,
    (mut rows, descending): (Vec<Row<T>>, bool),
    show: impl Fn(&T) -> Value,
) -> Result<Response, Problem> {
    let size = size(call, switches, limit)?;
    rows.sort_by(|a, b| (&a.key, a.id).cmp(&(&b.key, b.id)));
    if descending {
        rows.reverse();
    }
    let from = call
        .parameter("page-token")
        .map(|token| read(token, call, switches, now))
        .transpose()?;
    let since = from.as_ref().map_or(now, |from| from.since);
    if switches.page_token_under_change == PageTokens::StableSnapshot {
        rows.retain(|row| row.since <= since);
    }
    let begin = from.as_ref().map_or(0, |from| start(&rows, from, descending, switches));
    let shown: Vec<&Row<T>> = rows.iter().skip(begin).take(size).collect();
    let last = shown.last().map(|row| Position {
        offset: begin + shown.len(),
        key: row.key.clone(),
        id: row.id,
        since,
        issued: now,
    });
    let more = begin + shown.len() < rows.len() || switches.last_page_token == LastToken::EmptyPage;
    let token = last.filter(|_| more).map(|position| write(&position, call));
    let items: Vec<Value> = shown.iter().map(|row| show(&row.item)).collect();
    Ok(ok(&envelope(&items, token, switches)))
}

fn envelope(items: &[Value], token: Option<String>, switches: &Switches) -> Value {
    let mut page = match switches.items_null_when_empty {
        EmptyItems::Null if items.is_empty() => json!({"items": null}),
        EmptyItems::Null | EmptyItems::List => json!({"items": items}),
    };
    match (token, switches.last_page_token) {
        (Some(token), _) => page["nextPageToken"] = json!(token),
        (None, LastToken::Absent) => {}
        (None, LastToken::EmptyText) => page["nextPageToken"] = json!(""),
        (None, LastToken::Null | LastToken::EmptyPage) => page["nextPageToken"] = Value::Null,
    }
    page
}

fn size(call: &Call, switches: &Switches, limit: usize) -> Result<usize, Problem> {
    let Some(text) = call.parameter("max-results") else {
        return Ok(DEFAULT_PAGE);
    };
    match text.parse::<usize>() {
        Ok(size) if (1..=limit).contains(&size) => Ok(size),
        Ok(size) if size > limit && switches.max_results_over_limit == OverLimit::Clamped => Ok(limit),
        _ => Err(Problem::new(400, format!("max-results must be from 1 to {limit}."))),
    }
}

/// How many rows were on the pages before.
fn start<T>(rows: &[Row<T>], from: &Position, descending: bool, switches: &Switches) -> usize {
    if switches.page_token_under_change == PageTokens::OffsetBased {
        return from.offset;
    }
    let end = (&from.key, from.id);
    rows.partition_point(|row| {
        let row = (&row.key, row.id);
        if descending { row >= end } else { row <= end }
    })
}

fn write(position: &Position, call: &Call) -> String {
    let text = json!(position).to_string();
    format!("{}.{}", hex::encode(&text), signature(&text, call))
}

fn read(token: &str, call: &Call, switches: &Switches, now: i64) -> Result<Position, Problem> {
    let bad = || Problem::new(400, "The page token is not valid.");
    let (text, signed) = token.split_once('.').ok_or_else(bad)?;
    let text = hex::decode(text)
        .ok()
        .and_then(|text| String::from_utf8(text).ok())
        .ok_or_else(bad)?;
    let position: Position = serde_json::from_str(&text).map_err(|_| bad())?;
    let expired = switches.page_token_under_change == PageTokens::Expires && now - position.issued > TOKEN_LIFE;
    if signed != signature(&text, call) || expired {
        return Err(bad());
    }
    Ok(position)
}

fn signature(text: &str, call: &Call) -> String {
    let digest = Sha256::digest(format!("{SIGNATURE}\n{}\n{text}", call.filters()));
    hex::encode(&digest[..8])
}
