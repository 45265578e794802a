//! What comes of every fault of LastPass, as the tests print it: whole tables, and what was counted.

use super::logs::Logs;
use crate::job::Failure;

/// What the head of each table begins with.
const HEAD: &str = "| fault |";

pub(super) fn write(logs: &Logs) -> Result<String, Failure> {
    text(&logs.read("lastpass")?)
}

/// Imports into LastPass: a table of those that were disturbed at each effect, those that were disturbed at random, and tables of those at
/// the pace of a deployment.
pub(super) fn imports(logs: &Logs) -> Result<String, Failure> {
    imported(&logs.read("lastpass-imports")?)
}

fn imported(log: &str) -> Result<String, Failure> {
    let lines: Vec<&str> = log.lines().collect();
    let is_of_table = |line: &&str| line.starts_with('|') && line.ends_with('|');
    let tables = lines.split(|line| !is_of_table(line));
    let tables: Vec<String> = tables
        .filter(|table| table.len() > 2)
        .map(|table| table.join("\n"))
        .collect();
    let random: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| line.starts_with("random imports"))
        .collect();
    let [disturbed, paced @ ..] = tables.as_slice() else {
        return Err("no table of disturbed imports was printed".into());
    };
    if disturbed.lines().count() < 4 || random.is_empty() || log.contains("FAILED") {
        return Err("not all disturbed imports ended as they should".into());
    }
    let paced: String = paced.iter().flat_map(|table| ["\n", table.as_str(), "\n"]).collect();
    Ok(format!("{disturbed}\n\n{}.\n{paced}", random.join("\n")))
}

fn text(log: &str) -> Result<String, Failure> {
    let (mut counted, mut tables) = (String::new(), String::new());
    for line in log.lines() {
        if line.ends_with(", 0 wrong") || line.ends_with(", 0 panics") {
            counted = format!("{counted}- {line}\n");
        } else if line.starts_with('|') && line.ends_with('|') {
            let gap = if line.starts_with(HEAD) { "\n" } else { "" };
            tables = format!("{tables}{gap}{line}\n");
        }
    }
    if tables.is_empty() || !counted.contains("- matrix of LastPass") {
        return Err("no whole matrix was printed".into());
    }
    Ok(counted + &tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disturbed_imports_are_taken_if_all_ended_as_they_should() {
        let table = "| PSA | runs |\n|---|---:|\n| one | 7 |\n| other | 8 |";
        let log = format!("----\n{table}\n\nrandom imports into LastPass: 60 seeds, 0 wrong\ntest result: ok\n");
        let expected = format!("{table}\n\nrandom imports into LastPass: 60 seeds, 0 wrong.\n");
        assert_eq!(imported(&log).unwrap(), expected);
        assert!(imported(&format!("{log}test result: FAILED\n")).is_err());
        assert!(imported("random imports into LastPass: 60 seeds, 0 wrong\n").is_err());
        let paced = "| companies | runs |\n|---|---:|\n| 9 | 3 |";
        let with_paced = imported(&format!("{log}----\n{paced}\n\n"));
        assert_eq!(with_paced.unwrap(), format!("{expected}\n{paced}\n"));
    }

    #[test]
    fn tables_are_taken_as_they_were_printed_if_nothing_is_wrong() {
        let table = "| fault | check |\n|---|---|\n| 400 | rejected |\n";
        let log = format!("{table}matrix of LastPass: 1 rows, 0 wrong\ntest ok\n{table}");
        let expected = format!("- matrix of LastPass: 1 rows, 0 wrong\n\n{table}\n{table}");
        assert_eq!(text(&log).unwrap(), expected);
        assert!(text(&log.replace("0 wrong", "1 wrong")).is_err());
    }
}
