//! From a write to the worker: stream, pipe, state machine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod bench;
mod restart;

use std::sync::atomic::Ordering;
use std::time::Duration;

use bench::{Call, Sandbox};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_written_import_is_worked_on_until_its_worker_is_done() {
    let mut sandbox = Sandbox::start(None).await;
    sandbox.write_import("x1", "fetch").await;

    let call = sandbox.call().await;
    assert_eq!(call.function, "FetchFunction");
    let work = json!({ "msp": "m1", "import": "x1", "giveUp": false, "unattended": false, "waited": null });
    assert_eq!(call.event, work);
    call.wait_until(Timestamp::now() + SignedDuration::from_hours(1));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(sandbox.is_quiet(), "the hour is not over");
    sandbox.clock.store(3_600, Ordering::SeqCst);

    sandbox.call().await.again();
    sandbox.call().await.done();

    sandbox.write_import("x1", "review").await;
    sandbox.write_import("x1", "execute").await;
    let call = sandbox.call().await;
    assert_eq!((call.function.as_str(), call.import()), ("ExecuteFunction", "x1"));
    call.done();
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_imports_with_work_to_do_are_delivered() {
    let mut sandbox = Sandbox::start(None).await;
    for (sk, state) in [
        ("IMPORT", "review"),
        ("IMPORT", "done"),
        ("ROW#1", "fetch"),
        ("OUTCOME#1", "execute"),
    ] {
        sandbox.write("MSP#m1#IMPORT#x1", sk, "x1", state).await;
    }
    sandbox.write_import("x2", "fetch").await;
    // Records come in the order they were written, so the others have been passed over by now.
    let call = sandbox.call().await;
    assert_eq!(call.import(), "x2");
    call.done();
    assert!(sandbox.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_are_worked_on_side_by_side() {
    let mut sandbox = Sandbox::start(None).await;
    let ids = ["x1", "x2", "x3"];
    for id in ids {
        sandbox.write_import(id, "fetch").await;
    }
    let mut calls = Vec::new();
    for _ in ids {
        calls.push(sandbox.call().await);
    }
    let mut called: Vec<_> = calls.iter().map(Call::import).collect();
    called.sort_unstable();
    assert_eq!(called, ids, "none waits for another to be done");
    calls.into_iter().for_each(Call::done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_back_what_is_written_meanwhile() {
    let mut sandbox = Sandbox::start(None).await;
    sandbox.write_import("x1", "fetch").await;
    let at_work = sandbox.call().await;

    sandbox.pipe.pause(true).await;
    sandbox.write_import("x2", "fetch").await;
    at_work.again();
    let still_at_work = sandbox.call().await;
    assert_eq!(still_at_work.import(), "x1", "an execution at work goes on");
    still_at_work.done();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(sandbox.is_quiet());

    sandbox.pipe.pause(false).await;
    let call = sandbox.call().await;
    assert_eq!(call.import(), "x2");
    call.done();
}
