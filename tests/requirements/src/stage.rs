//! Sandboxes to act in.

use std::env;
use std::net::TcpListener;
use std::time::Duration;

use domain::psa::PsaKind;
use lambda::Patience;
use psa::{HttpPolicy, RetryPolicy};
use reqwest::Url;
use sandbox::api::Api;
use sandbox::{CallRates, Options, Sandbox};
use serde_json::{Value, json};
use simkit::{Served, serve};

/// Both PSAs.
pub const KINDS: [PsaKind; 2] = [PsaKind::Connectwise, PsaKind::Autotask];

/// The longest that a stage of an import may take.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Names another `DynamoDB` for the sandboxes here than the embedded one.
const ELSEWHERE: &str = "DYNAMODB";

/// A place of its own for one sandbox in the other `DynamoDB`, if there is one: an access key id that nobody else has. Twelve
/// digits, because some engines keep accounts apart and not keys.
fn elsewhere() -> Option<Url> {
    let mut url: Url = env::var(ELSEWHERE).ok()?.parse().unwrap();
    let account = rand::random_range(100_000_000_000..1_000_000_000_000_u64);
    url.set_username(&account.to_string()).unwrap();
    Some(url)
}

/// A small MSP in memory, where nobody waits long before asking again, and a fetch fails at once where it would wait (R63).
pub fn quick() -> Options {
    let retry = RetryPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(20),
        ..HttpPolicy::RETRY
    };
    Options {
        dynamodb: elsewhere(),
        directory_retry: RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(20),
            ..directory::RETRY
        },
        patience: Patience {
            attended_fetch: Duration::ZERO,
            unattended_fetch: Duration::ZERO,
            ..Patience::default()
        },
        retry,
        retry_factor: 0.0,
        // Tests call faster than people do.
        call_rates: Some(CallRates::per_minute(0, 0)),
        ..Options::default()
    }
}

/// A small quick sandbox.
pub async fn sandbox() -> Sandbox {
    Sandbox::start(quick()).await.unwrap()
}

/// A sandbox whose simulator of one PSA listens at a second address, too: another host for a client of the PSA.
pub async fn two_addresses(kind: PsaKind) -> (Sandbox, Served, String) {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let origin = format!("http://{free}");
    let sandbox = Sandbox::start(Options {
        vendors: vec![(::psa::vendor(kind), origin.parse().unwrap())],
        ..quick()
    });
    let sandbox = sandbox.await.unwrap();
    let (_, served) = serve(sandbox.psas.get(kind).router(), free).await.unwrap();
    (sandbox, served, origin)
}

/// The kind as the API spells it.
pub const fn name(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "connectwise",
        PsaKind::Autotask => "autotask",
    }
}

/// A field of the credentials that nobody may see.
pub const fn secret_field(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "privateKey",
        PsaKind::Autotask => "secret",
    }
}

/// The integration that the first MSP has from the start.
pub async fn integration(api: &Api, kind: PsaKind) -> String {
    api.integration(name(kind)).await.unwrap()
}

/// Moves the sandbox's clock on.
pub async fn advance(sandbox: &Sandbox, seconds: i64) {
    let control = Api::new(&sandbox.face.control, "");
    control
        .post("/clock", &json!({ "advanceSeconds": seconds }))
        .await
        .unwrap();
}

/// A text of a JSON answer.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// A number of a JSON answer.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}
