//! What a folder of state is of, and where its things listen: integrations remember the addresses of their PSAs.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use serde::{Deserialize, Serialize};
use simkit::msp::Size;

use crate::Error;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Places {
    version: u32,
    pub size: Size,
    pub api: u16,
    pub control: u16,
    pub connectwise: u16,
    pub autotask: u16,
    /// Only where the first MSP has LastPass.
    #[serde(default)]
    pub lastpass: Option<u16>,
    /// The identity provider; 0 in folders of before it came.
    #[serde(default)]
    pub provider: u16,
}

const FILE: &str = "sandbox.json";

/// Grows when a folder of an older version cannot be gone on with.
const VERSION: u32 = 1;

impl Places {
    /// Free places for whatever keeps no state.
    fn anywhere(size: Size, lastpass: bool) -> Self {
        Self {
            version: VERSION,
            size,
            api: 0,
            control: 0,
            connectwise: 0,
            autotask: 0,
            lastpass: lastpass.then_some(0),
            provider: 0,
        }
    }

    /// Where things listened before, in a folder of this version, of an MSP of this size and with LastPass if that is wanted; an empty
    /// folder becomes one.
    pub(crate) fn read(state: Option<&Path>, size: Option<Size>, lastpass: bool) -> Result<Self, Error> {
        let anywhere = Self::anywhere(size.unwrap_or_default(), lastpass);
        let Some(folder) = state else { return Ok(anywhere) };
        let refused = |why: String| Error::State {
            folder: folder.to_owned(),
            why,
        };
        fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
        let text = match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut others = fs::read_dir(folder).map_err(|error| refused(error.to_string()))?;
                if others.next().is_some() {
                    return Err(refused(format!("it is not empty, and has no {FILE}")));
                }
                // What was never started gets places that it can come back to.
                let places = Self {
                    api: lasting(),
                    control: lasting(),
                    connectwise: lasting(),
                    autotask: lasting(),
                    lastpass: lastpass.then(lasting),
                    provider: lasting(),
                    ..anywhere
                };
                places.write(state)?;
                return Ok(places);
            }
            Err(error) => return Err(refused(format!("{FILE}: {error}"))),
        };
        let found: Self = serde_json::from_str(&text).map_err(|error| refused(format!("{FILE}: {error}")))?;
        if found.version != VERSION {
            return Err(refused(format!("it is of version {}, not {VERSION}", found.version)));
        }
        if lastpass && found.lastpass.is_none() {
            return Err(refused("its directory is built-in: leave --directory away".to_owned()));
        }
        match size {
            Some(size) if size != found.size => Err(refused(format!(
                "its MSP is {:?}, not {size:?}: leave --msp away",
                found.size
            ))),
            _ => Ok(found),
        }
    }

    pub(crate) fn write(self, state: Option<&Path>) -> Result<(), Error> {
        let Some(folder) = state else { return Ok(()) };
        let text = serde_json::to_string(&self).map_err(std::io::Error::from)?;
        fs::write(folder.join(FILE), text).map_err(|error| Error::State {
            folder: folder.to_owned(),
            why: error.to_string(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(folder: &Path, size: Option<Size>) -> String {
        Places::read(Some(folder), size, false).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_of_state_remembers_what_it_is_of() {
        let folder = tempfile::tempdir().unwrap();
        let made = Places::read(Some(folder.path()), Some(Size::Large), false).unwrap();
        let again = Places::read(Some(folder.path()), None, false).unwrap();
        assert_eq!((again.size, again.connectwise), (Size::Large, made.connectwise));
        assert!(refusal(folder.path(), Some(Size::Small)).contains("its MSP is Large, not Small"));
    }

    #[test]
    fn a_folder_of_state_remembers_its_directory() {
        let [with, without] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let made = Places::read(Some(with.path()), None, true).unwrap();
        let again = Places::read(Some(with.path()), None, false).unwrap();
        assert!(made.lastpass.is_some() && again.lastpass == made.lastpass);
        Places::read(Some(without.path()), None, false).unwrap();
        let refused = Places::read(Some(without.path()), None, true).unwrap_err();
        assert!(refused.to_string().contains("its directory is built-in"));
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("diary.txt"), "dear diary").unwrap();
        assert!(refusal(folder.path(), None).contains("it is not empty"));
        for (text, why) in [("{}", "missing field"), ("nonsense", "sandbox.json: expected")] {
            fs::write(folder.path().join(FILE), text).unwrap();
            assert!(refusal(folder.path(), None).contains(why));
        }
        let old = r#"{"version":0,"size":"small","api":1,"control":2,"connectwise":3,"autotask":4}"#;
        fs::write(folder.path().join(FILE), old).unwrap();
        assert!(refusal(folder.path(), None).contains("it is of version 0"));
    }
}
