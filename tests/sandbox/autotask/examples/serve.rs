//! Serves the simulator alone, to try a client against it. Prints what the client needs to know as one JSON line.
//!
//! `cargo run -p sim-autotask --example serve -- [small|large|extreme] [port]`

use std::error::Error;

use serde_json::json;
use sim_autotask::{Autotask, INTEGRATION_CODE, SECRET, USERNAME};
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::Size;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let size = match arguments.next().as_deref() {
        None | Some("small") => Size::Small,
        Some("large") => Size::Large,
        Some("extreme") => Size::Extreme,
        Some(other) => return Err(format!("{other}: small, large or extreme").into()),
    };
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let simulator = Autotask::open(size, None, SimClock::new());
    let (address, served) = simkit::serve(simulator.router(), ([127, 0, 0, 1], port).into()).await?;
    let autotask = json!({
        "url": format!("http://{address}"),
        "username": USERNAME,
        "secret": SECRET,
        "integrationCode": INTEGRATION_CODE,
    });
    println!("{}", json!({"autotask": autotask}));
    tokio::signal::ctrl_c().await?;
    served.stop().await;
    Ok(())
}
