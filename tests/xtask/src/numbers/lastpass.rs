//! What comes of every fault of LastPass, as the test prints it: a whole table, and what was counted.

use super::logs::Logs;
use crate::job::Failure;

pub(super) fn write(logs: &Logs) -> Result<String, Failure> {
    text(&logs.read("lastpass")?)
}

fn text(log: &str) -> Result<String, Failure> {
    let lines = |is: fn(&str) -> bool| log.lines().filter(move |line| is(line)).collect::<Vec<_>>();
    let counted = lines(|line| line.ends_with(", 0 wrong") || line.ends_with(", 0 panics"));
    let table = lines(|line| line.starts_with('|') && line.ends_with('|'));
    if table.is_empty() || !counted.iter().any(|line| line.starts_with("matrix")) {
        return Err("no whole matrix was printed".into());
    }
    let counted: Vec<String> = counted.iter().map(|line| format!("- {line}")).collect();
    Ok(format!("{}\n\n{}\n", counted.join("\n"), table.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_taken_as_it_was_printed_if_nothing_is_wrong() {
        let log = "| fault | check |\n|---|---|\n| 400 | rejected |\nmatrix of LastPass: 1 rows, 0 wrong\ntest ok\n";
        let expected = "- matrix of LastPass: 1 rows, 0 wrong\n\n| fault | check |\n|---|---|\n| 400 | rejected |\n";
        assert_eq!(text(log).unwrap(), expected);
        assert!(text(&log.replace("0 wrong", "1 wrong")).is_err());
    }
}
