//! What is tried: areas of the code, and the files with mutants in each.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::job::{Failure, Job};

/// A part of the code with a share of mutants that its crate's own tests have to catch.
pub struct Area {
    /// How it is called on the command line.
    pub name: &'static str,
    /// The crate.
    pub package: &'static str,
    /// The files of the crate; all if none is named.
    pub files: &'static [&'static str],
    /// Of a hundred viable mutants so many are caught at least.
    pub at_least: usize,
}

/// All areas, the quickest first.
pub const AREAS: [Area; 3] = [
    Area {
        name: "lease",
        package: "store",
        files: &["shared/store/src/lease.rs", "shared/store/src/fenced.rs"],
        at_least: 100,
    },
    Area {
        name: "matching",
        package: "matching",
        files: &[],
        at_least: 90,
    },
    Area {
        name: "domain",
        package: "domain",
        files: &[],
        at_least: 90,
    },
];

/// A file with mutants.
pub(super) struct File {
    pub area: &'static Area,
    pub path: String,
    /// As `cargo mutants` names them: `shared/domain/src/name.rs:12:5: replace …`.
    pub mutants: Vec<String>,
}

impl File {
    /// Whether this is its name or its area's.
    pub(super) fn is(&self, name: &str) -> bool {
        self.path == name || self.area.name == name
    }
}

/// All files with mutants, area by area.
pub(super) fn files(job: &Job) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    for area in &AREAS {
        let mut list = job.command("cargo mutants --list --no-config --package", &[area.package]);
        list.args(area.files.iter().flat_map(|file| ["--file", file]));
        let mut by_path: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mutant in printed(job, list)?.lines() {
            let (path, _) = mutant.split_once(':').ok_or_else(|| format!("no mutant: {mutant}"))?;
            by_path.entry(path.to_owned()).or_default().push(mutant.to_owned());
        }
        files.extend(by_path.into_iter().map(|(path, mutants)| File { area, path, mutants }));
    }
    Ok(files)
}

/// What a short program prints.
pub(super) fn printed(job: &Job, mut command: Command) -> Result<String, Failure> {
    let output = command.current_dir(&job.root).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
