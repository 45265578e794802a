//! Serves the simulator alone, to try a client against it. Prints what the client needs to know as one JSON line.
//!
//! `cargo run -p sim-lastpass --example serve -- [empty|small|large|extreme] [port]`

use std::error::Error;

use lastpass::{KEY, LastPass, records_of};
use serde_json::json;
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::Size;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let size = match arguments.next().as_deref() {
        None | Some("empty") => None,
        Some("small") => Some(Size::Small),
        Some("large") => Some(Size::Large),
        Some("extreme") => Some(Size::Extreme),
        Some(other) => return Err(format!("{other}: empty, small, large or extreme").into()),
    };
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let simulator = LastPass::open(None, SimClock::new());
    if let Some(size) = size {
        simulator.change_records(records_of(size))?;
    }
    let (address, served) = simkit::serve(simulator.router(), ([127, 0, 0, 1], port).into()).await?;
    println!(
        "{}",
        json!({"lastpass": {"url": format!("http://{address}"), "apiKey": KEY}})
    );
    tokio::signal::ctrl_c().await?;
    served.stop().await;
    Ok(())
}
