//! Signs tokens as an identity provider would, and checks them as API Gateway's JWT authorizer does.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Error;

/// Long enough for a sandbox left open.
const LIFETIME: Duration = Duration::from_hours(168);

/// Somebody to sign a token for.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// Who: the subject.
    pub sub: String,
    /// The address to show.
    pub email: String,
    /// The tenant.
    pub msp: String,
    /// What the person may do.
    pub roles: Vec<String>,
}

/// Signs with a key of its own: no two issuers accept each other's tokens.
#[derive(Clone)]
pub struct Issuer {
    name: String,
    audience: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

/// A token that the authorizer does not let through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token was rejected: {0}")]
pub struct Rejected(String);

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tokens(error.to_string())
}

impl Issuer {
    /// With a key of its own. The names of issuer and audience are what the tokens say and the verifier expects.
    pub fn new(name: &str, audience: &str) -> Result<Self, Error> {
        Self::with_key(name, audience, &Self::make_key()?)
    }

    /// A new key, as PKCS#8.
    pub fn make_key() -> Result<Vec<u8>, Error> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let key: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        Ok(key.as_ref().to_vec())
    }

    /// With a key that was made before.
    pub fn with_key(name: &str, audience: &str, key: &[u8]) -> Result<Self, Error> {
        let pair = RsaKeyPair::from_pkcs8(key).map_err(failed)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
        let (private, public) = (pem("PRIVATE KEY", key), pem("PUBLIC KEY", public.as_ref()));
        Ok(Self {
            name: name.to_owned(),
            audience: audience.to_owned(),
            signing: EncodingKey::from_rsa_pem(private.as_bytes()).map_err(failed)?,
            verifying: DecodingKey::from_rsa_pem(public.as_bytes()).map_err(failed)?,
        })
    }

    /// Its name: what tokens say as `iss`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A token that lets this person in.
    pub fn token(&self, person: &Person) -> Result<String, Error> {
        self.token_with(&serde_json::to_value(person).map_err(failed)?)
    }

    /// A token that is good for some time and says this besides.
    pub fn token_with(&self, said: &Value) -> Result<String, Error> {
        let now = Timestamp::now().as_second();
        let until = now + LIFETIME.as_secs().cast_signed();
        let mut claims = json!({ "iss": self.name, "aud": self.audience, "iat": now, "nbf": now, "exp": until });
        if let (Some(claims), Value::Object(said)) = (claims.as_object_mut(), said.clone()) {
            claims.extend(said);
        }
        self.sign(&claims)
    }

    /// A token with exactly these claims, be they good or bad.
    pub fn sign(&self, claims: &Value) -> Result<String, Error> {
        let header = Header {
            kid: Some("sandbox".into()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|error| Error::Tokens(error.to_string()))
    }

    /// Checks this issuer's tokens.
    pub fn verifier(&self) -> Verifier {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Verifier {
            validation: Arc::new(validation),
            key: self.verifying.clone(),
        }
    }
}

/// A token that nobody signed, for functions that are called without an authorizer in front of them.
pub fn unsigned(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.bm9ib2R5", part(&json!({ "alg": "none" })), part(claims))
}

/// Checks signature, algorithm, issuer, audience and times, as API Gateway does.
#[derive(Clone)]
pub struct Verifier {
    validation: Arc<Validation>,
    key: DecodingKey,
}

impl Verifier {
    /// The claims of a good token.
    pub fn verify(&self, token: &str) -> Result<Map<String, Value>, Rejected> {
        let verified = jsonwebtoken::decode(token, &self.key, &self.validation);
        verified
            .map(|token| token.claims)
            .map_err(|error| Rejected(error.to_string()))
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.sandbox";
    const AUDIENCE: &str = "psa-import";

    fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let now = Timestamp::now().as_second();
        let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "iat": now, "exp": now + 60 });
        change(&mut claims);
        claims
    }

    #[test]
    fn a_persons_token_carries_what_the_functions_read() {
        let issuer = Issuer::new(ISSUER, AUDIENCE).unwrap();
        let person = Person {
            sub: "ana".into(),
            email: "ana@msp.example".into(),
            msp: "m1".into(),
            roles: vec!["administrator".into()],
        };
        let claims = issuer.verifier().verify(&issuer.token(&person).unwrap()).unwrap();
        assert_eq!(claims["sub"], "ana");
        assert_eq!(claims["msp"], "m1");
        assert_eq!(claims["roles"], json!(["administrator"]));
    }

    type Change = (&'static str, Box<dyn FnOnce(&mut Value)>);

    #[test]
    fn a_token_that_is_wrong_in_any_one_way_is_rejected() {
        let issuer = Issuer::new(ISSUER, AUDIENCE).unwrap();
        let verify = |claims: Value| issuer.verifier().verify(&issuer.sign(&claims).unwrap());
        assert!(verify(claims(|_| ())).is_ok());
        assert!(verify(claims(|claims| claims["aud"] = json!(["other", AUDIENCE]))).is_ok());
        let now = Timestamp::now().as_second();
        let wrong: [Change; 8] = [
            (
                "another issuer",
                Box::new(|claims| claims["iss"] = json!("https://id.other")),
            ),
            (
                "no issuer",
                Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
            ),
            ("another audience", Box::new(|claims| claims["aud"] = json!("other"))),
            (
                "no audience",
                Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
            ),
            ("over", Box::new(move |claims| claims["exp"] = json!(now - 1))),
            (
                "endless",
                Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
            ),
            ("not yet", Box::new(move |claims| claims["nbf"] = json!(now + 30))),
            (
                "an end that is no number",
                Box::new(|claims| claims["exp"] = json!("tomorrow")),
            ),
        ];
        for (name, change) in wrong {
            assert!(verify(claims(change)).is_err(), "{name}");
        }
    }

    #[test]
    fn only_this_issuers_signature_with_the_one_algorithm_counts() {
        let (issuer, other) = (
            Issuer::new(ISSUER, AUDIENCE).unwrap(),
            Issuer::new(ISSUER, AUDIENCE).unwrap(),
        );
        let verifier = issuer.verifier();
        assert!(verifier.verify(&other.sign(&claims(|_| ())).unwrap()).is_err());

        let good = issuer.sign(&claims(|_| ())).unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let encode = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        let unsigned = format!("{}.{}.", encode(json!({ "alg": "none" })), parts[1]);
        let swapped = format!(
            "{}.{}.{}",
            parts[0],
            encode(claims(|claims| claims["sub"] = json!("eve"))),
            parts[2]
        );
        let with_public_key = EncodingKey::from_secret(b"the public key as a secret");
        let hmac = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(|_| ()), &with_public_key).unwrap();
        for token in [unsigned.as_str(), &swapped, &hmac, "", "a.b.c", parts[1]] {
            assert!(verifier.verify(token).is_err(), "{token}");
        }
    }
}
