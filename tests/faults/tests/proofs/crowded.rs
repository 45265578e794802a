//! A call that always loses to concurrent writes ends with a retryable error after a fixed number of attempts, with backoff (R65).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::psa::PsaKind;
use faults::engine::Engine;
use faults::script::{Script, Step};
use faults::wire::Watch;
use faults::world::{Message, World};
use serde_json::{Value, json};
use store::retry::RETRY;
use tokio::time::Instant;

use crate::cores::alone;

/// Refuses every transaction that changes an item of this kind, at that item; leaves every key of a batch over.
struct Crowd {
    what: &'static str,
    refused: AtomicUsize,
}

impl Watch for Crowd {
    fn look(&self, engine: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        let request: Value = serde_json::from_str(body).unwrap();
        match operation {
            "TransactWriteItems" => {
                let actions = request["TransactItems"].as_array().unwrap();
                let Some(at) = actions.iter().position(|action| is_about(action, self.what)) else {
                    return apply();
                };
                self.refused.fetch_add(1, Ordering::SeqCst);
                let mut reasons = vec![json!({ "Code": "None" }); actions.len()];
                reasons[at] = json!({ "Code": "ConditionalCheckFailed" });
                if let Some(key) = actions[at]["Update"].get("Key") {
                    let get = json!({ "TableName": actions[at]["Update"]["TableName"], "Key": key });
                    let (_, found) = engine.answer("GetItem", &get.to_string());
                    reasons[at]["Item"] = serde_json::from_str::<Value>(&found).unwrap()["Item"].clone();
                }
                let refusal = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
                let refused = json!({ "__type": refusal, "Message": "refused", "CancellationReasons": reasons });
                (400, refused.to_string())
            }
            "BatchGetItem" if self.what == "batch" => {
                self.refused.fetch_add(1, Ordering::SeqCst);
                let over = json!({ "Responses": {}, "UnprocessedKeys": request["RequestItems"] });
                (200, over.to_string())
            }
            _ => apply(),
        }
    }
}

/// Whether an action changes an item whose sort key begins so.
fn is_about(action: &Value, what: &str) -> bool {
    let sk = [&action["Put"]["Item"], &action["Update"]["Key"]]
        .into_iter()
        .find_map(|key| key["sk"]["S"].as_str());
    sk.is_some_and(|sk| sk.starts_with(what))
}

/// Makes a call against the crowd; gives how it is answered.
async fn call(world: &mut World, what: &'static str, call: Message) -> Value {
    let crowd = Arc::new(Crowd {
        what,
        refused: AtomicUsize::new(0),
    });
    world.watch = Some(crowd.clone());
    tokio::time::pause();
    let began = Instant::now();
    let answer = world.deliver(&call).await.unwrap().unwrap();
    let waited = began.elapsed();
    tokio::time::resume();
    world.watch = None;
    assert_eq!(crowd.refused.load(Ordering::SeqCst), RETRY.repeats + 1, "{what}");
    assert!(
        waited > Duration::from_secs(1) && waited < Duration::from_secs(15),
        "{what}: {waited:?}"
    );
    answer
}

#[test]
fn r65_a_call_that_always_loses_ends_after_eleven_attempts() {
    alone(async {
        let mut world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(2, 2).await;
        let confirmation = script.confirmation().await;
        let integration = script.integration().await.unwrap();
        let imports = script.get(&format!("/integrations/{integration}/imports")).await;
        let path = format!("/imports/{}", imports["items"][0]["id"].as_str().unwrap());
        let rows = script.get(&format!("{path}/companies?tab=in&limit=100")).await;
        let row = rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["selected"] == true);
        let company = format!("{path}/companies/{}", row.unwrap()["id"].as_str().unwrap());
        let post = |path: String, body: Value| Message::Call {
            who: "ana",
            method: "POST",
            path,
            body,
        };
        let everything = json!({ "selected": false, "where": {} });
        let calls = [
            (
                "DECISION#RULES#",
                post(format!("{path}/companies/select"), everything.clone()),
            ),
            (
                "DECISION#RULES#",
                post(format!("{company}/addresses/select"), everything),
            ),
            ("LOCK", confirmation),
            (
                "batch",
                Message::Call {
                    who: "ana",
                    method: "GET",
                    path: format!("{path}/plan"),
                    body: Value::Null,
                },
            ),
            (
                "IMPORT",
                Message::Call {
                    who: "ana",
                    method: "DELETE",
                    path: path.clone(),
                    body: Value::Null,
                },
            ),
        ];
        for (what, message) in calls {
            let answer = call(&mut world, what, message).await;
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(
                (&answer["statusCode"], &body["retryable"]),
                (&json!(500), &json!(true)),
                "{what}: {body}"
            );
        }
        // Nothing of it has changed anything: the same import goes through.
        let script = Script::new(&world);
        let now = script.get(&path).await;
        assert_eq!(now["state"], "review", "{now}");
    });
}
