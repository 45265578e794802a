//! The demonstration.

use sandbox::{Error, Options, Sandbox};

pub(crate) async fn run() -> Result<(), Error> {
    let sandbox = Sandbox::start(Options::default()).await?;
    sandbox.stop().await;
    Ok(())
}
