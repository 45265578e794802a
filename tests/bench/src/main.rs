//! Measures what one import of a large MSP takes: requests, write units, and the peak memory of each worker, which runs in a
//! process of its own as it does in Lambda.
//!
//! `cargo run --release -p bench` prints a table; `-- --companies 500` imports only so many of the 5,000.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

mod measure;
mod worker;

/// Measures the import of a large MSP.
#[derive(Parser)]
struct Command {
    /// How many companies are imported.
    #[arg(long, default_value_t = 5_000)]
    companies: usize,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Does the work of one import and prints its own peak memory in KiB; started by the measurement.
    #[command(hide = true)]
    Worker {
        /// `fetch` or `execute`.
        function: String,
        /// The sandbox's first line.
        face: String,
        /// The import.
        import: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    let began = Instant::now();
    let done = match command.role {
        None => measure::measure(command.companies).await,
        Some(Role::Worker { function, face, import }) => worker::work(&function, &face, &import).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("after {} s: {error}", began.elapsed().as_secs());
            ExitCode::FAILURE
        }
    }
}
