//! Calls to a database that never has room: each is repeated as often as the one policy says, by one of those who could, and then fails as
//! what passes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::psa::PsaKind;
use faults::engine::Engine;
use faults::script::{ANA, Script};
use faults::wire::Watch;
use faults::world::{Message, World};
use serde_json::{Value, json};
use store::retry::RETRY;

use crate::cores::alone;

/// Refuses every request of an operation.
struct Full {
    operation: &'static str,
    code: &'static str,
    refused: Mutex<HashMap<String, usize>>,
}

impl Watch for Full {
    fn look(&self, _: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        if operation != self.operation {
            return apply();
        }
        let mut request: Value = serde_json::from_str(body).unwrap();
        // Each repetition here is a request of its own to the SDK, which gives it a token.
        request["ClientRequestToken"].take();
        *self.refused.lock().unwrap().entry(request.to_string()).or_default() += 1;
        let kind = |name: &str| format!("com.amazonaws.dynamodb.v20120810#{name}");
        let Some(actions) = request["TransactItems"].as_array() else {
            return (400, json!({ "__type": kind(self.code) }).to_string());
        };
        let reasons = vec![json!({ "Code": self.code }); actions.len()];
        let kind = kind("TransactionCanceledException");
        (
            400,
            json!({ "__type": kind, "CancellationReasons": reasons }).to_string(),
        )
    }
}

/// Makes a call while every request of an operation is refused with a code.
async fn expect_repeated(
    world: &mut World,
    operation: &'static str,
    code: &'static str,
    call: (&'static str, &str, Value),
) {
    let full = Arc::new(Full {
        operation,
        code,
        refused: Mutex::default(),
    });
    world.watch = Some(full.clone());
    let (method, path, body) = call;
    let call = Message::Call {
        who: ANA,
        method,
        path: path.to_owned(),
        body,
    };
    tokio::time::pause();
    let answer = world.deliver(&call).await.unwrap().unwrap();
    tokio::time::resume();
    world.watch = None;
    let what = format!("{operation} with {code}: {answer}");
    assert_eq!(answer["statusCode"], 500, "{what}");
    let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["retryable"], true, "{what}");
    let refused = full.refused.lock().unwrap();
    assert!(!refused.is_empty(), "{what}");
    for times in refused.values() {
        assert_eq!(*times, RETRY.repeats + 1, "{what}");
    }
}

#[test]
fn r37_a_call_without_room_is_repeated_by_one_policy_and_not_twice_over() {
    alone(async {
        let mut world = World::new(PsaKind::Connectwise).await;
        Script::new(&world).seed().await;
        let integration = Script::new(&world).integration().await.unwrap();
        let imports = format!("/integrations/{integration}/imports");
        let managed = || ("POST", "/managed-companies", json!({ "name": "Bakkerij Postma" }));
        for code in ["ProvisionedThroughputExceededException", "ThrottlingException"] {
            expect_repeated(&mut world, "GetItem", code, ("GET", "/licences", Value::Null)).await;
            expect_repeated(&mut world, "Query", code, ("GET", "/integrations", Value::Null)).await;
            expect_repeated(&mut world, "PutItem", code, managed()).await;
        }
        for code in [
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "TransactionConflict",
        ] {
            let start = ("POST", imports.as_str(), json!({ "filter": {} }));
            expect_repeated(&mut world, "TransactWriteItems", code, start).await;
        }
    });
}
