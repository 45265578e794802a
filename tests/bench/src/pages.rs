//! Pages of the console for an MSP of any size: how long each takes from the request to its last byte, with the API and the database
//! behind it in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a page that is not as expected ends the measurement"
)]

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use requirements::console::browser::Browser;
use requirements::console::page::Page;
use sandbox::{CallRates, Options, Sandbox};
use serde_json::json;
use simkit::msp::Size;

use crate::failure::Failure;
use crate::stage::{Stage, name};

/// How often each page is opened: the slowest of a hundred is the 99th percentile.
const TIMES: usize = 100;

/// The longest that a page may take (R93), but for the first answer of a plan.
const MOST: Duration = Duration::from_secs(1);

/// How long a worker of the first import may run.
const RUN: Duration = Duration::from_mins(15);

/// How long each page took, in the order in which they were opened first.
#[derive(Default)]
struct Taken(Vec<(String, Vec<Duration>)>);

impl Taken {
    fn add(&mut self, what: &str, took: Duration) {
        match self.0.iter_mut().find(|(known, _)| known == what) {
            Some((_, times)) => times.push(took),
            None => self.0.push((what.to_owned(), vec![took])),
        }
    }

    /// Prints a line for each, and gives those that took too long.
    fn print(&mut self, kind: PsaKind) -> Vec<String> {
        let mut slow = Vec::new();
        for (what, times) in &mut self.0 {
            times.sort_unstable();
            let of_hundred = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
            let (half, most) = (of_hundred(50), of_hundred(99));
            println!(
                "| {} | {what} | {} | {} | {} |",
                name(kind),
                times.len(),
                half.as_millis(),
                most.as_millis()
            );
            if most > MOST && what != FIRST_ANSWER {
                slow.push(format!("{}: {what}", name(kind)));
            }
        }
        slow
    }
}

/// A page announces this one, so that it may take longer.
const FIRST_ANSWER: &str = "first answer of the plan";

/// Opens every page of a review of an MSP's PSAs, and confirms its plan; fails if a page takes too long.
pub(crate) async fn pages(size: Size, kinds: &[PsaKind]) -> Result<(), Failure> {
    println!("| PSA | page | times | half of them, ms | 99 of 100, ms |");
    println!("|---|---|---:|---:|---:|");
    let mut slow = Vec::new();
    for kind in kinds {
        let sandbox = Sandbox::start(Options {
            size: Some(size),
            call_rates: Some(CallRates::per_minute(0, 0)),
            ..Options::default()
        })
        .await?;
        sandbox.pause(true).await;
        let integration = sandbox.api("ana").integration(name(*kind)).await?;
        let import = reviewed(&sandbox, *kind, &integration).await?;
        let mut taken = Taken::default();
        walk(&sandbox, (&integration, &import), &mut taken).await;
        slow.extend(taken.print(*kind));
        sandbox.stop().await;
    }
    if slow.is_empty() {
        return Ok(());
    }
    Err(format!("these take longer than {} ms: {}", MOST.as_millis(), slow.join(", ")).into())
}

/// Starts an import and lets its worker read the PSA.
async fn reviewed(sandbox: &Sandbox, kind: PsaKind, integration: &str) -> Result<String, Failure> {
    let path = format!("/integrations/{integration}/imports");
    let started = sandbox.api("ana").post(&path, &json!({})).await?;
    let import = started["id"].as_str().ok_or("an import has an id")?.to_owned();
    let stage = Stage {
        sandbox,
        kind,
        round: "first",
        import: &import,
        run: RUN,
    };
    stage.worker("fetch").await?;
    Ok(import)
}

/// One person's browser, with a watch.
struct Watched<'a> {
    browser: Browser,
    taken: &'a mut Taken,
}

impl Watched<'_> {
    async fn open(&mut self, what: &str, url: &str) -> Page {
        let began = Instant::now();
        let page = self.browser.open(url).await;
        self.taken.add(what, began.elapsed());
        assert!(page.status.is_success(), "{what}: {} {}", page.status, page.words());
        page
    }

    /// Opens a page as often as it takes to know its 99th percentile.
    async fn often(&mut self, what: &str, url: &str) -> Page {
        let mut page = self.open(what, url).await;
        for _ in 1..TIMES {
            page = self.open(what, url).await;
        }
        page
    }

    async fn press(&mut self, what: &str, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let began = Instant::now();
        let page = self.browser.press(page, button, fields).await;
        self.taken.add(what, began.elapsed());
        assert!(page.status.is_success(), "{what}: {} {}", page.status, page.words());
        page
    }
}

/// From the first page to the confirmation.
async fn walk(sandbox: &Sandbox, (integration, import): (&str, &str), taken: &mut Taken) {
    let mut browser = Browser::new("en");
    let provider = browser.open(&sandbox.face.console).await;
    browser.press(&provider, "Ana", &[]).await;
    // What holds for every page is what other tests are for.
    browser.checks = false;
    let mut watched = Watched { browser, taken };
    let home = sandbox.face.console.clone();
    let at = format!("{home}/imports/{import}");
    watched.often("integrations", &home).await;
    let companies = watched.often("companies", &format!("{at}/companies")).await;
    watched.often("companies: next page", &next(&companies)).await;
    let new = format!("{at}/companies?status=unmapped");
    watched.often("companies: filtered", &new).await;
    watched
        .often("companies: searched", &format!("{at}/companies?search=bakery"))
        .await;
    watched
        .often("companies not in", &format!("{at}/companies?tab=not-in"))
        .await;
    let company = companies.html.all("a").find_map(|(_, link)| {
        let to = link.get("href")?;
        to.contains("/companies/").then(|| companies.url.join(to).unwrap())
    });
    let company = company.expect("the list leads to a company");
    watched.often("a company", company.as_str()).await;
    let selected = watched.open("companies: filtered", &new).await;
    for _ in 0..3 {
        watched
            .press("select all new companies", &selected, "Select all that match", &[])
            .await;
    }
    let people = watched.often("people", &format!("{at}/people")).await;
    watched
        .press(
            "tick all active people",
            &people,
            "Give access to everybody active",
            &[],
        )
        .await;
    let plan = watched.open(FIRST_ANSWER, &format!("{at}/plan?announced=yes")).await;
    watched
        .often("plan: the same again", &format!("{at}/plan?announced=yes"))
        .await;
    watched.often("plan: next page", &next(&plan)).await;
    let confirmed = watched.press("confirm", &plan, "Import ", &[("Yes, all", "on")]).await;
    watched.often("carrying out", confirmed.url.as_str()).await;
    watched
        .often(
            "an integration with its imports",
            &format!("{home}/integrations/{integration}"),
        )
        .await;
}

fn next(page: &Page) -> String {
    let found = page.html.all("a").find(|(_, link)| link.words() == "Next page");
    let (_, found) = found.unwrap_or_else(|| panic!("{} is the last page", page.url));
    page.url
        .join(found.get("href").unwrap_or_default())
        .unwrap()
        .to_string()
}
