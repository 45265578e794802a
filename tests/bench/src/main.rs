//! Measures what one import of a large MSP takes: requests, calls to DynamoDB, write units, processor time, and the peak memory
//! of each worker, which runs in a process of its own as it does in Lambda.
//!
//! `cargo run --release -p bench` prints each step, then what is limited and how much of it was used, and fails if that is too much;
//! `-- --msp extreme` has 25,000 companies with 500,000 contacts, `-- --run-seconds 60` lets a run of a worker take no longer,
//! `-- --only-fetch --answer-millis 200` reads from a PSA that takes its time. `-- load` lets many MSPs import at once instead, and
//! `-- load --msps 50 --hostile` compares that with the same next to a hostile one. `-- peers` lets clients of others read what this
//! product reads. `-- pages` opens the pages of the console.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use domain::psa::PsaKind;
use measure::Measurement;
use peers::Comparison;
use simkit::msp::Size;

mod failure;
mod hostile;
mod load;
mod measure;
mod pages;
mod peers;
mod process;
mod stage;
mod targets;
mod worker;

/// Measures the import of a large MSP.
#[derive(Parser)]
struct Command {
    /// How large the MSP is: 40 companies with 600 contacts, 5,000 with 100,000, or 25,000 with 500,000.
    #[arg(long, value_enum, default_value_t = Msp::Large)]
    msp: Msp,
    /// Only one PSA.
    #[arg(long, value_enum)]
    psa: Option<Psa>,
    /// How long a run of a worker may take, as the platform's time limit.
    #[arg(long, default_value_t = 300)]
    run_seconds: u64,
    /// How long each answer of a PSA takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    answer_millis: u64,
    /// Imports nothing: fetches twice, and cancels.
    #[arg(long)]
    only_fetch: bool,
    /// Where companies and users are created. LastPass is asked as fast as it answers.
    #[arg(long, value_enum, default_value_t = Directory::BuiltIn)]
    directory: Directory,
    /// Keeps the first imports in this folder, and measures only those after them if it has them already.
    #[arg(long)]
    state: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Msp {
    Small,
    Large,
    Extreme,
}

#[derive(Clone, Copy, ValueEnum)]
enum Psa {
    Connectwise,
    Autotask,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Directory {
    BuiltIn,
    Lastpass,
}

impl Msp {
    const fn size(self) -> Size {
        match self {
            Self::Small => Size::Small,
            Self::Large => Size::Large,
            Self::Extreme => Size::Extreme,
        }
    }
}

/// One PSA, or both.
fn kinds(psa: Option<Psa>) -> Vec<PsaKind> {
    match psa {
        None => vec![PsaKind::Connectwise, PsaKind::Autotask],
        Some(Psa::Connectwise) => vec![PsaKind::Connectwise],
        Some(Psa::Autotask) => vec![PsaKind::Autotask],
    }
}

#[derive(Subcommand)]
enum Role {
    /// Lets many small MSPs import at the same moment, from PSAs that fail one request in a hundred.
    Load {
        /// How many MSPs.
        #[arg(long, default_value_t = 200)]
        msps: usize,
        /// Measures twice: alone, and next to one MSP that takes all it can get. Fails if the slowest answers take 1.5 times as long.
        #[arg(long)]
        hostile: bool,
    },
    /// Lets this product and clients of others read all companies and contacts, one after another, first and again unchanged.
    Peers {
        /// How large the MSP is.
        #[arg(long, value_enum, default_value_t = Msp::Large)]
        msp: Msp,
        /// Only one PSA.
        #[arg(long, value_enum)]
        psa: Option<Psa>,
        /// How long each answer of a PSA takes, in milliseconds.
        #[arg(long, default_value_t = 200)]
        answer_millis: u64,
    },
    /// Opens the pages of the console while an import is reviewed, and fails if one of a hundred takes longer than a second.
    Pages {
        /// How large the MSP is.
        #[arg(long, value_enum, default_value_t = Msp::Large)]
        msp: Msp,
        /// Only one PSA.
        #[arg(long, value_enum)]
        psa: Option<Psa>,
    },
    /// Runs a program and prints what it took; started by the comparison.
    #[command(hide = true)]
    Watch {
        /// The program and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Does the work of one import and prints what that took; started by the measurement.
    #[command(hide = true)]
    Worker {
        /// `fetch`, `plan` or `execute`.
        function: String,
        /// The sandbox's first line.
        face: String,
        /// The import.
        import: String,
        /// How long a run may take, in seconds.
        run_seconds: u64,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    let began = Instant::now();
    let done = match command.role {
        None => {
            let measurement = Measurement {
                size: command.msp.size(),
                kinds: kinds(command.psa),
                run: Duration::from_secs(command.run_seconds),
                answer_millis: command.answer_millis,
                only_fetch: command.only_fetch,
                lastpass: command.directory == Directory::Lastpass,
                state: command.state,
            };
            measurement.run().await
        }
        Some(Role::Load { msps, hostile: false }) => load::load(msps).await,
        Some(Role::Load { msps, hostile: true }) => hostile::compare(msps).await,
        Some(Role::Peers {
            msp,
            psa,
            answer_millis,
        }) => {
            let comparison = Comparison {
                size: msp.size(),
                kinds: kinds(psa),
                answer_millis,
            };
            comparison.run().await
        }
        Some(Role::Pages { msp, psa }) => pages::pages(msp.size(), &kinds(psa)).await,
        Some(Role::Watch { command }) => peers::watch(&command).await,
        Some(Role::Worker {
            function,
            face,
            import,
            run_seconds,
        }) => worker::work(&function, &face, &import, Duration::from_secs(run_seconds)).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("after {} s: {error}", began.elapsed().as_secs());
            ExitCode::FAILURE
        }
    }
}
