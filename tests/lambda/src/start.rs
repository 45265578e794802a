//! One start of a function.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::cloud::Cloud;

/// The longest that a start may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A function, and what is asked of it first.
pub(crate) struct Function {
    pub name: &'static str,
    path: &'static str,
    status: u64,
}

/// The least function, and ours. Each of ours has to ask the database before it can answer.
pub(crate) const FUNCTIONS: [Function; 6] = [
    Function {
        name: "hello",
        path: "/",
        status: 200,
    },
    Function {
        name: "setup",
        path: "/integrations",
        status: 200,
    },
    Function {
        name: "fetch",
        path: "/integrations/i/attributes",
        status: 404,
    },
    Function {
        name: "plan",
        path: "/imports/x",
        status: 404,
    },
    Function {
        name: "execute",
        path: "/imports/x/result",
        status: 404,
    },
    // Renders a page, and asks nobody but for its secret.
    Function {
        name: "console",
        path: "/console/signed-out",
        status: 200,
    },
];

/// What an administrator sends: `{"sub":"ana","email":"ana@noordzee.example","msp":"noordzee","roles":["administrator"]}`, signed
/// by nobody, since there is no authorizer here.
const TOKEN: &str = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImJ5LWhhbmQifQ.\
    eyJzdWIiOiJhbmEiLCJlbWFpbCI6ImFuYUBub29yZHplZS5leGFtcGxlIiwibXNwIjoibm9vcmR6ZWUiLCJyb2xlcyI6WyJhZG1pbmlzdHJhdG9yIl19.YnkgaGFuZA";

/// How long it took from the start of the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// Until it asked for its first event.
    pub ready: Duration,
    /// Until it had answered that.
    pub answer: Duration,
}

/// The console has no database and no PSA to speak to.
const MOST_BYTES_OF_CONSOLE: usize = 4_000_000;

impl Function {
    /// The most bytes that its zip may have, of what all may have.
    pub fn most_bytes(&self, of_all: usize) -> usize {
        if self.name == "console" {
            of_all.min(MOST_BYTES_OF_CONSOLE)
        } else {
            of_all
        }
    }

    /// `trap` is where the system's certificates are said to be.
    pub async fn start(&self, binary: &Path, trap: &Path) -> Result<Start, Box<dyn Error>> {
        let cloud = Cloud::start(self.event()).await?;
        let mut command = Command::new(binary);
        let began = Instant::now();
        let mut process = command
            .env_clear()
            .envs(cloud.environment(self.name))
            .env("SSL_CERT_FILE", trap)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let exchange = tokio::time::timeout(PATIENCE, cloud.exchange()).await;
        process.kill().await?;
        let (ready, answered, answer) = exchange.map_err(|_| format!("{} does not answer", self.name))??;
        if answer["statusCode"] != self.status {
            return Err(format!("{} answered {answer}", self.name).into());
        }
        Ok(Start {
            ready: ready - began,
            answer: answered - began,
        })
    }

    /// A call of the API as API Gateway hands it on.
    fn event(&self) -> Value {
        json!({
            "version": "2.0",
            "routeKey": format!("GET {}", self.path),
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": { "authorization": TOKEN, "host": "api.example" },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "api",
                "domainName": "api.example",
                "domainPrefix": "api",
                "http": { "method": "GET", "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "start" },
                "requestId": "start",
                "routeKey": format!("GET {}", self.path),
                "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000",
                "timeEpoch": 1_767_225_600_000_u64,
                "authorizer": { "jwt": {
                    "claims": { "sub": "ana", "email": "ana@noordzee.example", "msp": "noordzee", "roles": "[administrator]" },
                    "scopes": null,
                } },
            },
            "isBase64Encoded": false,
        })
    }
}
