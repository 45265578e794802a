//! Where things listen. Kept with the state, because integrations remember the addresses of their PSAs.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use serde::{Deserialize, Serialize};

use crate::Error;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Places {
    pub api: u16,
    pub control: u16,
    pub connectwise: u16,
    pub autotask: u16,
}

const FILE: &str = "places.json";

impl Places {
    /// Where things listened before; what has a state but was never started gets places that it can come back to.
    pub(crate) fn read(state: Option<&Path>) -> Self {
        let Some(folder) = state else { return Self::default() };
        let text = fs::read_to_string(folder.join(FILE)).ok();
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_else(|| Self {
                api: lasting(),
                control: lasting(),
                connectwise: lasting(),
                autotask: lasting(),
            })
    }

    pub(crate) fn write(self, state: Option<&Path>) -> Result<(), Error> {
        let Some(folder) = state else { return Ok(()) };
        let text = serde_json::to_string(&self).map_err(std::io::Error::from)?;
        Ok(fs::write(folder.join(FILE), text)?)
    }
}

/// Below the ports that Linux, macOS and Windows hand out by themselves (from 32,768 or 49,152).
const LASTING: std::ops::Range<u16> = 20_000..32_000;

/// A port that is free, and that nobody is given who asks for just any: what is killed must find it free again. 0 if there
/// is none.
fn lasting() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let size = u32::from(LASTING.end - LASTING.start);
    // Processes at the same time begin far from each other; one process never takes a port twice.
    let begin = std::process::id().wrapping_mul(97);
    let mut ports = (0..size).filter_map(|_| {
        let place = begin.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % size;
        u16::try_from(place).ok().map(|place| LASTING.start + place)
    });
    ports
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .unwrap_or_default()
}
