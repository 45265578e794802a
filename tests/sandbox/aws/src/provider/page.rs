//! The page of the provider: a button for each account, and one to refuse.

use super::account::Account;
use super::asked::Asked;

pub(super) fn choose(accounts: &[Account], asked: &Asked) -> String {
    let fields = [
        ("response_type", &asked.response_type),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
    ];
    let fields = fields
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", text(value)))
        .concat();
    let labels = accounts.iter().map(|account| account.label.as_str()).chain(["Refuse"]);
    let buttons: Vec<String> = labels
        .map(|label| format!("<p><button name=\"who\" value=\"{0}\">{0}</button></p>", text(label)))
        .collect();
    let buttons = buttons.concat();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sandbox sign-in</title></head>\
         <body><main><h1>Sign in as</h1><p>In a deployment, your identity provider is here.</p>\
         <form method=\"post\" action=\"/authorize\">{fields}{buttons}</form></main></body></html>"
    )
}

/// A text as HTML.
fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
