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
use requirements::import;
use sandbox::{CallRates, Options, Sandbox};
use serde_json::json;
use simkit::msp::Size;

use crate::failure::Failure;
use crate::stage::{Stage, name};

/// How often each page is opened: the slowest of a hundred is the 99th percentile.
const TIMES: usize = 100;

/// How often a file is loaded.
const TIMES_OF_FILE: usize = 10;

/// The longest that a page may take (R93), but for the first answer of a plan and for a file.
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
            if most > MOST && !NOT_JUDGED.contains(&what.as_str()) {
                slow.push(format!("{}: {what}", name(kind)));
            }
        }
        slow
    }
}

/// A page announces this one, so that it may take longer.
const FIRST_ANSWER: &str = "first answer of the plan";

/// No page, but a file of up to two megabytes.
const FILE: &str = "result: its rows as a file";

/// What may take longer.
const NOT_JUDGED: [&str; 2] = [FIRST_ANSWER, FILE];

/// Opens every page of an import of an MSP's PSAs, from the first page to the result; fails if a page takes too long.
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
        let import = started(&sandbox, &integration).await?;
        let work = Stage {
            sandbox: &sandbox,
            kind: *kind,
            round: "first",
            import: &import,
            run: RUN,
        };
        work.worker("fetch").await?;
        let mut watched = Watched::of(&sandbox, *kind).await;
        let company = largest(&sandbox, &import).await;
        review(&mut watched, &import, &company).await;
        confirm(&mut watched, &import).await;
        work.worker("execute").await?;
        afterwards(&mut watched, &integration, &import).await;
        slow.extend(watched.taken.print(*kind));
        sandbox.stop().await;
    }
    if slow.is_empty() {
        return Ok(());
    }
    Err(format!("these take longer than {} ms: {}", MOST.as_millis(), slow.join(", ")).into())
}

/// Starts an import.
async fn started(sandbox: &Sandbox, integration: &str) -> Result<String, Failure> {
    let path = format!("/integrations/{integration}/imports");
    let started = sandbox.api("ana").post(&path, &json!({})).await?;
    Ok(started["id"].as_str().ok_or("an import has an id")?.to_owned())
}

/// The company with the most addresses.
async fn largest(sandbox: &Sandbox, import: &str) -> String {
    let rows = import::rows(&sandbox.api("ana"), import, "in").await;
    let most = rows.iter().max_by_key(|row| row["addresses"].as_u64());
    import::id(most.expect("there are companies")).to_owned()
}

/// One person's browser, with a watch.
struct Watched {
    browser: Browser,
    /// The first page.
    home: String,
    taken: Taken,
}

impl Watched {
    /// Signs Ana in, and prints what her browser loads for the first page.
    async fn of(sandbox: &Sandbox, kind: PsaKind) -> Self {
        let mut browser = Browser::new("en");
        let provider = browser.open(&sandbox.face.console).await;
        let home = browser.press(&provider, "Ana", &[]).await;
        let weight = browser.weigh(&home).await;
        // No row of the table.
        println!(
            "{}: the first page has {} bytes over the wire, its script {}, and all that it loads {} in {} answers",
            name(kind),
            weight.page,
            weight.script,
            weight.all,
            weight.answers
        );
        // What holds for every page is what other tests are for.
        browser.checks = false;
        Self {
            browser,
            home: sandbox.face.console.clone(),
            taken: Taken::default(),
        }
    }

    async fn open(&mut self, what: &str, url: &str) -> Page {
        let began = Instant::now();
        let page = self.browser.open(url).await;
        self.taken.add(what, began.elapsed());
        assert!(page.status.is_success(), "{what}: {} {}", page.status, page.words());
        page
    }

    /// Opens a page as often as it takes to know its 99th percentile.
    async fn often(&mut self, what: &str, url: &str) -> Page {
        self.times(TIMES, what, url).await
    }

    async fn times(&mut self, times: usize, what: &str, url: &str) -> Page {
        let mut page = self.open(what, url).await;
        for _ in 1..times {
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

/// From the first page to the people of the largest company.
async fn review(watched: &mut Watched, import: &str, largest: &str) {
    let home = watched.home.clone();
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
    watched.often("a company", &link(&companies, "Manage ")).await;
    let selected = watched.open("companies: filtered", &new).await;
    for _ in 0..3 {
        watched
            .press("select all new companies", &selected, "Select all that match", &[])
            .await;
    }
    watched.often("decisions on many", &format!("{at}/rules")).await;
    let people = watched.often("people", &format!("{at}/people")).await;
    watched
        .press(
            "tick all active people",
            &people,
            "Give access to everybody active",
            &[],
        )
        .await;
    watched
        .often("people: found by name", &format!("{at}/people?search=jan"))
        .await;
    let of_largest = format!("{at}/people/{largest}");
    let of_company = watched.often("people of the largest company", &of_largest).await;
    watched.often("a person", &link(&of_company, "Manage ")).await;
    watched.often("people not in", &format!("{at}/people-not-in")).await;
}

/// The plan, and what is seen while it is carried out.
async fn confirm(watched: &mut Watched, import: &str) {
    let at = format!("{}/imports/{import}", watched.home);
    let address = format!("{at}/plan?announced=yes");
    let plan = watched.open(FIRST_ANSWER, &address).await;
    watched.often("plan: the same again", &address).await;
    watched.often("plan: next page", &next(&plan)).await;
    let created = format!("{at}/plan?action=createUser");
    watched.often("plan: filtered", &created).await;
    let confirmed = watched.press("confirm", &plan, "Import ", &[("Yes, all", "on")]).await;
    watched.often("carrying out", confirmed.url.as_str()).await;
}

/// What is seen once the import is done.
async fn afterwards(watched: &mut Watched, integration: &str, import: &str) {
    let home = watched.home.clone();
    let at = format!("{home}/imports/{import}/result");
    let of_integration = format!("{home}/integrations/{integration}");
    let result = watched.often("result", &at).await;
    assert_eq!(result.title(), "The import is done", "{}", result.words());
    watched.times(TIMES_OF_FILE, FILE, &format!("{at}.csv")).await;
    watched.often("an integration with its imports", &of_integration).await;
    watched.often("mappings", &format!("{of_integration}/mappings")).await;
    watched
        .often("trail of an integration", &format!("{of_integration}/audit"))
        .await;
    watched.often("trail of the MSP", &format!("{home}/audit")).await;
    let companies = format!("{home}/managed-companies");
    watched.often("managed companies", &companies).await;
    watched
        .often("managed companies: searched", &format!("{companies}?search=bakery"))
        .await;
}

fn next(page: &Page) -> String {
    link(page, "Next page")
}

/// Where the first link leads whose text begins so.
fn link(page: &Page, text: &str) -> String {
    let found = page.html.all("a").find(|(_, link)| link.words().starts_with(text));
    let (_, found) = found.unwrap_or_else(|| panic!("{} has no link {text}", page.url));
    page.url
        .join(found.get("href").unwrap_or_default())
        .unwrap()
        .to_string()
}
