//! The driver's process, and the browsers that it starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::hand::Hand;
use crate::tab::Tab;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// As most people have it.
    On,
    /// Blocked.
    Off,
}

/// The driver. Dropping it ends it and its browsers.
pub struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver on a free port.
    pub fn start() -> Self {
        // It takes a port for one family of addresses that may be in use for the other, and then ends.
        (0..5)
            .find_map(|_| Self::try_to_start())
            .expect("chromedriver says where it listens")
    }

    fn try_to_start() -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed: apt-get install chromium chromium-driver");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        // Whatever else it says is read, or it would stop when nobody does.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            drop(child.wait());
            return None;
        };
        Some(Self { child, port })
    }

    /// Starts a browser in a language.
    pub async fn tab(&self, script: Script, hand: Hand, language: &str) -> Tab {
        // 1 allows and 2 blocks: a setting that people have, so that pages learn of it as from theirs.
        let scripts = if script == Script::On { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": "/usr/bin/chromium",
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,900"],
                "prefs": {
                    "intl.accept_languages": language,
                    "profile.managed_default_content_settings.javascript": scripts,
                },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().unwrap().clone();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("a browser starts");
        Tab::new(client, hand, language)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
