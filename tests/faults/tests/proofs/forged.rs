//! Tokens that nobody issued, or for something else, open nothing: neither at the authorizer nor, where it lets them
//! through, at the functions (R3). What is refused asks DynamoDB nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::psa::PsaKind;
use faults::engine::Engine;
use faults::script::Script;
use faults::wire::Watch;
use faults::world::{MSP, World};
use jiff::Timestamp;
use local_aws::Issuer;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::cores::alone;

const ISSUER: &str = "https://id.test";
const AUDIENCE: &str = "psa-import";

#[derive(Default)]
struct Count(AtomicUsize);

impl Watch for Count {
    fn look(&self, _: &Engine, _: &str, _: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        self.0.fetch_add(1, Ordering::SeqCst);
        apply()
    }
}

fn claims() -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "email": "ana@m.example", "msp": MSP, "roles": ["administrator"],
        "iat": now, "nbf": now, "exp": now + 60,
    })
}

/// Claims of which one is different, or is not there.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn forged(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let now = Timestamp::now().as_second();
    let wrong = [
        ("another issuer", but("iss", json!("https://id.other"))),
        (
            "an issuer that begins alike",
            but("iss", json!(format!("{ISSUER}.evil.example"))),
        ),
        ("no issuer", but("iss", Value::Null)),
        ("another audience", but("aud", json!("other"))),
        ("no audience", but("aud", Value::Null)),
        ("over", but("exp", json!(now - 1))),
        ("over for years", but("exp", json!(1))),
        ("endless", but("exp", Value::Null)),
        ("an end that is no number", but("exp", json!("tomorrow"))),
        ("not yet", but("nbf", json!(now + 600))),
        ("no MSP", but("msp", Value::Null)),
        ("an empty MSP", but("msp", json!(" "))),
        (
            "an MSP that reaches into another's keys",
            but("msp", json!("m#INTEGRATION#1")),
        ),
        ("two MSPs", but("msp", json!(["m", "other"]))),
        ("an MSP with a slash", but("msp", json!("m/other"))),
        ("an MSP that is too long", but("msp", json!("m".repeat(200)))),
        ("no roles", but("roles", Value::Null)),
        ("an empty list of roles", but("roles", json!([]))),
        ("another role", but("roles", json!(["user"]))),
        ("a role that ends alike", but("roles", json!(["not-administrator"]))),
        (
            "a role that begins alike",
            but("roles", json!(["administrator-of-nothing"])),
        ),
        ("a role in capitals", but("roles", json!(["ADMINISTRATOR"]))),
        ("nobody", but("sub", Value::Null)),
        ("an empty subject", but("sub", json!(""))),
    ];
    let mut all: Vec<_> = wrong
        .into_iter()
        .map(|(name, claims)| (name, issuer.sign(&claims).unwrap()))
        .collect();
    let good = issuer.sign(&claims()).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let encoded = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let stranger = Issuer::new(ISSUER, AUDIENCE).unwrap();
    all.extend([
        ("signed by another key", stranger.sign(&claims()).unwrap()),
        (
            "not signed, and says so",
            format!("{}.{}.", encode_head("none"), parts[1]),
        ),
        (
            "not signed, in capitals",
            format!("{}.{}.", encode_head("NONE"), parts[1]),
        ),
        (
            "another algorithm",
            format!("{}.{}.{}", encode_head("HS256"), parts[1], parts[2]),
        ),
        (
            "other claims under the signature",
            format!("{}.{}.{}", parts[0], encoded(but("sub", json!("eve"))), parts[2]),
        ),
        (
            "half a signature",
            format!("{}.{}.{}", parts[0], parts[1], &parts[2][..20]),
        ),
        ("no signature", format!("{}.{}", parts[0], parts[1])),
        ("no token", String::new()),
        ("nonsense", "a.b.c".to_owned()),
        ("the claims alone", parts[1].to_owned()),
        ("a password", format!("Basic {}", BASE64_STANDARD.encode("ana:ana"))),
    ]);
    all
}

fn encode_head(algorithm: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "typ": "JWT", "kid": "sandbox" }).to_string())
}

#[test]
fn r03_no_forged_token_opens_anything() {
    alone(async {
        let mut world = World::new(PsaKind::Connectwise).await;
        let asked = Arc::<Count>::default();
        world.watch = Some(asked.clone());
        Script::new(&world).seed().await;
        let issuer = Issuer::new(ISSUER, AUDIENCE).unwrap();
        let api = world.api(issuer.verifier());
        let call = async |token: &str| {
            let request = Request::get("/integrations").header("authorization", format!("Bearer {token}"));
            let answer = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let status = answer.status();
            (status, to_bytes(answer.into_body(), usize::MAX).await.unwrap())
        };
        let (status, body) = call(&issuer.sign(&claims()).unwrap()).await;
        assert!(status == StatusCode::OK && String::from_utf8_lossy(&body).contains("connectwise"));
        let before = asked.0.load(Ordering::SeqCst);
        let forged = forged(&issuer);
        for (name, token) in &forged {
            let (status, body) = call(token).await;
            let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert!(refused, "{name}: {status} {}", String::from_utf8_lossy(&body));
        }
        println!("{} forged tokens refused", forged.len());
        assert!(forged.len() >= 24);
        assert_eq!(
            asked.0.load(Ordering::SeqCst),
            before,
            "something was asked of DynamoDB for them"
        );
    });
}
