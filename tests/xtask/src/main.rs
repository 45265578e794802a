//! The project's own commands: `cargo xtask`.

use std::process::ExitCode;

use xtask::{circles, root};

fn main() -> ExitCode {
    for folder in root::crates() {
        match circles::of(&root::path().join(&folder).join("src")) {
            Ok(found) => found
                .iter()
                .for_each(|circle| println!("{folder}: {}", circle.join(", "))),
            Err(error) => eprintln!("{folder}: {error}"),
        }
    }
    ExitCode::SUCCESS
}
