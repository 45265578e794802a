//! Style, script and icon: compiled in, at addresses made of their content, so that browsers keep them for good.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::Console;

const ASSETS: [(&str, &str, &[u8]); 3] = [
    (
        "console.css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/console.css"),
    ),
    (
        "console.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/console.js"),
    ),
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
];

/// The first digits of a hash of all assets: another build has other addresses.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all = ASSETS
        .iter()
        .fold(Sha256::new(), |hash, (_, _, bytes)| hash.chain_update(bytes));
    hex::encode(&all.finalize()[..8])
});

/// The address of an asset.
pub(crate) fn address(name: &str) -> String {
    format!("/console/assets/{}/{name}", *VERSION)
}

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/console/assets/{version}/{name}", get(show))
}

/// Of whatever version: a page of the build before may still ask.
async fn show(Path((_, name)): Path<(String, String)>) -> Response {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let Some(&(_, kind, bytes)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, bytes).into_response()
}
