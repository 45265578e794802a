//! `cargo xtask mutants`: changes the code in many small ways, one at a time, and sees which changes the crate's own tests notice.
//!
//! The changes are those of `cargo mutants`. They are tried file by file, in a copy of the project that keeps what was built. The
//! outcomes of each file are kept, so that files can be tried in any order and on different days.

mod areas;
mod copy;
mod outcomes;
mod report;
mod survivors;

use std::fs;
use std::path::{Path, PathBuf};

use crate::ci::Places;
use crate::job::{Failure, Job};
use areas::File;
pub use areas::{AREAS, Area};
use outcomes::Outcomes;
use report::Report;
use survivors::Survivors;
pub use survivors::{LIST, Survivor};

/// Another version of `cargo mutants` would make other changes.
const VERSION: &str = "27.1.0";

/// The folder of the copy and of the outcomes.
const FOLDER: &str = "target/mutants";

/// A mutant whose tests take longer is caught: it loops.
const SECONDS_OF_TESTS: &str = "120";

/// Tries the mutants of the areas and files that are named, or of all, and judges the outcomes of all files that were ever tried. Gives
/// whether the table was made, for which some file must have been.
pub fn run(places: &Places, names: &[String]) -> Result<bool, Failure> {
    let job = places.job(None);
    check_version(&job)?;
    let files = areas::files(&job)?;
    for name in names.iter().filter(|name| *name != "--judge") {
        if !files.iter().any(|file| file.is(name)) {
            let areas = AREAS.map(|area| area.name).join(", ");
            return Err(format!("{name} is neither an area ({areas}) nor a file with mutants"));
        }
    }
    copy::refresh(&job.root, &tree(&job.root))?;
    let chosen = |file: &&File| names.is_empty() || names.iter().any(|name| file.is(name));
    for file in files.iter().filter(chosen) {
        attempt(&job, file)?;
    }
    judge(places, &files)
}

fn tree(root: &Path) -> PathBuf {
    root.join(FOLDER).join("tree")
}

/// Where the outcomes of a file's mutants are.
fn results(root: &Path, file: &File) -> PathBuf {
    root.join(FOLDER).join("files").join(&file.path)
}

fn check_version(job: &Job) -> Result<(), Failure> {
    let said = areas::printed(job, job.command("cargo mutants --version", &[]));
    match said {
        Ok(said) if said.trim().ends_with(VERSION) => Ok(()),
        _ => Err(format!(
            "install it first: cargo install cargo-mutants --version {VERSION} --locked"
        )),
    }
}

/// Tries the mutants of one file. The tests must pass without any.
fn attempt(job: &Job, file: &File) -> Result<(), Failure> {
    println!("\n== {}: {} mutants", file.path, file.mutants.len());
    let folder = results(&job.root, file);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let words = "cargo mutants --in-place --no-config --no-times --colors never --profile mutants";
    let mut command = job.command(words, &["--package", file.area.package, "--file", &file.path]);
    command.args(["--timeout", SECONDS_OF_TESTS, "--output"]).arg(folder);
    // Without tests in the documentation: there are none, and to look for them takes as long as all others.
    command.args(["--", "--locked", "--lib", "--tests"]);
    let copy = Job {
        root: tree(&job.root),
        work: job.work.clone(),
        log: None,
        groups: job.groups.clone(),
    };
    match copy.run(24 * 3600, command) {
        // Mutants that survive, and those that loop.
        Err(failure) if failure.ends_with("exit status: 2") || failure.ends_with("exit status: 3") => Ok(()),
        ended => ended,
    }
}

fn judge(places: &Places, files: &[File]) -> Result<bool, Failure> {
    let list = fs::read_to_string(places.root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let mut report = Report::new(Survivors::read(&list)?);
    for file in files {
        match Outcomes::read(&results(&places.root, file), &file.mutants) {
            Some(outcomes) => report.add(file, &outcomes),
            None => report.miss(file),
        }
    }
    print!("{report}");
    report.check()?;
    let Some(oldest) = report.oldest() else {
        return Ok(false);
    };
    let path = places.log("mutants");
    let log = crate::ci::create(&path)?;
    fs::write(&path, report.table()).map_err(|error| error.to_string())?;
    // The block of numbers gets the date of its log.
    log.set_modified(oldest).map_err(|error| error.to_string())?;
    Ok(true)
}
