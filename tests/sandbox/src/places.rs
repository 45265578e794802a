//! Where things listen. Kept with the state, because integrations remember the addresses of their PSAs.

use std::fs;
use std::path::Path;

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
    pub(crate) fn read(state: Option<&Path>) -> Self {
        let text = state.and_then(|folder| fs::read_to_string(folder.join(FILE)).ok());
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    pub(crate) fn write(self, state: Option<&Path>) -> Result<(), Error> {
        let Some(folder) = state else { return Ok(()) };
        let text = serde_json::to_string(&self).map_err(std::io::Error::from)?;
        Ok(fs::write(folder.join(FILE), text)?)
    }
}
