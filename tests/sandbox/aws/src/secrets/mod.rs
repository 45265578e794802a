//! Stands for Secrets Manager: the calls in use, over its JSON 1.1 protocol.

mod refusal;
mod vault;
mod wire;

use std::path::PathBuf;

use crate::access::Access;
use crate::{Error, Server, Template};
use vault::Vault;

/// A Secrets Manager at work.
#[derive(Debug)]
pub struct Secrets {
    server: Server,
}

impl Secrets {
    /// Keeps the secrets in this file, readable by its owner alone, or in memory.
    pub async fn start(file: Option<PathBuf>, template: &Template) -> Result<Self, Error> {
        let vault = Vault::open(file)?;
        Ok(Self {
            server: Server::start(wire::router(vault, Access::new(template))).await?,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stops taking requests.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
