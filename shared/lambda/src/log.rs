//! The log: JSON lines, of this program's own crates.

use std::env;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

/// The crates of this program. Of all others only warnings are logged, whatever is asked for: the details of an HTTP library
/// are credentials and people.
const OWN: [&str; 17] = [
    "admin_console",
    "api",
    "directory",
    "domain",
    "execute",
    "fetch",
    "http_client",
    "lambda",
    "openapi",
    "plan",
    "planning",
    "psa",
    "matching",
    "retry",
    "setup",
    "store",
    "worker",
];

/// The levels that `RUST_LOG` asks for: one level, or levels by target, as in `info,http_client=error`. If it is missing or cannot be read,
/// only errors are logged. A release build never logs anything below `info`.
///
/// This is not the usual `EnvFilter`: its regular expressions would be a large part of a function.
pub fn levels() -> Targets {
    let wanted = env::var("RUST_LOG").ok().and_then(|wanted| wanted.parse().ok());
    wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::ERROR))
}

/// Writes the log to standard output as JSON lines, at the level of `RUST_LOG`.
pub fn log_to_stdout() {
    logger(levels(), std::io::stdout).init();
}

/// What writes the log, as JSON lines.
pub fn logger<W>(wanted: Targets, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let may_be_told = filter_fn(|about| {
        let from = about.target().split("::").next().unwrap_or_default();
        OWN.contains(&from) || *about.level() <= Level::WARN
    });
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(to);
    tracing_subscriber::registry()
        .with(wanted)
        .with(lines.with_filter(may_be_told))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// A crate that is not listed would log nothing below a warning, and nobody would notice.
    #[test]
    fn every_crate_of_this_program_may_log() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut crates = BTreeSet::new();
        for folder in ["shared", "functions"] {
            for entry in root.join(folder).read_dir().unwrap() {
                let entry = entry.unwrap();
                let Ok(manifest) = std::fs::read_to_string(entry.path().join("Cargo.toml")) else {
                    continue;
                };
                let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
                crates.insert(name.unwrap().trim_matches('"').replace('-', "_"));
            }
        }
        assert_eq!(crates, OWN.map(str::to_owned).into());
    }
}
