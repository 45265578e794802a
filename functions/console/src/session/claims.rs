//! The claims of the provider's tokens, and the checks of an ID token (OpenID Connect 3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The claims of a token, whose signature nobody has checked here.
#[derive(Debug, Default)]
pub(super) struct Claims(Map<String, Value>);

/// The claims that the ID token of a sign-in must have.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
}

impl Claims {
    /// Reads a token; `None` if the text is not one.
    pub(super) fn of(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        Some(Self(claims))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Until when the token is good.
    pub(super) fn end(&self) -> Option<i64> {
        self.0.get("exp")?.as_i64()
    }

    /// As the API names people: see its caller.
    pub(super) fn name(&self) -> Option<String> {
        let text = |name| self.text(name).filter(|text| !text.trim().is_empty());
        text("email").or_else(|| text("sub")).map(str::to_owned)
    }

    /// Refuses the ID token of another provider, client or sign-in, and one that is over.
    pub(super) fn check(&self, expected: &Expected<'_>, now: i64) -> Result<(), &'static str> {
        if self.text("iss") != Some(expected.issuer) {
            return Err("is of another issuer");
        }
        if !self.is_for(expected.client_id) {
            return Err("is for somebody else");
        }
        if self.end().is_none_or(|end| end <= now) {
            return Err("is over");
        }
        if self.text("nonce") != Some(expected.nonce) {
            return Err("is of another sign-in");
        }
        Ok(())
    }

    /// Whether the token is for a client. If it is for several, it was issued to that one.
    fn is_for(&self, client_id: &str) -> bool {
        let is_client = |one: &Value| one.as_str() == Some(client_id);
        match self.0.get("aud") {
            Some(Value::Array(all)) => {
                all.iter().any(is_client) && (all.len() == 1 || self.text("azp") == Some(client_id))
            }
            Some(one) => is_client(one),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;

    /// The claims of a good ID token, with some that are others, or missing if they are null.
    fn claims(others: &Value) -> Claims {
        let mut all =
            json!({ "iss": "https://id.example", "aud": "console", "exp": NOW + 300, "nonce": "n", "sub": "ana" });
        for (name, value) in others.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut all = all.as_object().unwrap().clone();
        all.retain(|_, value| !value.is_null());
        Claims(all)
    }

    fn check(others: &Value) -> Result<(), &'static str> {
        let expected = Expected {
            issuer: "https://id.example",
            client_id: "console",
            nonce: "n",
        };
        claims(others).check(&expected, NOW)
    }

    #[test]
    fn r92_an_id_token_of_this_provider_client_and_sign_in_is_taken() {
        for good in [
            json!({}),
            json!({ "aud": ["console"] }),
            json!({ "aud": ["other", "console"], "azp": "console" }),
            json!({ "exp": NOW + 1 }),
        ] {
            assert_eq!(check(&good), Ok(()), "{good}");
        }
    }

    #[test]
    fn r92_every_other_id_token_is_refused() {
        let (issuer, client, over, sign_in) = (
            "is of another issuer",
            "is for somebody else",
            "is over",
            "is of another sign-in",
        );
        let table = [
            (json!({ "iss": null }), issuer),
            (json!({ "iss": "https://evil.example" }), issuer),
            (json!({ "iss": "https://id.example/" }), issuer),
            (json!({ "iss": ["https://id.example"] }), issuer),
            (json!({ "aud": null }), client),
            (json!({ "aud": "other" }), client),
            (json!({ "aud": [] }), client),
            (json!({ "aud": ["other"] }), client),
            (json!({ "aud": ["console", "other"] }), client),
            (json!({ "aud": ["console", "other"], "azp": "other" }), client),
            (json!({ "aud": "other", "azp": "console" }), client),
            (json!({ "exp": null }), over),
            (json!({ "exp": NOW }), over),
            (json!({ "exp": NOW - 300 }), over),
            (json!({ "exp": (NOW + 300).to_string() }), over),
            (json!({ "nonce": null }), sign_in),
            (json!({ "nonce": "" }), sign_in),
            (json!({ "nonce": "other" }), sign_in),
        ];
        for (others, why) in table {
            assert_eq!(check(&others), Err(why), "{others}");
        }
    }

    #[test]
    fn r92_what_is_no_token_claims_nothing() {
        let good = URL_SAFE_NO_PAD.encode(r#"{"sub":"ana"}"#);
        let name = |token: &str| Claims::of(token).and_then(|claims| claims.name());
        assert_eq!(name(&format!("h.{good}.s")).as_deref(), Some("ana"));
        let list = URL_SAFE_NO_PAD.encode("[]");
        for bad in ["", ".", "h", "h..s", "h.%%.s", &format!("h.{list}.s")] {
            assert!(Claims::of(bad).is_none(), "{bad}");
        }
        assert_eq!(claims(&json!({ "email": " " })).name().as_deref(), Some("ana"));
        assert_eq!(
            claims(&json!({ "email": "ana@m.example" })).name().as_deref(),
            Some("ana@m.example")
        );
    }
}
