//! What one hostile MSP costs the others (R65): the same load, alone and next to it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::psa::PsaKind;
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use reqwest::Method;
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::load::{Administrator, Latencies, forget, milliseconds, one_in_a_hundred_fails};

/// The others' slowest answers in a hundred may take so many times as long.
const MAX_RATIO: f64 = 1.5;

/// Between two calls of the hostile MSP: a hundred a second.
const INTERVAL: Duration = Duration::from_millis(10);

/// The login company whose PSA never answers.
const BLACK_HOLE: &str = "blackhole";

pub(crate) async fn compare(msps: usize) -> Result<(), Failure> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let latencies: Latencies = Arc::new(Mutex::new(Histogram::new(3)?));
    let mut administrators = Vec::new();
    for number in 0..2 * msps {
        administrators.push(Administrator::new(&sandbox, number, &latencies).await?);
    }
    let (alone, next_to_it) = administrators.split_at(msps);
    one_in_a_hundred_fails(&sandbox)?;

    let before = measure(alone, &latencies).await?;
    let hostile = Hostile::start(&sandbox)?;
    let after = measure(next_to_it, &latencies).await?;
    let hostile = hostile.stop().await;

    println!("| answers of the API to {msps} MSPs, ms | alone | next to a hostile MSP |");
    println!("|---|---:|---:|");
    for quantile in [0.5, 0.9, 0.99, 1.0] {
        let (before, after) = (milliseconds(&before, quantile), milliseconds(&after, quantile));
        println!("| {} % took at most | {before:.0} | {after:.0} |", quantile * 100.0);
    }
    println!("| calls of the hostile MSP | – | {} |", hostile.0);
    println!("| of these, refused | – | {} |", hostile.1);
    sandbox.kill().await;
    let ratio = milliseconds(&after, 0.99) / milliseconds(&before, 0.99);
    println!("| ratio at 99 % | – | {ratio:.2} |");
    if ratio <= MAX_RATIO {
        Ok(())
    } else {
        Err(format!("the others waited {ratio:.2} times as long, and {MAX_RATIO} is the most").into())
    }
}

/// All of them import at once; every call of theirs must succeed.
async fn measure(administrators: &[Administrator], latencies: &Latencies) -> Result<Histogram<u64>, Failure> {
    forget(latencies);
    try_join_all(administrators.iter().map(Administrator::import)).await?;
    Ok(latencies.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// Calls without waiting for answers, whatever they are.
struct Hostile {
    stopped: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    calls: tokio::task::JoinHandle<u64>,
}

impl Hostile {
    fn start(sandbox: &Sandbox) -> Result<Self, Failure> {
        let kind = PsaKind::Connectwise;
        let never = json!({ "match": { "path": BLACK_HOLE }, "answer": { "delayMs": 3_600_000 } });
        sandbox.psas.get(kind).faults().add(serde_json::from_value(never)?);
        let mut body = sandbox.psas.integration(kind);
        body["companyId"] = json!(BLACK_HOLE);
        let token = sandbox.token_for("somebody", "hostile", &["administrator"])?;
        let api = Api::new(&sandbox.face.api, token);
        let (stopped, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let calls = tokio::spawn(flood(api, body, Arc::clone(&stopped), Arc::clone(&refused)));
        Ok(Self {
            stopped,
            refused,
            calls,
        })
    }

    /// How many calls it has made, and how many of them were refused.
    async fn stop(self) -> (u64, u64) {
        self.stopped.store(true, Ordering::Relaxed);
        let calls = self.calls.await.unwrap_or_default();
        (calls, self.refused.load(Ordering::Relaxed))
    }
}

async fn flood(api: Api, body: Value, stopped: Arc<AtomicBool>, refused: Arc<AtomicU64>) -> u64 {
    let (mut calls, mut under_way) = (0, JoinSet::new());
    let mut interval = tokio::time::interval(INTERVAL);
    while !stopped.load(Ordering::Relaxed) {
        interval.tick().await;
        calls += 1;
        let (api, body, refused) = (api.clone(), body.clone(), Arc::clone(&refused));
        under_way.spawn(async move {
            if let Ok(answer) = api.call(Method::POST, "/integrations", Some(&body)).await
                && answer.status.as_u16() == 429
            {
                refused.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    calls
}
