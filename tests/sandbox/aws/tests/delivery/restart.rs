//! What is delivered after a stop, a crash in the same process, and SIGKILL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::bench::{PATIENCE, Sandbox};

const FOLDER: &str = "LOCAL_AWS_KILLED_FOLDER";

/// Until the pipe has kept that an execution ended.
async fn position_kept(folder: &Path) {
    let kept = async {
        while !folder.join("pipe.json").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_unfinished_work_is_delivered_again_and_finished_work_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    sandbox.write_import("unfinished", "fetch").await;
    let _unfinished = sandbox.call().await;
    sandbox.write_import("finished", "fetch").await;
    sandbox.call().await.done();
    position_kept(folder.path()).await;
    sandbox.pipe.pause(true).await;
    sandbox.write_import("unread", "fetch").await;
    sandbox.crash();

    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    let (one, other) = (sandbox.call().await, sandbox.call().await);
    let mut again = [one.import(), other.import()];
    again.sort_unstable();
    assert_eq!(again, ["unfinished", "unread"]);
    one.done();
    other.done();
    assert!(sandbox.is_quiet());
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_calls_finish_and_gives_back_the_work_that_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    let mut calls = Vec::new();
    for id in ["ending", "going-on", "waiting"] {
        sandbox.write_import(id, "fetch").await;
        calls.push(sandbox.call().await);
    }
    let in_an_hour = Timestamp::now() + SignedDuration::from_hours(1);
    calls.pop().unwrap().wait_until(in_an_hour);
    // The answers come after the wish to stop, because `join!` begins with its first.
    tokio::join!(sandbox.stop(), async {
        calls.pop().unwrap().again();
        calls.pop().unwrap().done();
    });

    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    let (one, other) = (sandbox.call().await, sandbox.call().await);
    let mut left = [one.import(), other.import()];
    left.sort_unstable();
    assert_eq!(left, ["going-on", "waiting"]);
    one.done();
    other.done();
    sandbox.stop().await;

    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    sandbox.write_import("later", "fetch").await;
    assert_eq!(sandbox.call().await.import(), "later", "nothing is left of before");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_killed_process_is_delivered_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restart::process_to_be_killed"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let at_work = async {
        while !folder.path().join("at-work").exists() {
            assert_eq!(child.try_wait().unwrap(), None, "the process ended by itself");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, at_work).await;
    child.kill().unwrap();
    child.wait().unwrap();
    in_time.unwrap();

    let mut sandbox = Sandbox::start(Some(folder.path())).await;
    let call = sandbox.call().await;
    assert_eq!(call.import(), "x2", "x1 was done before");
    call.done();
    sandbox.stop().await;
}

/// The process of the test above: finishes one import and is killed at work on the second. By itself it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn process_to_be_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut sandbox = Sandbox::start(Some(&folder)).await;
    sandbox.write_import("x1", "fetch").await;
    sandbox.call().await.done();
    position_kept(&folder).await;
    sandbox.write_import("x2", "fetch").await;
    let _never_answered = sandbox.call().await;
    std::fs::write(folder.join("at-work"), "").unwrap();
    tokio::time::sleep(PATIENCE).await;
}
