//! Many MSPs that import at the same moment, through the HTTP API of one sandbox.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use reqwest::Method;
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use simkit::faults::Fault;

use crate::failure::Failure;
use crate::process::peak;

/// Companies whose people are imported.
const COMPANIES: usize = 5;

/// Between two looks of an administrator's screen.
const LOOK: Duration = Duration::from_millis(500);

/// The longest that a stage of an import may take.
const PATIENCE: Duration = Duration::from_mins(15);

/// How long the answers of the API took, in microseconds.
pub(crate) type Latencies = Arc<Mutex<Histogram<u64>>>;

/// An administrator whose waiting is measured.
pub(crate) struct Administrator {
    api: Api,
    kind: PsaKind,
    integration: String,
    latencies: Latencies,
}

/// What an import came to: its counts, and the licences afterwards.
type End = (Value, Value);

pub(crate) async fn load(msps: usize) -> Result<(), Failure> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let latencies: Latencies = Arc::new(Mutex::new(Histogram::new(3)?));
    // Two first whom nothing disturbs: how all should end.
    let mut administrators = Vec::new();
    for number in 0..msps + 2 {
        administrators.push(Administrator::new(&sandbox, number, &latencies).await?);
    }
    let (undisturbed, many) = administrators.split_at(2);
    let expected = try_join_all(undisturbed.iter().map(Administrator::import)).await?;
    forget(&latencies);

    one_in_a_hundred_fails(&sandbox)?;
    let before = requests(&sandbox);
    let began = Instant::now();
    let ends = try_join_all(many.iter().map(Administrator::import)).await?;
    let took = began.elapsed().as_secs_f64();

    let right = ends
        .iter()
        .enumerate()
        .filter(|(number, end)| expected.get(number % 2) == Some(end));
    let right = right.count();
    let rows: u64 = ends
        .iter()
        .filter_map(|(result, _)| result["users"]["created"].as_u64())
        .sum();
    let latencies = latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    println!("| what | how much |");
    println!("|---|---:|");
    println!("| imports at once | {msps} |");
    println!("| ended as an undisturbed one | {right} |");
    println!("| seconds | {took:.0} |");
    println!("| users created a second | {:.0} |", per_second(rows, took));
    println!("| requests to the PSAs | {} |", requests(&sandbox) - before);
    println!(
        "| calls of the API a second | {:.0} |",
        per_second(latencies.len(), took)
    );
    for quantile in [0.5, 0.9, 0.99, 1.0] {
        println!(
            "| answer of the API, {} %, ms | {:.0} |",
            quantile * 100.0,
            milliseconds(&latencies, quantile)
        );
    }
    println!("| peak memory of the whole sandbox, MiB | {} |", peak()? / 1024);
    sandbox.stop().await;
    if right == msps {
        Ok(())
    } else {
        Err(format!("{} of {msps} imports ended otherwise", msps - right).into())
    }
}

/// So many of the answers took no longer than this, in milliseconds.
pub(crate) fn milliseconds(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_micros(latencies.value_at_quantile(quantile)).as_secs_f64() * 1_000.0
}

fn per_second(count: u64, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = count as f64;
    count / seconds
}

pub(crate) fn forget(latencies: &Latencies) {
    latencies.lock().unwrap_or_else(PoisonError::into_inner).reset();
}

fn requests(sandbox: &Sandbox) -> usize {
    let of = |kind| sandbox.psas.get(kind).requests().items().len();
    of(PsaKind::Connectwise) + of(PsaKind::Autotask)
}

/// A refusal, a rate limit, a broken connection and half an answer, each once in four hundred requests.
pub(crate) fn one_in_a_hundred_fails(sandbox: &Sandbox) -> Result<(), Failure> {
    let answers = [
        json!({ "status": 503 }),
        json!({ "status": 429, "headers": { "retry-after": "1" } }),
        json!({ "reset": true }),
        json!({ "truncateAfter": 100 }),
    ];
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        for (number, answer) in answers.iter().enumerate() {
            let fault: Fault = serde_json::from_value(json!({ "skip": number * 100, "every": 400, "answer": answer }))?;
            sandbox.psas.get(kind).faults().add(fault);
        }
    }
    Ok(())
}

impl Administrator {
    /// The administrator of an MSP with licences and one PSA: of even numbers ConnectWise, of odd ones Autotask.
    pub(crate) async fn new(sandbox: &Sandbox, number: usize, latencies: &Latencies) -> Result<Self, Failure> {
        let kind = if number.is_multiple_of(2) {
            PsaKind::Connectwise
        } else {
            PsaKind::Autotask
        };
        let token = sandbox.token_for("somebody", &format!("msp-{number}"), &["administrator"])?;
        let api = Api::new(&sandbox.face.api, token);
        api.put("/licences", &json!({ "total": 1_000, "mode": "pool" })).await?;
        let integration = api.post("/integrations", &sandbox.psas.integration(kind)).await?;
        let integration = integration["id"].as_str().ok_or("the integration has no id")?;
        Ok(Self {
            api,
            kind,
            integration: integration.to_owned(),
            latencies: Arc::clone(latencies),
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let began = Instant::now();
        let answer = self.api.call(method.clone(), path, body).await?;
        let took = u64::try_from(began.elapsed().as_micros())?;
        self.latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(took)?;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            Err(format!("{method} {path}: {} {}", answer.status, answer.body).into())
        }
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A first import of all companies, and of the people of some.
    pub(crate) async fn import(&self) -> Result<End, Failure> {
        let path = format!("/integrations/{}/imports", self.integration);
        let import = self.post(&path, &json!({ "filter": {} })).await?;
        let import = format!("/imports/{}", import["id"].as_str().ok_or("the import has no id")?);
        self.wait(&import, "fetching", "review").await?;
        let everything = json!({ "selected": true, "where": {} });
        self.post(&format!("{import}/companies/select"), &everything).await?;
        let rows = self.get(&format!("{import}/companies?tab=in&limit=500")).await?;
        let rows = rows["items"].as_array().into_iter().flatten();
        let new = rows.filter(|row| row["status"] == "unmapped" && row["selected"] == true);
        for row in new.take(COMPANIES) {
            let company = row["id"].as_str().unwrap_or_default();
            let path = format!("{import}/companies/{company}/addresses/select");
            self.post(&path, &everything).await?;
        }
        let plan = self.get(&format!("{import}/plan")).await?;
        let confirmed = json!({ "planHash": plan["hash"], "confirmMassChange": true });
        self.post(&format!("{import}/execute"), &confirmed).await?;
        self.wait(&import, "executing", "done").await?;
        let mut result = self.get(&format!("{import}/result")).await?;
        let counts = json!({ "companies": result["companies"].take(), "users": result["users"].take() });
        Ok((counts, self.get("/licences").await?))
    }

    async fn wait(&self, import: &str, while_in: &str, then: &str) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            let now = self.get(import).await?;
            if now["state"] == then {
                return Ok(());
            }
            if now["state"] != while_in || Instant::now() > end {
                return Err(format!("{:?}: the import is not {then}: {now}", self.kind).into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
