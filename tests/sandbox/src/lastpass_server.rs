//! The simulated LastPass, listening.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lastpass::{KEY, LastPass, OTHER_KEY};
use serde_json::{Value, json};
use simkit::clock::SimClock;
use simkit::{Served, Simulator as _, serve};

use crate::Error;

/// A simulated LastPass with its address.
pub struct LastPassServer {
    simulator: Arc<LastPass>,
    url: String,
    served: Mutex<Option<Served>>,
}

impl LastPassServer {
    pub(crate) async fn start(state: Option<&Path>, clock: &SimClock, port: &mut u16) -> Result<Self, Error> {
        let simulator = Arc::new(LastPass::open(state, clock.clone()));
        let place = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
        let listening = serve(simulator.router(), place).await;
        let (address, handle) = listening.map_err(|error| Error::Port {
            what: "the simulated LastPass",
            port: *port,
            why: error.to_string(),
        })?;
        *port = address.port();
        Ok(Self {
            simulator,
            url: format!("http://{address}"),
            served: Mutex::new(Some(handle)),
        })
    }

    /// What it holds, with its faults, switches, outbox and journal.
    pub fn simulator(&self) -> &Arc<LastPass> {
        &self.simulator
    }

    /// The origin it listens at; its API is below `/business`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key of the first MSP's account.
    pub fn api_key(&self) -> &'static str {
        KEY
    }

    /// The key of another MSP's account.
    pub fn other_api_key(&self) -> &'static str {
        OTHER_KEY
    }

    /// Its address and keys, for users of the sandbox.
    pub(crate) fn info(&self) -> Value {
        json!({ "url": self.url, "apiKey": KEY })
    }

    /// Stops listening. Other references to the simulator keep its data.
    pub(crate) async fn stop(&self) {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(served) = served {
            served.stop().await;
        }
    }
}
