//! `cargo run`: the demonstration. `cargo run -- serve`: the sandbox, staying up.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use lambda::config::CallRates;
use sandbox::{Error, Options, Sandbox};
use simkit::msp::Size;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::prelude::*;
use url::Url;

mod demonstration;
mod past;

/// Imports companies and people from simulated PSAs, with everything AWS needs in one process. Without a command, shows two imports
/// from each PSA.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Stays up, and prints its addresses as one line of JSON.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// The port of the API; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Keeps everything in this folder, and goes on where it was.
    #[arg(long)]
    state: Option<PathBuf>,
    /// How large the MSP is: small, unless the folder has another one.
    #[arg(long, value_enum)]
    msp: Option<MspSize>,
    /// Where the first MSP's managed companies and users are.
    #[arg(long, value_enum, default_value_t = Directory::BuiltIn)]
    directory: Directory,
    /// Another DynamoDB than the embedded one, such as DynamoDB Local.
    #[arg(long)]
    dynamodb: Option<Url>,
    /// Starts without a past: nothing was imported, nothing is excluded, and the PSAs have not changed. Only a small MSP with the built-in
    /// directory has a past, in a sandbox that is new.
    #[arg(long)]
    empty: bool,
    /// How many costly calls of each kind an MSP may make in a minute, instead of what the template says; 0 sets no limit.
    #[arg(long)]
    calls_per_minute: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Directory {
    /// In the product itself.
    BuiltIn,
    /// In a simulated LastPass.
    Lastpass,
}

#[derive(Clone, Copy, ValueEnum)]
enum MspSize {
    /// 40 companies, 600 contacts.
    Small,
    /// 5,000 companies, 100,000 contacts.
    Large,
    /// 25,000 companies, 500,000 contacts.
    Extreme,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Command::parse().what {
        None => demonstration::run().await,
        Some(What::Serve(options)) => serve(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Serve) -> Result<(), Error> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(lambda::levels()).init();
    let size = options.msp.map(|msp| match msp {
        MspSize::Small => Size::Small,
        MspSize::Large => Size::Large,
        MspSize::Extreme => Size::Extreme,
    });
    let is_small = size.unwrap_or_default() == Size::Small;
    let has_past = is_small && options.directory == Directory::BuiltIn && !options.empty;
    let options = Options {
        size,
        state: options.state,
        port: options.port,
        lastpass: options.directory == Directory::Lastpass,
        dynamodb: options.dynamodb,
        call_rates: options
            .calls_per_minute
            .map(|calls| CallRates::per_minute(calls, calls)),
        ..Options::default()
    };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let sandbox = Sandbox::start(options).await?;
    if has_past && sandbox.is_new {
        // Without it the sandbox serves as well.
        if let Err(error) = past::make(&sandbox).await {
            eprintln!("The past is not complete: {error}. `serve --empty` starts without one.");
        }
    }
    println!(
        "{}",
        serde_json::to_string(&sandbox.face).map_err(std::io::Error::from)?
    );
    // For people, who do not read JSON; the first line of standard output is for programs.
    eprintln!("Open {} in a browser, and sign in as Ana.", sandbox.face.console);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}
