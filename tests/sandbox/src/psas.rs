//! Both simulated PSAs, listening.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::psa::PsaKind;
use serde_json::{Value, json};
use sim_autotask::Autotask;
use sim_connectwise::ConnectWise;
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::Size;
use simkit::{Served, serve};

use crate::Error;
use crate::places::Places;

/// Both simulated PSAs.
pub struct Psas {
    connectwise: Arc<dyn Simulator>,
    autotask: Arc<dyn Simulator>,
    urls: [String; 2],
    served: Mutex<Vec<Served>>,
}

impl Psas {
    pub(crate) async fn start(
        size: Size,
        state: Option<&Path>,
        clock: &SimClock,
        places: &mut Places,
    ) -> Result<Self, Error> {
        let connectwise: Arc<dyn Simulator> = Arc::new(ConnectWise::open(size, state, clock.clone())?);
        let autotask: Arc<dyn Simulator> = Arc::new(Autotask::open(size, state, clock.clone()));
        let mut served = Vec::new();
        let mut urls = [String::new(), String::new()];
        let pieces = [
            (&connectwise, &mut places.connectwise),
            (&autotask, &mut places.autotask),
        ];
        for ((simulator, port), url) in pieces.into_iter().zip(&mut urls) {
            let place = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let listening = serve(simulator.router(), place).await;
            let (address, handle) = listening.map_err(|error| Error::Port {
                what: "a simulated PSA",
                port: *port,
                why: error.to_string(),
            })?;
            *port = address.port();
            *url = format!("http://{address}");
            served.push(handle);
        }
        Ok(Self {
            connectwise,
            autotask,
            urls,
            served: Mutex::new(served),
        })
    }

    /// One of them.
    pub fn get(&self, kind: PsaKind) -> &Arc<dyn Simulator> {
        match kind {
            PsaKind::Connectwise => &self.connectwise,
            PsaKind::Autotask => &self.autotask,
        }
    }

    /// Where one of them listens.
    pub fn url(&self, kind: PsaKind) -> &str {
        match kind {
            PsaKind::Connectwise => &self.urls[0],
            PsaKind::Autotask => &self.urls[1],
        }
    }

    /// What connects an integration to one of them: the body of `POST /integrations`.
    pub fn integration(&self, kind: PsaKind) -> Value {
        match kind {
            PsaKind::Connectwise => json!({
                "kind": "connectwise", "name": "ConnectWise", "address": self.url(kind), "companyId": sim_connectwise::COMPANY_ID,
                "credentials": {
                    "publicKey": sim_connectwise::PUBLIC_KEY,
                    "privateKey": sim_connectwise::PRIVATE_KEY,
                    "clientId": sim_connectwise::CLIENT_ID,
                },
            }),
            PsaKind::Autotask => json!({
                "kind": "autotask", "name": "Autotask", "address": self.url(kind),
                "credentials": {
                    "username": sim_autotask::USERNAME,
                    "secret": sim_autotask::SECRET,
                    "integrationCode": sim_autotask::INTEGRATION_CODE,
                },
            }),
        }
    }

    /// What connects an integration to another tenant, which has the same ids: the body of `POST /integrations`.
    pub fn other_tenant(&self, kind: PsaKind) -> Value {
        let mut integration = self.integration(kind);
        match kind {
            PsaKind::Connectwise => integration["companyId"] = json!(sim_connectwise::OTHER_COMPANY_ID),
            PsaKind::Autotask => integration["credentials"]["username"] = json!(sim_autotask::OTHER_USERNAME),
        }
        integration
    }

    /// Stops listening; whoever still holds the simulators keeps their data.
    pub(crate) async fn stop(&self) {
        let served = std::mem::take(&mut *self.served.lock().unwrap_or_else(PoisonError::into_inner));
        for served in served {
            served.stop().await;
        }
    }
}
