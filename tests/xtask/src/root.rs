//! Where the project is.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's root.
pub fn path() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The folders of all crates, as the project names them: `shared/domain`.
pub fn crates() -> Vec<String> {
    let mut found = Vec::new();
    for place in ["functions", "shared", "shared/psa", "tests", "tests/sandbox"] {
        let folders = fs::read_dir(path().join(place)).into_iter().flatten().flatten();
        let crates = folders.filter(|folder| folder.path().join("Cargo.toml").is_file());
        found.extend(crates.map(|folder| format!("{place}/{}", folder.file_name().to_string_lossy())));
    }
    found.sort();
    found
}
