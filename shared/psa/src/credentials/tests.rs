use domain::psa::PsaKind;
use secrecy::zeroize::ZeroizeOnDrop;
use serde_json::json;

use super::*;
use crate::vendors::vendor;

const CONNECTWISE: &str = r#"{"publicKey":" pub\n","privateKey":"priv","clientId":"3b8f"}"#;
const AUTOTASK: &str = r#"{"username":"api@msp.example","secret":"s3cret","integrationCode":"ABC"}"#;

const fn fields(kind: PsaKind) -> &'static [&'static str] {
    vendor(kind).credential_fields
}

fn missing(kind: PsaKind, json: &str) -> Option<&'static str> {
    Credentials::from_secret_json(fields(kind), json)
        .err()
        .map(|missing| missing.field)
}

#[test]
fn r5_credentials_survive_being_stored() {
    for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
        let stored = Credentials::from_secret_json(fields(kind), json)
            .unwrap()
            .to_secret_json();
        let again = Credentials::from_secret_json(fields(kind), stored.expose_secret()).unwrap();
        assert_eq!(again.to_secret_json().expose_secret(), stored.expose_secret());
    }
}

#[test]
fn r5_a_credential_of_the_other_psa_is_named() {
    let submitted = |json: &str| serde_json::from_str::<SubmittedCredentials>(json).unwrap();
    assert_eq!(
        submitted(CONNECTWISE).foreign_to(fields(PsaKind::Autotask)),
        Some("publicKey")
    );
    assert_eq!(
        submitted(AUTOTASK).foreign_to(fields(PsaKind::Connectwise)),
        Some("username")
    );
    assert_eq!(submitted(CONNECTWISE).foreign_to(fields(PsaKind::Connectwise)), None);
    assert_eq!(submitted(AUTOTASK).foreign_to(fields(PsaKind::Autotask)), None);
    assert_eq!(
        submitted(r#"{"secret":" "}"#).foreign_to(fields(PsaKind::Connectwise)),
        None
    );
}

#[test]
fn r5_a_missing_or_blank_credential_is_named() {
    for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
        let complete: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(missing(kind, json), None);
        for field in complete.as_object().unwrap().keys() {
            for bad in [
                json!(null),
                json!(""),
                json!("  \t"),
                json!("a\r\nX-Evil: 1"),
                json!("a\0b"),
            ] {
                let mut blank = complete.clone();
                blank[field] = bad;
                assert_eq!(missing(kind, &blank.to_string()), Some(field.as_str()));
            }
            let mut without = complete.clone();
            without.as_object_mut().unwrap().remove(field);
            assert_eq!(missing(kind, &without.to_string()), Some(field.as_str()));
        }
    }
}

#[test]
fn r5_what_is_stored_but_unreadable_is_missing() {
    for json in ["", "null", "[]", "{", "{\"publicKey\":5}"] {
        assert_eq!(missing(PsaKind::Connectwise, json), Some("publicKey"), "{json}");
    }
}

#[test]
fn r50_credentials_are_not_in_their_debug_form() {
    for (kind, json, secrets) in [
        (PsaKind::Connectwise, CONNECTWISE, ["pub", "priv", "3b8f"]),
        (PsaKind::Autotask, AUTOTASK, ["api@msp", "s3cret", "ABC"]),
    ] {
        let submitted: SubmittedCredentials = serde_json::from_str(json).unwrap();
        let credentials = Credentials::from_secret_json(fields(kind), json).unwrap();
        let shown = format!("{submitted:?} {credentials:?} {:?}", credentials.to_secret_json());
        let names = ["public_key", "private_key", "publicKey", "privateKey"];
        let values = names.iter().fold(shown.clone(), |shown, name| shown.replace(name, ""));
        for secret in secrets {
            assert!(!values.contains(secret), "{shown}");
        }
    }
}

/// Compiles only while every credential is of a type that does.
#[test]
fn r50_credentials_are_wiped_when_they_are_dropped() {
    fn wiped<T: ZeroizeOnDrop>(_: &T) {}
    for (kind, json) in [(PsaKind::Connectwise, CONNECTWISE), (PsaKind::Autotask, AUTOTASK)] {
        let submitted: SubmittedCredentials = serde_json::from_str(json).unwrap();
        for (_, field) in &submitted.fields() {
            field.iter().for_each(wiped);
        }
        let credentials = Credentials::from_secret_json(fields(kind), json).unwrap();
        for (_, field) in &credentials.0 {
            wiped(field);
        }
        wiped(&credentials.to_secret_json());
    }
}
