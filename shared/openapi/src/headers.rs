//! The headers of answers.

use serde_json::{Map, Value, json};

/// The headers that answers have, and whether each such answer does.
const HEADERS: [(&str, bool, &str); 5] = [
    ("X-Correlation-Id", true, "Identifies this call in the service's log."),
    (
        "Content-Language",
        true,
        "The language of `detail`: `en` or `nl`, as `Accept-Language` asks.",
    ),
    ("Location", true, "The path of what the call created or started."),
    (
        "Retry-After",
        true,
        "The number of seconds after which the call may be made again.",
    ),
    (
        "Link",
        false,
        "The path of the next page, with `rel=\"next\"`. Absent on the last page.",
    ),
];

/// The description of each.
pub(crate) fn described() -> Map<String, Value> {
    let described = HEADERS.map(|(name, required, about)| {
        let header = json!({ "description": about, "required": required, "schema": { "type": "string" } });
        (name.to_owned(), header)
    });
    described.into_iter().collect()
}

/// Headers of an answer, besides the one that ties it to the log.
pub(crate) fn of_answer(more: &[&str]) -> Value {
    let all = ["X-Correlation-Id"].iter().chain(more);
    let all = all.map(|name| {
        let described = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), described)
    });
    all.collect::<Map<_, _>>().into()
}
