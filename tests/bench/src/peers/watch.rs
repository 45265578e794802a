//! What a program of others takes. It is the only child of a process of its own, which the system asks what its children took.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::failure::Failure;
use crate::process::children;

/// The longest that a client may read.
const PATIENCE: Duration = Duration::from_hours(1);

/// Has another process watch a command; gives what that tells.
pub(crate) async fn start(command: &[String], sandbox: &str) -> Result<Value, Failure> {
    let mut watcher = Command::new(std::env::current_exe()?);
    let watcher = watcher
        .arg("watch")
        .arg("--")
        .args(command)
        .env("SANDBOX", sandbox)
        .kill_on_drop(true);
    let output = watcher.output().await?;
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout)?)
    } else {
        Err(last_line(&output.stderr).into())
    }
}

/// Runs a command and prints what it printed and took.
pub(crate) async fn watch(command: &[String]) -> Result<(), Failure> {
    let [program, arguments @ ..] = command else {
        return Err("there is no command".into());
    };
    let began = Instant::now();
    let mut child = Command::new(program);
    let child = child
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, child.spawn()?.wait_with_output()).await??;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(last_line(&output.stderr).into());
    }
    let (cpu, peak) = children()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    println!(
        "{}",
        json!({ "printed": printed.trim(), "seconds": seconds, "cpuSeconds": cpu, "peakKiB": peak })
    );
    Ok(())
}

fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    last.unwrap_or("it failed without a word").to_owned()
}
