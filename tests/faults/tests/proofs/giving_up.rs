//! A database that has no room for whichever call of the run that gives an import up keeps no row from being accounted for (R36, R40).

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::script::{Script, Step};
use faults::wire::{Call, Gate, Verdict};
use faults::world::{MSP, World, beyond_lease};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::cores::alone;

/// Fails one call, however often it is repeated.
#[derive(Default)]
struct Busy {
    at: Option<usize>,
    seen: Mutex<Vec<String>>,
}

impl Gate for Busy {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let mut seen = self.seen.lock().unwrap();
        let known = seen.iter().position(|request| request == call.request);
        let number = known.unwrap_or_else(|| {
            seen.push(call.request.to_owned());
            seen.len() - 1
        });
        let verdict = if self.at == Some(number) {
            Verdict::Fail
        } else {
            Verdict::Answer
        };
        std::future::ready(verdict).boxed()
    }
}

/// The counts of the import, once it has ended.
async fn counts(script: &Script<'_>, path: &str) -> Option<Value> {
    let import = script.get(path).await;
    (import["state"] == "failed").then(|| import["counts"].clone())
}

/// An import in which a row was given up has failed, whichever run ends it.
async fn assert_ended_as_its_rows(script: &Script<'_>, path: &str) {
    let import = script.get(path).await;
    let companies = import["counts"]["companies"].as_object().unwrap().values();
    let companies: u64 = companies.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(companies, 3, "{import}");
    let result = script.get(&format!("{path}/result")).await;
    let rows = ["errors", "skipped"].map(|list| result[list].as_array().unwrap().clone());
    let is_given_up = rows.concat().iter().any(|row| row["code"] == "given_up");
    let state = if is_given_up { "failed" } else { "done" };
    assert_eq!(import["state"], state, "{import} {result}");
}

#[test]
fn r36_r40_whichever_call_fails_while_an_import_is_given_up_every_row_is_accounted_for() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(3, 2).await;
        world.deliver(&script.confirmation().await).await.unwrap().unwrap();
        let integration = script.integration().await.unwrap();
        let imports = script.get(&format!("/integrations/{integration}/imports")).await;
        let import = imports["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/imports/{import}");
        let confirmed = world.keep(folder.path(), "confirmed");
        let give_up = json!({ "msp": MSP, "import": import, "giveUp": true });

        let undisturbed = Arc::new(Busy::default());
        let process = world.process_behind(undisturbed.clone());
        process.invoke("ExecuteFunction", give_up.clone()).await.unwrap();
        let expected = counts(&script, &path).await.unwrap();
        assert_eq!(expected["companies"]["skipped"], 3, "{expected}");
        let calls = undisturbed.seen.lock().unwrap().len();
        let mut again = 0;
        for at in 0..calls {
            world.go_back(&confirmed);
            let busy = Busy {
                at: Some(at),
                ..Busy::default()
            };
            let failed = world.process_behind(Arc::new(busy));
            let answer = failed.invoke("ExecuteFunction", give_up.clone()).await;
            let comes_again = answer.is_ok_and(|answer| answer["outcome"] == "wait");
            let mut found = counts(&script, &path).await;
            if found.is_none() {
                assert!(comes_again, "call {at}: nobody would come again");
                again += 1;
                world.ticking.advance(beyond_lease());
                let waiting = world.keep(folder.path(), &format!("waiting {at}"));
                // After a wait the state machine calls as if the import had not been given up.
                let execute = json!({ "msp": MSP, "import": import });
                world.process().invoke("ExecuteFunction", execute).await.unwrap();
                assert_ended_as_its_rows(&script, &path).await;
                world.go_back(&waiting);
                world
                    .process()
                    .invoke("ExecuteFunction", give_up.clone())
                    .await
                    .unwrap();
                found = counts(&script, &path).await;
            }
            assert_eq!(found, Some(expected.clone()), "call {at} of {calls}");
        }
        assert!(again > 0);
        println!("{calls} calls failed one by one, after {again} of them giving up took a second run");
    });
}

#[test]
fn r36_an_import_whose_checkpoint_cannot_be_read_ends_when_it_is_given_up() {
    alone(async {
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        script.take(0, Step::Start).await.unwrap();
        let integration = script.integration().await.unwrap();
        let imports = format!("/integrations/{integration}/imports");
        let newest = || async {
            script.get(&imports).await["items"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let fetching = newest().await;
        spoil(&world, &fetching, "fetch").await;
        give_up(&world, "FetchFunction", &fetching).await;
        let ended = script.get(&format!("/imports/{fetching}")).await;
        assert_eq!(
            (&ended["state"], &ended["error"]["code"]),
            (&json!("failed"), &json!("internal_error"))
        );

        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(3, 2).await;
        world.deliver(&script.confirmation().await).await.unwrap().unwrap();
        let executing = newest().await;
        spoil(&world, &executing, "execute").await;
        give_up(&world, "ExecuteFunction", &executing).await;
        let ended = script.get(&format!("/imports/{executing}")).await;
        assert_eq!(ended["state"], "failed", "{ended}");
    });
}

/// Writes a checkpoint whose position no version reads.
async fn spoil(world: &World, import: &str, work: &str) {
    let text = |text: String| AttributeValue::S(text);
    let progress = ["companies", "contacts", "pages"];
    let progress = progress
        .map(|count| (count.to_owned(), AttributeValue::N("0".to_owned())))
        .into_iter();
    let put = world.wire_behind(Arc::new(Busy::default())).dynamodb();
    put.put_item()
        .table_name(IMPORTS)
        .item("pk", text(format!("MSP#{MSP}#IMPORT#{import}")))
        .item("sk", text(format!("CHECKPOINT#{work}")))
        .item("progress", AttributeValue::M(progress.collect()))
        .item("position", text("spoilt".to_owned()))
        .send()
        .await
        .unwrap();
}

async fn give_up(world: &World, function: &str, import: &str) {
    let event = json!({ "msp": MSP, "import": import, "giveUp": true });
    world.process().invoke(function, event).await.unwrap();
}
