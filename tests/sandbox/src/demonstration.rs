//! The demonstration: for each PSA a first import, changes in the PSA, a second import, and a look at what came of it.

mod answers;
mod changes;
mod checks;
mod filter;
mod import;
mod pick;
mod progress;
mod review;
mod say;
mod screens;
mod tables;
mod timings;

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use sandbox::{Error, Options, Sandbox};

use import::Import;
use review::Choice;
use say::say;
use timings::Timings;

/// The longest that both imports of one PSA may take: no single call has a limit of its own.
const LIMIT: Duration = Duration::from_mins(2);

/// Runs it all. An error says that a step failed, or that not all checks held.
pub(crate) async fn run() -> Result<(), Error> {
    let began = Instant::now();
    say("Everything here is simulated: both PSAs, their MSP, and what AWS would do. Nothing leaves this machine.");
    let (mut columns, mut failed) = (Vec::new(), 0);
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        let shown = tokio::time::timeout(LIMIT, show(kind)).await;
        let shown = shown.map_err(|_| Error::Unexpected(format!("{} took more than {LIMIT:?}", kind.product())))??;
        failed += shown.failed;
        columns.extend(shown.timings);
    }
    heading("Where the time went");
    say(timings::table(&columns));
    say(format_args!("Everything took {:.1} s.", began.elapsed().as_secs_f64()));
    if failed == 0 {
        say("Both imports of both PSAs ended as they should.");
        say(
            "To try it yourself in a browser: cargo run -- serve, then open what it says as `console` and sign in as Ana.",
        );
        say("With curl: as tests/sandbox/README.md shows.");
        Ok(())
    } else {
        Err(Error::Unexpected(format!("{failed} checks did not hold")))
    }
}

/// What is left to tell when the imports of one PSA are over.
struct Shown {
    failed: usize,
    timings: Vec<(String, Timings)>,
}

/// Both imports of one PSA. In a sandbox of its own: in the other PSA's it would mostly link to what is there already.
async fn show(kind: PsaKind) -> Result<Shown, Error> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let ana = sandbox.api("ana");

    heading(&format!("{}: first import", kind.product()));
    let first = import::run(&ana, kind, &Choice::Everything).await?;

    heading(&format!("{}: what changes in the PSA meanwhile", kind.product()));
    let changed = pick::pick(&ana, &first).await?;
    changes::make(&sandbox, &ana, kind, &changed).await?;
    say(screens::changes(&changed));

    heading(&format!("{}: second import", kind.product()));
    let second = import::run(&ana, kind, &Choice::MappedAnd(&changed)).await?;
    say(format_args!(
        "\nWhat the second import changed\n{}",
        screens::differences(&second.plan.items)
    ));

    heading(&format!("{}: checks", kind.product()));
    let directory = checks::look_up(&ana, &second.plan, &changed).await?;
    let checks = checks::of(&first, &second, &changed, &directory);
    for check in &checks {
        say(check);
    }
    sandbox.stop().await;
    Ok(Shown {
        failed: checks.iter().filter(|check| !check.holds()).count(),
        timings: columns(kind, first, second),
    })
}

fn columns(kind: PsaKind, first: Import, second: Import) -> Vec<(String, Timings)> {
    vec![
        (format!("{}, first", kind.product()), first.timings),
        (format!("{}, second", kind.product()), second.timings),
    ]
}

fn heading(text: &str) {
    say(format_args!("\n━━ {text} ━━\n"));
}
