//! The project's own commands: `cargo xtask`.

use std::process::ExitCode;
use std::{env, thread};

use xtask::ci::{self, Places};
use xtask::job::{self, Failure, Groups};
use xtask::{check, circles, mutants, numbers, root};

const USAGE: &str = "\
cargo xtask check           format, clippy and unit tests: after every edit
cargo xtask ci              everything that must hold for a change to land
cargo xtask ci STEP…        some of that; `cargo xtask ci --list` names the steps
cargo xtask numbers         write the numbers that were measured last into the documents
cargo xtask numbers NAME…   measure some anew, and write them
cargo xtask mutants         change the code in many ways, and see which changes the crates' own tests notice (hours)
cargo xtask mutants NAME…   only those of an area or a file; with --judge, none
cargo xtask circles         the files of each crate that need each other in a circle";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Failure> {
    let root = root::path();
    env::set_current_dir(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let (command, rest) = words.split_first().ok_or(USAGE)?;
    match (command.as_str(), rest) {
        ("check", []) => inside(|places| check::run(&places.job(None))),
        ("ci", [list]) if list == "--list" => {
            ci::list();
            Ok(())
        }
        ("ci", steps) => inside(|places| ci::run(places, steps)),
        ("numbers", names) => inside(|places| numbers::run(places, names)),
        ("mutants", names) => inside(|places| {
            if mutants::run(places, names)? {
                numbers::write(places, "mutants")?;
            }
            Ok(())
        }),
        ("circles", []) => print_circles(),
        _ => Err(USAGE.to_owned()),
    }
}

/// Runs a command with a temporary folder, which is removed at its end; so it is, with all programs ended, when somebody interrupts it.
fn inside(command: impl FnOnce(&Places) -> Result<(), Failure>) -> Result<(), Failure> {
    let places = Places {
        root: root::path(),
        work: job::temporary_folder()?,
        groups: Groups::default(),
    };
    // Blocked in all threads, which inherit it, so that the signals wait for the one thread that asks for them.
    let signals = job::interrupts();
    signals.thread_block().map_err(|error| error.to_string())?;
    let (groups, work) = (places.groups.clone(), places.work.clone());
    thread::spawn(move || {
        if signals.wait().is_ok() {
            groups.stop();
            job::remove(&work);
            eprintln!("\ninterrupted");
            std::process::exit(130);
        }
    });
    let done = command(&places);
    job::remove(&places.work);
    done
}

fn print_circles() -> Result<(), Failure> {
    for folder in root::crates() {
        let found = circles::of(&root::path().join(&folder).join("src")).map_err(|error| error.to_string())?;
        for circle in found {
            println!("{folder}: {}", circle.join(", "));
        }
    }
    Ok(())
}
