//! Prints a line. Whoever reads may have seen enough (`| head`): then there is nothing left to do.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stdout};

pub(crate) fn say(line: impl Display) {
    if let Err(error) = writeln!(stdout(), "{line}")
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}
