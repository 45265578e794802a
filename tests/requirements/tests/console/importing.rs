//! An import at work: how far it is, and how its rows ended so far (R74, R94).

use std::time::{Duration, Instant};

use requirements::stage::{PATIENCE, advance};
use requirements::{Sandbox, import, lastpass};
use serde_json::{Value, json};
use simkit::Simulator as _;

use crate::stage::{KIND, Stage};

/// The import once it waits for LastPass with something done.
async fn waits(sandbox: &Sandbox, import: &str) -> Value {
    let (ana, end) = (sandbox.api("ana"), Instant::now() + PATIENCE);
    loop {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        assert!(now["state"] == "executing" && Instant::now() < end, "{now}");
        match (now["waiting"].is_object(), now["progress"]["outcomes"].is_object()) {
            (true, true) => return now,
            (true, false) => advance(sandbox, 60).await,
            (false, _) => {}
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An import of two companies, of which the first has come about and the second waits for LastPass.
async fn half_done(stage: &Stage) -> String {
    lastpass::set(&stage.sandbox, json!({ "companyCreateDelay": "none" }));
    let ana = stage.sandbox.api("ana");
    let id = import::fetch(&ana, KIND).await;
    import::choose(&ana, &id, 2).await;
    let fault = json!({
        "match": { "method": "POST", "path": "/managed-companies$" }, "skip": 1, "answer": { "status": 503 },
    });
    let server = stage.sandbox.lastpass.as_ref().unwrap();
    server.simulator().faults().add(serde_json::from_value(fault).unwrap());
    import::execute(&ana, &id).await;
    let now = waits(&stage.sandbox, &id).await;
    assert_eq!(now["progress"]["outcomes"]["companies"]["created"], 1, "{now}");
    id
}

#[tokio::test]
async fn r94_an_import_that_waits_shows_what_it_has_done_so_far() {
    let stage = Stage::of(lastpass::sandbox().await);
    let id = half_done(&stage).await;
    for (language, texts) in [
        ("en", ["So far", "Created1", "Nothing fails for it."]),
        ("nl", ["Tot nu toe", "Gemaakt1", "Er mislukt niets door."]),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let page = browser.open(&stage.at(&format!("/console/imports/{id}/result"))).await;
        let words = page.words();
        assert!(texts.iter().all(|text| words.contains(text)), "{words}");
    }
    lastpass::take_all(&stage.sandbox);
    lastpass::end(stage.sandbox).await;
}

#[tokio::test]
async fn r94_an_import_that_was_asked_to_stop_says_so() {
    let stage = Stage::of(lastpass::sandbox().await);
    let id = half_done(&stage).await;
    // Or it would end at once.
    stage.sandbox.pause(true).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&stage.at(&format!("/console/imports/{id}/result"))).await;
    let page = browser.press(&page, "Stop after the company at hand", &[]).await;
    assert!(
        page.words().contains("It stops after the company at hand."),
        "{}",
        page.words()
    );
    assert!(!page.has_button("Stop after the company at hand"));
    stage.sandbox.pause(false).await;
    lastpass::take_all(&stage.sandbox);
    lastpass::end(stage.sandbox).await;
}
