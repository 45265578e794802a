//! What steps and programs printed when they ran last.

use crate::ci::Places;
use crate::job::Failure;

/// The logs of steps and programs.
pub(super) struct Logs<'a>(pub(super) &'a Places);

impl Logs<'_> {
    pub(super) fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.0.log(name);
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
