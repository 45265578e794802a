//! `cargo xtask numbers`: measured numbers stand in the documents between markers, and only this writes them.
//!
//! A block begins with the line `<!-- numbers: NAME -->` and ends with `<!-- /numbers -->`. Its first line is the date.

mod costs;
mod lastpass;
mod logs;
mod nights;
mod table;
mod write;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::ci::{self, Places};
use crate::job::Failure;
use crate::mutants;
use logs::Logs;

/// The documents that have numbers.
pub const DOCUMENTS: [&str; 8] = [
    "README.md",
    "shared/README.md",
    "shared/DECISIONS.md",
    "shared/directory/README.md",
    "infra/README.md",
    "tests/README.md",
    "tests/RULES.md",
    "tests/sandbox/README.md",
];

/// What the end of a block looks like.
const END: &str = "<!-- /numbers -->";

/// How numbers come about.
enum Source {
    /// What these steps of CI print.
    Steps(&'static [&'static str]),
    /// What all of CI prints.
    All,
    /// What a program prints, kept in the log of this name.
    Program(&'static str, &'static str),
    /// What all mutants come to.
    Mutants,
}

/// One block of numbers.
pub struct Numbers {
    /// The name in its marker.
    pub name: &'static str,
    /// The document that has it.
    pub document: &'static str,
    source: Source,
    write: fn(&Logs) -> Result<String, Failure>,
}

const LARGE: Source = Source::Program("large", "cargo run --release --locked --quiet -p bench");

/// All blocks.
pub const NUMBERS: [Numbers; 17] = [
    in_tests("times", Source::All, write::times),
    in_tests(
        "checks",
        Source::Steps(&["tests", "second-opinion", "contract"]),
        write::checks,
    ),
    in_tests("proofs", Source::Steps(&["proofs"]), write::proofs),
    in_tests(
        "exhaustive",
        Source::Program(
            "exhaustive",
            "env PROOFS=all cargo test --workspace --locked --test proofs crash -- --show-output",
        ),
        write::exhaustive,
    ),
    in_tests(
        "lastpass-imports",
        Source::Program(
            "lastpass-imports",
            "env PROOFS=all cargo test --workspace --locked --test proofs lastpass -- --show-output --test-threads 1",
        ),
        lastpass::imports,
    ),
    in_tests(
        "bad-night",
        Source::Program(
            "bad-night",
            "env BAD_NIGHT=all cargo test --workspace --locked --test proofs bad_night -- --show-output",
        ),
        nights::write,
    ),
    in_tests("sizes", Source::Steps(&["build-functions", "budget"]), write::sizes),
    in_tests("large", LARGE, write::large),
    in_tests(
        "large-lastpass",
        Source::Program(
            "large-lastpass",
            "cargo run --release --locked --quiet -p bench -- --directory lastpass",
        ),
        write::large_lastpass,
    ),
    in_tests(
        "extreme",
        Source::Program(
            "extreme",
            "cargo run --release --locked --quiet -p bench -- --msp extreme",
        ),
        write::extreme,
    ),
    in_tests(
        "load",
        Source::Program("load", "cargo run --release --locked --quiet -p bench -- load"),
        write::load,
    ),
    in_tests(
        "hostile",
        Source::Program(
            "hostile",
            "cargo run --release --locked --quiet -p bench -- load --msps 50 --hostile",
        ),
        write::hostile,
    ),
    in_tests(
        "peers",
        Source::Program("peers", "cargo run --release --locked --quiet -p bench -- peers"),
        write::peers,
    ),
    in_tests(
        "pages",
        Source::Program(
            "pages",
            "cargo run --release --locked --quiet -p bench -- pages --msp extreme",
        ),
        write::pages,
    ),
    in_tests("mutants", Source::Mutants, write::mutants),
    Numbers {
        name: "lastpass",
        document: "shared/directory/README.md",
        source: Source::Program(
            "lastpass",
            "cargo test --workspace --locked --test directory -- --show-output --test-threads 2",
        ),
        write: lastpass::write,
    },
    Numbers {
        name: "costs",
        document: "infra/README.md",
        source: LARGE,
        write: costs::write,
    },
];

const fn in_tests(name: &'static str, source: Source, write: fn(&Logs) -> Result<String, Failure>) -> Numbers {
    Numbers {
        name,
        document: "tests/README.md",
        source,
        write,
    }
}

impl Source {
    /// The log by whose age the numbers are dated.
    fn dated(&self) -> &'static str {
        match self {
            Self::All => "times",
            Self::Steps(steps) => steps.last().copied().unwrap_or_default(),
            Self::Program(log, _) => log,
            Self::Mutants => "mutants",
        }
    }

    fn measure(&self, places: &Places) -> Result<(), Failure> {
        match self {
            Self::All => ci::run(places, &[]),
            Self::Steps(steps) => ci::record(places, steps),
            Self::Program(log, command) => {
                let job = places.job(Some(ci::create(&places.log(log))?));
                // The extreme MSP takes hours.
                job.sh(6 * 3600, command)
            }
            Self::Mutants => mutants::run(places, &[]).map(drop),
        }
    }
}

/// Measures the named blocks and writes them; without names, writes what was measured last.
pub fn run(places: &Places, names: &[String]) -> Result<(), Failure> {
    for name in names {
        let known = || NUMBERS.map(|numbers| numbers.name).join(", ");
        let numbers = NUMBERS.iter().find(|numbers| numbers.name == name);
        let numbers = numbers.ok_or_else(|| format!("there are no numbers {name}, but {}", known()))?;
        numbers.source.measure(places)?;
        numbers.put(places)?;
    }
    if names.is_empty() {
        for numbers in &NUMBERS {
            match numbers.put(places) {
                Ok(()) => println!("{}: written", numbers.name),
                Err(failure) => println!("{}: left as it is, since {failure}", numbers.name),
            }
        }
    }
    Ok(())
}

/// Writes one block from what was measured last.
pub fn write(places: &Places, name: &str) -> Result<(), Failure> {
    let mut numbers = NUMBERS.iter().filter(|numbers| numbers.name == name);
    numbers.try_for_each(|numbers| numbers.put(places))
}

impl Numbers {
    fn put(&self, places: &Places) -> Result<(), Failure> {
        let text = (self.write)(&Logs(places))?;
        let date = date(&places.log(self.source.dated()))?;
        let path = places.root.join(self.document);
        let document = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let document = replaced(&document, self.name, &format!("Measured on {date}.\n\n{text}"))?;
        fs::write(&path, document).map_err(|error| error.to_string())
    }
}

/// The day on which a file was written, in UTC.
fn date(file: &Path) -> Result<String, Failure> {
    let date = Command::new("date")
        .args(["--utc", "+%F", "--reference"])
        .arg(file)
        .output();
    let date = date.map_err(|error| format!("date: {error}"))?;
    Ok(String::from_utf8_lossy(&date.stdout).trim().to_owned())
}

fn begin(name: &str) -> String {
    format!("<!-- numbers: {name} -->")
}

fn replaced(document: &str, name: &str, text: &str) -> Result<String, Failure> {
    let begin = begin(name);
    let parts = document.split_once(&begin);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("no block {begin}"))?;
    Ok(format!("{before}{begin}\n{}\n{END}{after}", text.trim()))
}

/// The blocks of a document, by name, and its text outside of them.
pub fn blocks(document: &str) -> (Vec<(String, String)>, String) {
    let (mut blocks, mut outside) = (Vec::new(), String::new());
    let mut rest = document;
    while let Some((before, block)) = rest.split_once("<!-- numbers: ") {
        outside.push_str(before);
        let (name, block) = block.split_once(" -->").unwrap_or((block, ""));
        let (text, after) = block.split_once(END).unwrap_or((block, ""));
        blocks.push((name.to_owned(), text.to_owned()));
        rest = after;
    }
    outside.push_str(rest);
    (blocks, outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_and_the_text_around_it_stays() {
        let document = "a 1\n<!-- numbers: x -->\nold\n<!-- /numbers -->\nb 2\n";
        let new = replaced(document, "x", "new\n").unwrap();
        assert_eq!(new, "a 1\n<!-- numbers: x -->\nnew\n<!-- /numbers -->\nb 2\n");
        let (found, outside) = blocks(&new);
        assert_eq!(found, [("x".to_owned(), "\nnew\n".to_owned())]);
        assert_eq!(outside, "a 1\n\nb 2\n");
        assert!(replaced(document, "y", "new").is_err());
    }
}
