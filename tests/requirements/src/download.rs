//! What an administrator downloads.

use reqwest::header::{ACCEPT, HeaderMap};
use sandbox::Sandbox;

/// A file.
pub struct Download {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text.
    pub text: String,
}

/// Ana downloads something in this form.
#[expect(clippy::disallowed_methods, reason = "calls the sandbox, not a PSA")]
pub async fn download(sandbox: &Sandbox, path: &str, form: &str) -> Download {
    let request = reqwest::Client::new().get(format!("{}{path}", sandbox.face.api));
    let request = request
        .bearer_auth(crate::stage::text(&sandbox.face.tokens["ana"]))
        .header(ACCEPT, form);
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    Download {
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
