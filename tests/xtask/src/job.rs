//! Runs programs within time limits, and ends all of them when one fails or the command is interrupted.

use std::fs::DirBuilder;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;

/// What went wrong, in words.
pub type Failure = String;

/// Between two looks whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How long a program may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// The process groups that run. Each program leads a group of its own, so that what it started ends with it.
#[derive(Clone, Default)]
pub struct Groups(Arc<Mutex<Vec<Pid>>>);

impl Groups {
    /// Asks all programs to end.
    pub fn stop(&self) {
        for group in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // It may have ended by itself.
            let _ = killpg(*group, Signal::SIGTERM);
        }
    }

    fn add(&self, group: Pid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(group);
    }

    fn remove(&self, group: Pid) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|other| *other != group);
    }
}

/// Where a step runs its programs: from the project's root, with a temporary folder.
pub struct Job {
    /// The project's root.
    pub root: PathBuf,
    /// A folder that is removed at the end.
    pub work: PathBuf,
    /// Where output goes; without it, to the terminal.
    pub log: Option<File>,
    /// The process groups of this and of all other steps.
    pub groups: Groups,
}

/// A program that runs in the background; it ends when this is dropped.
pub struct Background<'a> {
    child: Child,
    job: &'a Job,
}

impl Job {
    /// A program in words: `cargo fmt --all`. Words in `more` may have spaces.
    pub fn command(&self, words: &str, more: &[&str]) -> Command {
        let mut words = words.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(more);
        command
    }

    /// Runs a program to its end, at most so many seconds.
    pub fn run(&self, seconds: u64, mut command: Command) -> Result<(), Failure> {
        let name = name(&command);
        let mut background = self.start(&mut command)?;
        match background.wait(Duration::from_secs(seconds))? {
            None => Err(format!("{name}: not finished after {seconds} s")),
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("{name}: {status}")),
        }
    }

    /// The short form, for a program in words.
    pub fn sh(&self, seconds: u64, words: &str) -> Result<(), Failure> {
        self.run(seconds, self.command(words, &[]))
    }

    /// Starts a program.
    pub fn start(&self, command: &mut Command) -> Result<Background<'_>, Failure> {
        if let Some(log) = &self.log {
            let copy = || log.try_clone().map_err(|error| error.to_string());
            command.stdout(copy()?).stderr(copy()?);
        }
        self.spawn(command)
    }

    /// Starts a program and waits for the first line that it prints.
    pub fn start_and_read(&self, seconds: u64, command: &mut Command) -> Result<(Background<'_>, String), Failure> {
        if let Some(log) = &self.log {
            command.stderr(log.try_clone().map_err(|error| error.to_string())?);
        }
        let name = name(command);
        let mut background = self.spawn(command.stdout(Stdio::piped()))?;
        let output = background.child.stdout.take().ok_or("no output")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // All lines are read, so that the program never waits for a reader; only the first is wanted.
                drop(sender.send(line));
            }
        });
        let line = receiver.recv_timeout(Duration::from_secs(seconds));
        line.map(|line| (background, line))
            .map_err(|_| format!("{name}: nothing was printed"))
    }

    fn spawn(&self, command: &mut Command) -> Result<Background<'_>, Failure> {
        let name = name(command);
        // What `cargo run` says of this package is nothing that the programs should know.
        let of_cargo = std::env::vars().map(|(name, _)| name);
        for variable in of_cargo.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(variable);
        }
        command.current_dir(&self.root).stdin(Stdio::null()).process_group(0);
        // A program inherits the signals that its parent blocks, and could then not be asked to end.
        let masked = |result: nix::Result<()>| result.map_err(|error| format!("{name}: {error}"));
        masked(interrupts().thread_unblock())?;
        let child = command.spawn();
        masked(interrupts().thread_block())?;
        let child = child.map_err(|error| format!("{name}: {error}"))?;
        let background = Background { child, job: self };
        self.groups.add(background.group());
        Ok(background)
    }
}

impl Background<'_> {
    fn group(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits at most so long for its end.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
        let end = Instant::now() + limit;
        loop {
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            if status.is_some() || Instant::now() > end {
                return Ok(status);
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        if self.wait(Duration::ZERO).is_ok_and(|ended| ended.is_none()) {
            let _ = killpg(self.group(), Signal::SIGTERM);
            if self.wait(GRACE).is_ok_and(|ended| ended.is_none()) {
                let _ = killpg(self.group(), Signal::SIGKILL);
                drop(self.child.wait());
            }
        }
        self.job.groups.remove(self.group());
    }
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The signals that end the command, with all programs and its temporary folder.
pub fn interrupts() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}

/// A folder of its own for each process.
pub fn temporary_folder() -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
    // One of a process that had the same id would still have what that one recorded.
    remove(&folder);
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Removes a folder; what is not there need not be removed.
pub fn remove(folder: &Path) {
    drop(std::fs::remove_dir_all(folder));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            root: "/".into(),
            work: std::env::temp_dir(),
            log: None,
            groups: Groups::default(),
        }
    }

    #[test]
    fn a_program_fails_by_its_status_and_by_its_time_limit() {
        let job = job();
        assert!(job.sh(10, "true").is_ok());
        assert!(job.sh(10, "false").unwrap_err().contains("exit status: 1"));
        assert!(job.sh(0, "sleep 60").unwrap_err().contains("not finished after 0 s"));
    }

    #[test]
    fn a_program_that_runs_in_the_background_ends_with_all_it_started() {
        let job = job();
        interrupts().thread_block().unwrap();
        let (background, line) = job
            .start_and_read(10, &mut job.command("sh -c", &["sleep 60 & echo $!; wait"]))
            .unwrap();
        drop(background);
        let began = Instant::now();
        while Path::new("/proc").join(&line).join("exe").exists() {
            assert!(began.elapsed() < GRACE, "{line} still runs");
            thread::sleep(LOOK);
        }
        assert!(job.groups.0.lock().unwrap().is_empty());
    }
}
