//! Prints a line. Whoever reads may have seen enough (`| head`): what cannot be shown is no success, and no panic either.

use std::fmt::Display;
use std::io::{Write, stdout};

pub(crate) fn say(line: impl Display) {
    if writeln!(stdout(), "{line}").is_err() {
        std::process::exit(1);
    }
}
