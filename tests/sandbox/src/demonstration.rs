//! The demonstration: for each PSA, and for LastPass, a first import, changes, a second import, and checks of the results.

mod answers;
mod changes;
mod checks;
mod filter;
mod import;
mod lastpass;
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

/// The longest that both imports of one scene may take: no single call has a limit of its own.
const LIMIT: Duration = Duration::from_mins(2);

/// What is shown: two imports from a PSA into a directory.
#[derive(Clone, Copy)]
struct Scene {
    kind: PsaKind,
    into_lastpass: bool,
}

const SCENES: [Scene; 3] = [
    Scene {
        kind: PsaKind::Connectwise,
        into_lastpass: false,
    },
    Scene {
        kind: PsaKind::Autotask,
        into_lastpass: false,
    },
    Scene {
        kind: PsaKind::Connectwise,
        into_lastpass: true,
    },
];

impl Scene {
    fn name(self) -> String {
        let into = if self.into_lastpass { " into LastPass" } else { "" };
        format!("{}{into}", self.kind.product())
    }
}

/// Runs it all. An error says that a step failed, or that not all checks held.
pub(crate) async fn run() -> Result<(), Error> {
    let began = Instant::now();
    say(
        "Everything here is simulated: both PSAs, their MSP, LastPass, and what AWS would do. Nothing leaves this machine.",
    );
    let (mut columns, mut failed) = (Vec::new(), 0);
    for scene in SCENES {
        let shown = tokio::time::timeout(LIMIT, show(scene)).await;
        let shown = shown.map_err(|_| Error::Unexpected(format!("{} took more than {LIMIT:?}", scene.name())))??;
        failed += shown.failed;
        columns.extend(shown.timings);
    }
    heading("Where the time went");
    say(timings::table(&columns));
    say(format_args!("Everything took {:.1} s.", began.elapsed().as_secs_f64()));
    if failed == 0 {
        say("Both imports of both PSAs, and those into LastPass, ended as they should.");
        say(
            "To try it yourself in a browser: cargo run -- serve, then open what it says as `console` and sign in as Ana.",
        );
        say("With curl: as tests/sandbox/README.md shows.");
        Ok(())
    } else {
        Err(Error::Unexpected(format!("{failed} checks did not hold")))
    }
}

/// What is left to tell when the imports of one scene are over.
struct Shown {
    failed: usize,
    timings: Vec<(String, Timings)>,
}

/// Both imports of one scene. In a sandbox of its own: in another's it would mostly link to what is there already.
async fn show(scene: Scene) -> Result<Shown, Error> {
    let options = Options {
        lastpass: scene.into_lastpass,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await?;
    let (ana, kind, name) = (sandbox.api("ana"), scene.kind, scene.name());

    heading(&format!("{name}: first import"));
    let first = import::run(&ana, kind, &Choice::Everything).await?;

    heading(&format!("{name}: what changes meanwhile"));
    let changed = pick::pick(&ana, &first).await?;
    changes::make(&sandbox, &ana, kind, &changed).await?;
    say(screens::changes(&changed));
    if scene.into_lastpass {
        say(lastpass::enrol(&sandbox, &ana, &first, &changed).await?);
    }

    heading(&format!("{name}: second import"));
    let second = import::run(&ana, kind, &Choice::MappedAnd(&changed)).await?;
    say(format_args!(
        "\nWhat the second import changed\n{}",
        screens::differences(&second.plan.items)
    ));

    heading(&format!("{name}: checks"));
    let checks = if scene.into_lastpass {
        let seen = lastpass::look(&sandbox)?;
        say(format_args!(
            "What LastPass was asked for\n{}\n",
            screens::calls(&seen.calls)
        ));
        checks::of_lastpass(&first, &second, &changed, &seen)
    } else {
        let directory = checks::look_up(&ana, &second.plan, &changed).await?;
        checks::of(&first, &second, &changed, &directory)
    };
    for check in &checks {
        say(check);
    }
    sandbox.stop().await;
    Ok(Shown {
        failed: checks.iter().filter(|check| !check.holds()).count(),
        timings: columns(&name, first, second),
    })
}

fn columns(name: &str, first: Import, second: Import) -> Vec<(String, Timings)> {
    vec![
        (format!("{name}, first"), first.timings),
        (format!("{name}, second"), second.timings),
    ]
}

fn heading(text: &str) {
    say(format_args!("\n━━ {text} ━━\n"));
}
