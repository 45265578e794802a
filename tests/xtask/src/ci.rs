//! `cargo xtask ci`: everything that must hold for a change to land. Steps run side by side where they leave a processor free; the
//! first failure ends all of them.

mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::job::{Failure, Groups, Job};
pub use steps::{STEPS, Step};

/// Steps are scheduled for so many processors. More would not help: the longest step takes two.
const CORES: usize = 2;

/// The folder of what each step of the last run printed.
const LOGS: &str = "target/ci";

/// Where things are.
pub struct Places {
    /// The project's root.
    pub root: PathBuf,
    /// A folder that is removed at the end.
    pub work: PathBuf,
    /// The programs that run.
    pub groups: Groups,
}

impl Places {
    /// What the last run of a step printed is in this file.
    pub fn log(&self, step: &str) -> PathBuf {
        self.root.join(LOGS).join(format!("{step}.log"))
    }

    /// Runs programs whose output goes into this file, or to the terminal.
    pub fn job(&self, log: Option<File>) -> Job {
        Job {
            root: self.root.clone(),
            work: self.work.clone(),
            log,
            groups: self.groups.clone(),
        }
    }
}

/// Prints the steps.
pub fn list() {
    for step in &STEPS {
        println!("{:<16} {}", step.name, step.about);
    }
}

/// The step of this name, with all whose results it uses.
fn with_needs(name: &str, into: &mut BTreeSet<usize>) -> Result<(), Failure> {
    let unknown = || format!("there is no step {name}: cargo xtask ci --list names them");
    let at = STEPS.iter().position(|step| step.name == name).ok_or_else(unknown)?;
    into.insert(at);
    STEPS[at].needs.iter().try_for_each(|need| with_needs(need, into))
}

/// Runs the named steps, with those that they need, or all. A step that runs alone prints as it goes.
pub fn run(places: &Places, names: &[String]) -> Result<(), Failure> {
    let mut chosen = BTreeSet::new();
    for name in names {
        with_needs(name, &mut chosen)?;
    }
    if names.is_empty() {
        chosen = (0..STEPS.len()).collect();
    }
    let alone = chosen.len() == 1;
    run_all(places, chosen, alone)
}

/// Runs the named steps, and keeps what they print in their logs.
pub fn record(places: &Places, names: &[&str]) -> Result<(), Failure> {
    let mut chosen = BTreeSet::new();
    for name in names {
        with_needs(name, &mut chosen)?;
    }
    run_all(places, chosen, false)
}

fn run_all(places: &Places, chosen: BTreeSet<usize>, alone: bool) -> Result<(), Failure> {
    let mut run = Run {
        places,
        began: Instant::now(),
        open: chosen.into_iter().collect(),
        running: BTreeMap::new(),
        passed: BTreeMap::new(),
    };
    let done = run.all(alone);
    if done.is_ok() {
        println!("\nAll checks passed in {} s.", run.began.elapsed().as_secs());
    }
    done
}

/// The state of a run.
struct Run<'a> {
    places: &'a Places,
    began: Instant,
    open: Vec<usize>,
    /// Since when.
    running: BTreeMap<usize, Instant>,
    /// How long each took.
    passed: BTreeMap<usize, Duration>,
}

impl Run<'_> {
    fn all(&mut self, alone: bool) -> Result<(), Failure> {
        let (sender, receiver) = mpsc::channel();
        let places = self.places;
        thread::scope(|scope| {
            while !self.open.is_empty() || !self.running.is_empty() {
                while let Some(at) = self.next() {
                    // A step that runs alone prints as it goes.
                    let log = if alone {
                        None
                    } else {
                        Some(create(&places.log(STEPS[at].name))?)
                    };
                    let (job, sender) = (places.job(log), sender.clone());
                    self.say(&format!("{} begins", STEPS[at].name));
                    self.running.insert(at, Instant::now());
                    scope.spawn(move || {
                        // A step that panics must end the run, too, or nothing would ever be received of it.
                        let done = catch_unwind(AssertUnwindSafe(|| (STEPS[at].run)(&job)));
                        sender.send((at, done.unwrap_or_else(|_| Err("panicked".to_owned()))))
                    });
                }
                let (at, done) = receiver.recv().map_err(|error| error.to_string())?;
                if let Err(failure) = self.ended(at, done, alone) {
                    places.groups.stop();
                    return Err(failure);
                }
            }
            Ok(())
        })
    }

    /// The first step that may start.
    fn next(&mut self) -> Option<usize> {
        let busy: usize = self.running.keys().map(|at| STEPS[*at].cores).sum();
        let has_passed = |name: &&str| self.passed.keys().any(|at| STEPS[*at].name == *name);
        let may_start = |at: &usize| STEPS[*at].needs.iter().all(has_passed) && busy + STEPS[*at].cores <= CORES;
        let place = self.open.iter().position(may_start)?;
        Some(self.open.remove(place))
    }

    fn ended(&mut self, at: usize, done: Result<(), Failure>, alone: bool) -> Result<(), Failure> {
        let step = &STEPS[at];
        let took = self
            .running
            .remove(&at)
            .map(|began| began.elapsed())
            .unwrap_or_default();
        let how = if done.is_ok() { "passed" } else { "failed" };
        self.say(&format!("{} {how} after {} s", step.name, took.as_secs()));
        if !alone {
            // Bytes that are no text should not hide a failure.
            let said = fs::read(self.places.log(step.name)).map_err(|error| error.to_string())?;
            io::stdout().write_all(&said).map_err(|error| error.to_string())?;
        }
        done.map_err(|failure| format!("{}: {failure}", step.name))?;
        self.passed.insert(at, took);
        self.write_times()
    }

    fn say(&self, what: &str) {
        println!("\n== {what} ({} s so far)", self.began.elapsed().as_secs());
    }

    /// How long each step took, for `cargo xtask numbers`.
    fn write_times(&self) -> Result<(), Failure> {
        if self.passed.len() < STEPS.len() {
            return Ok(());
        }
        let steps = self.passed.iter().map(|(at, took)| (STEPS[*at].name, took.as_secs()));
        let all = [("all", self.began.elapsed().as_secs())];
        let lines: Vec<String> = steps
            .chain(all)
            .map(|(step, took)| format!("{step}: {took} s"))
            .collect();
        fs::write(self.places.log("times"), lines.join("\n")).map_err(|error| error.to_string())
    }
}

/// Makes a log.
pub(crate) fn create(path: &Path) -> Result<File, Failure> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| File::create(path))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_comes_behind_those_whose_results_it_uses() {
        for (at, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                let place = STEPS.iter().position(|other| other.name == *need);
                assert!(place.is_some_and(|place| place < at), "{} needs {need}", step.name);
            }
            assert!(step.cores <= CORES, "{} never starts", step.name);
        }
    }

    #[test]
    fn a_step_that_is_named_brings_those_whose_results_it_uses() {
        let mut chosen = BTreeSet::new();
        with_needs("functions", &mut chosen).unwrap();
        let names: Vec<&str> = chosen.iter().map(|at| STEPS[*at].name).collect();
        assert_eq!(names, ["template", "build-functions", "functions"]);
        assert!(with_needs("nothing", &mut chosen).is_err());
    }
}
