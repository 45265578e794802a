//! How large the functions are, and how soon they answer after their process has started: as Lambda starts them, beside the
//! least function that could be, built with the same profile.
//!
//! Run after `cargo lambda build --release --output-format binary`, which puts them where they are looked for.

mod cloud;
mod start;

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use tokio::process::Command;

use crate::start::{Function, Start};

/// Starts that are not counted: the first ones read the program from the disk.
const WARM_UP: usize = 3;

/// Measures size and start-up of the functions, and fails if they are over budget.
#[derive(Parser)]
struct Budget {
    /// Where the functions are.
    #[arg(long, default_value = "target/lambda")]
    functions: PathBuf,
    /// How often each is started.
    #[arg(long, default_value_t = 40)]
    starts: usize,
    /// The most bytes that a function's zip may have: 5 MB.
    #[arg(long, default_value_t = 5_000_000)]
    most_bytes: usize,
    /// How many times as long as the least function they may take to their first answer.
    #[arg(long, default_value_t = 3.0)]
    most_times: f64,
    /// Measures only these and the least function.
    #[arg(long)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Budget::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(budget: &Budget) -> Result<bool, Box<dyn Error>> {
    let measured = |function: &Function| {
        function.name == "hello" || budget.only.is_empty() || budget.only.iter().any(|only| only == function.name)
    };
    let functions: Vec<Function> = start::FUNCTIONS.into_iter().filter(measured).collect();
    // Whoever opens a pipe that nobody writes to waits for ever, and so gives away that certificates are read from files.
    let folder = tempfile::tempdir()?;
    let trap = folder.path().join("certificates.pem");
    if !Command::new("mkfifo").arg(&trap).status().await?.success() {
        return Err("no pipe can be made".into());
    }
    let mut starts = vec![Vec::new(); functions.len()];
    // One after the other, again and again, so that a busy moment of the machine hits all of them.
    for round in 0..WARM_UP + budget.starts {
        for (function, starts) in functions.iter().zip(&mut starts) {
            let start = function.start(&binary(budget, function), &trap).await?;
            if round >= WARM_UP {
                starts.push(start);
            }
        }
    }
    let of = |starts: &[Start], what: fn(&Start) -> Duration| usual(starts.iter().map(what).collect());
    let least = starts
        .first()
        .map_or(Duration::ZERO, |hello| of(hello, |start| start.answer));
    let mut held = true;
    println!("function     bytes   zip bytes  to ready ms  to answer ms  times hello");
    for (function, starts) in functions.iter().zip(&starts) {
        let (bytes, zip) = size(&binary(budget, function))?;
        let (ready, answer) = (of(starts, |start| start.ready), of(starts, |start| start.answer));
        let times = answer.as_secs_f64() / least.as_secs_f64();
        println!(
            "{:<9}{bytes:>9}{zip:>12}{:>13.1}{:>14.1}{times:>13.2}",
            function.name,
            ready.as_secs_f64() * 1e3,
            answer.as_secs_f64() * 1e3,
        );
        for (over, what) in [
            (zip > function.most_bytes(budget.most_bytes), "is too large"),
            (times > budget.most_times, "takes too long to start"),
        ] {
            if over {
                eprintln!("{} {what}", function.name);
                held = false;
            }
        }
    }
    Ok(held)
}

fn binary(budget: &Budget, function: &Function) -> PathBuf {
    budget.functions.join(function.name).join("bootstrap")
}

/// The size of a program, and of the zip that is uploaded of it: the name and the directory add some 150 bytes.
fn size(path: &Path) -> Result<(usize, usize), std::io::Error> {
    let program = std::fs::read(path)?;
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
    zip.write_all(&program)?;
    Ok((program.len(), zip.finish()?.len() + 150))
}

/// A quarter of the starts was faster: what is slower than that is the machine, busy with something else.
fn usual(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 4).copied().unwrap_or_default()
}
