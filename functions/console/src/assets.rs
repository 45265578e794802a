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

/// Of whatever version: while a deployment replaces functions, the page of one build may ask the function of another. Only what belongs to
/// the address is kept for good.
async fn show(Path((version, name)): Path<(String, String)>) -> Response {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let Some(&(_, kind, bytes)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn r91_the_script_stays_small_and_builds_no_markup() {
        let script = std::str::from_utf8(include_bytes!("../assets/console.js")).unwrap();
        assert!(script.lines().count() <= 500 && script.len() <= 20_000);
        for never in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "document.write",
            "localStorage",
            "sessionStorage",
        ] {
            assert!(!script.contains(never), "{never}");
        }
    }

    #[test]
    fn r92_no_template_lets_text_through_as_markup() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for never in ["|safe", "| safe", " style=", " onclick=", "<style"] {
                    assert!(!text.contains(never), "{}: {never}", path.display());
                }
                seen += 1;
            }
        }
        assert!(seen > 25);
    }
}
