//! What is seen while an import works: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sandbox::Error;
use sandbox::api::Api;
use serde_json::Value;

use super::say::say;

/// The longest that a stage of an import may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two plain lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Work that can be watched.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// Reading the PSA.
    Fetch,
    /// Carrying out the plan for so many companies.
    Execute(u64),
}

impl Work {
    /// The state of the import during the work, and the one that it should lead to.
    const fn states(self) -> (&'static str, &'static str) {
        match self {
            Self::Fetch => ("fetching", "review"),
            Self::Execute(_) => ("executing", "done"),
        }
    }

    /// How far it is, out of how much if that is known.
    fn position(self, progress: &Value) -> (u64, Option<u64>) {
        match self {
            Self::Fetch => (
                count(progress, "companies") + count(progress, "contacts"),
                progress["total"].as_u64(),
            ),
            Self::Execute(companies) => (count(progress, "executed"), Some(companies)),
        }
    }

    fn line(self, progress: &Value) -> String {
        match self {
            Self::Fetch => format!(
                "Read {} companies and {} contacts in {} pages",
                count(progress, "companies"),
                count(progress, "contacts"),
                count(progress, "pages")
            ),
            Self::Execute(companies) => {
                format!("Carried out {} of {companies} companies", count(progress, "executed"))
            }
        }
    }
}

fn count(progress: &Value, what: &str) -> u64 {
    progress[what].as_u64().unwrap_or_default()
}

/// Shows the work until it has ended, and expects that it ended well.
pub(super) async fn watch(ana: &Api, import: &str, work: Work) -> Result<(), Error> {
    let (during, after) = work.states();
    let mut shown = Shown::new(during);
    let ended = ana
        .wait(import, during, PATIENCE, |now| shown.see(work, &now["progress"]))
        .await?;
    shown.bar.finish_and_clear();
    if ended["state"] != after {
        return Err(Error::Unexpected(format!(
            "the import is {}: {}",
            ended["state"], ended["error"]["detail"]
        )));
    }
    say(work.line(&ended["progress"]));
    Ok(())
}

/// What was shown so far.
struct Shown {
    bar: ProgressBar,
    /// The last plain line, or what was seen first.
    line: Option<String>,
    at: Instant,
}

impl Shown {
    fn new(what: &'static str) -> Self {
        let bar = if stdout().is_terminal() && stderr().is_terminal() {
            ProgressBar::no_length().with_message(what)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        Self {
            bar,
            line: None,
            at: Instant::now(),
        }
    }

    fn see(&mut self, work: Work, progress: &Value) {
        let (position, total) = work.position(progress);
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(position);
        let line = work.line(progress);
        let news = self.line.get_or_insert_with(|| line.clone()) != &line;
        // The last line is told when the work has ended.
        if self.bar.is_hidden() && news && Some(position) != total && self.at.elapsed() > PAUSE {
            say(format_args!("{line} …"));
            (self.line, self.at) = (Some(line), Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fetching_tells_what_was_read() {
        let progress = json!({ "companies": 40, "contacts": 600, "pages": 3, "total": 640 });
        assert_eq!(
            Work::Fetch.line(&progress),
            "Read 40 companies and 600 contacts in 3 pages"
        );
        assert_eq!(Work::Fetch.position(&progress), (640, Some(640)));
    }

    #[test]
    fn executing_is_measured_by_the_companies_of_the_plan() {
        let progress = json!({ "companies": 40, "contacts": 600, "pages": 3, "executed": 12 });
        assert_eq!(Work::Execute(34).line(&progress), "Carried out 12 of 34 companies");
        assert_eq!(Work::Execute(34).position(&progress), (12, Some(34)));
    }

    #[test]
    fn a_total_that_the_psa_does_not_tell_is_unknown() {
        assert_eq!(Work::Fetch.position(&json!({ "companies": 40 })), (40, None));
    }
}
