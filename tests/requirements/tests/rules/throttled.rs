//! A review of a large MSP while the database takes no more than AWS lets it (R68 to R71): each partition 1,000 write and 3,000 read
//! units a second, each table its quota, and nothing saved up.
//!
//! `THROTTLED=extreme CARGO_PROFILE_DEV_OPT_LEVEL=1 cargo test --workspace --test rules throttled -- --nocapture` has 25,000 companies with
//! 500,000 contacts. Without it the MSP and what the database takes are a fifth of that, so that CI can afford it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use local_aws::Capacity;
use requirements::import::id;
use requirements::stage::quick;
use requirements::{Api, Sandbox};
use reqwest::{Method, Url};
use sandbox::Options;
use serde_json::{Value, json};
use simkit::msp::Size;

/// API Gateway ends a call after 30 seconds.
const LIMIT: Duration = Duration::from_secs(29);

/// The longest that reading the PSA may take here.
const FETCH: Duration = Duration::from_mins(20);

fn measured() -> (Size, Capacity) {
    let aws = Capacity::AWS.without_burst();
    match std::env::var("THROTTLED").as_deref() {
        Ok("extreme") => (Size::Extreme, aws),
        _ => (Size::Large, aws.share(5.0)),
    }
}

/// Calls the API, and remembers which call took longest.
struct Administrator {
    api: Api,
    longest: Mutex<(Duration, String)>,
}

impl Administrator {
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let began = Instant::now();
        let answer = self.api.call(method.clone(), path, body).await.unwrap();
        let took = began.elapsed();
        println!("{} ms: {method} {}", took.as_millis(), path.split('?').next().unwrap());
        assert!(
            answer.status.is_success(),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        assert!(took < LIMIT, "{method} {path} took {} s", took.as_secs());
        let mut longest = self.longest.lock().unwrap();
        if longest.0 < took {
            *longest = (took, format!("{method} {path}"));
        }
        answer.body
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    /// The first pages of a list.
    async fn browse(&self, path: &str) -> Vec<Value> {
        let mut page = self.get(path).await;
        let mut rows = page["items"].as_array().unwrap().clone();
        for _ in 0..3 {
            let Some(next) = page["next"].as_str().map(str::to_owned) else {
                break;
            };
            let next = Url::parse_with_params("http://list", [("after", next)]).unwrap();
            page = self.get(&format!("{path}&{}", next.query().unwrap())).await;
            rows.extend(page["items"].as_array().unwrap().clone());
        }
        rows
    }
}

/// Everything that a review has: browsing, searching, decisions on many and on one, the plan page by page, and its confirmation.
async fn review(ana: &Administrator, import: &str) {
    let import = format!("/imports/{import}");
    let everything = json!({ "selected": true, "where": {} });
    let rows = ana.browse(&format!("{import}/companies?tab=in&limit=500")).await;
    ana.get(&format!("{import}/companies?tab=in&search=bakker")).await;
    ana.get(&format!(
        "{import}/companies?tab=in&status=unmapped&limit=50&people=true"
    ))
    .await;
    let select = format!("{import}/companies/select");
    ana.call(Method::POST, &select, Some(&everything)).await;
    let active = json!({ "selected": true, "where": { "active": true } });
    ana.call(Method::POST, &format!("{import}/addresses/select"), Some(&active))
        .await;
    // The largest of those that were browsed.
    let of_others = rows.iter().filter(|row| row["own"] == false && row["active"] == true);
    let largest = of_others.max_by_key(|row| row["addresses"].as_u64()).unwrap();
    let people = format!("{import}/companies/{}/addresses", id(largest));
    let shown = ana.browse(&format!("{people}?limit=500")).await;
    let tick = json!({ "version": shown[0]["version"], "selected": shown[0]["selected"] != true });
    ana.call(Method::PATCH, &format!("{people}/{}", id(&shown[0])), Some(&tick))
        .await;
    ana.get(&format!("{import}/addresses?search=jan")).await;
    let plan = ana.get(&format!("{import}/plan")).await;
    ana.browse(&format!("{import}/plan?limit=100")).await;
    ana.get(&import).await;
    let confirmed = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    ana.call(Method::POST, &format!("{import}/execute"), Some(&confirmed))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r68_r71_every_call_of_a_review_ends_in_time_from_a_throttled_database() {
    let (size, capacity) = measured();
    let options = Options {
        size: Some(size),
        ..quick()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let limiter = sandbox.throttle_store(capacity);
    let ana = Administrator {
        api: sandbox.api("ana"),
        longest: Mutex::default(),
    };
    let integration = ana.api.integration("connectwise").await.unwrap();
    let import = ana.api.start(&integration, &json!({})).await.unwrap();
    let fetched = ana.api.wait(&import, "fetching", FETCH, |_| {}).await.unwrap();
    assert_eq!(fetched["state"], "review", "{fetched}");
    // What comes after the confirmation is no call of a review.
    sandbox.pause(true).await;
    review(&ana, &import).await;
    assert!(
        limiter.refused() > 0,
        "the database had room for everything: nothing was proved"
    );
    let (took, call) = ana.longest.lock().unwrap().clone();
    println!(
        "throttled: {} refusals, the longest call {} ms ({call})",
        limiter.refused(),
        took.as_millis()
    );
    sandbox.stop().await;
}
