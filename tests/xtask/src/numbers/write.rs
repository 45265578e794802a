//! The text of each block, from what was printed.

use super::logs::Logs;
use super::table::{row, rows};
use crate::job::Failure;

/// How long each step of CI took.
pub(super) fn times(logs: &Logs) -> Result<String, Failure> {
    let mut text = "| step | s |\n|---|---:|\n".to_owned();
    for line in logs.read("times")?.lines() {
        let (step, seconds) = line.split_once(": ").ok_or("no times")?;
        text.push_str(&row(&[step, seconds.trim_end_matches(" s")]));
    }
    Ok(text)
}

/// How many tests passed and calls were made.
pub(super) fn checks(logs: &Logs) -> Result<String, Failure> {
    let passed = |step| Ok::<_, Failure>(before_word(&logs.read(step)?, " passed"));
    let rows = [
        ("tests", passed("tests")?),
        ("of these, the rules on the second DynamoDB", passed("second-opinion")?),
        (
            "generated calls of the API",
            before_word(&logs.read("contract")?, " generated"),
        ),
    ];
    let mut text = "| what | how many |\n|---|---:|\n".to_owned();
    for (what, count) in rows {
        text.push_str(&row(&[what, &count.to_string()]));
    }
    Ok(text)
}

/// The sum of the numbers that stand before a word.
fn before_word(log: &str, word: &str) -> u64 {
    let before = log.lines().filter_map(|line| line.split_once(word));
    let numbers = before.filter_map(|(before, _)| before.rsplit(' ').next()?.replace(',', "").parse::<u64>().ok());
    numbers.sum()
}

/// What each proof printed.
pub(super) fn proofs(logs: &Logs) -> Result<String, Failure> {
    Ok(printed(&logs.read("proofs")?))
}

/// The same of the proofs with all disturbances.
pub(super) fn exhaustive(logs: &Logs) -> Result<String, Failure> {
    Ok(printed(&logs.read("exhaustive")?))
}

fn printed(log: &str) -> String {
    let mut text = "| proof | printed |\n|---|---|\n".to_owned();
    let mut sections = log.split("\n---- ").skip(1);
    while let Some((name, said)) = sections.next().and_then(|section| section.split_once(" stdout ----\n")) {
        let lines: Vec<&str> = said.lines().take_while(|line| !line.is_empty()).collect();
        text.push_str(&row(&[&format!("`{name}`"), &lines.join("<br>").replace('|', "\\|")]));
    }
    text
}

/// How large the functions are, and how soon they start.
pub(super) fn sizes(logs: &Logs) -> Result<String, Failure> {
    let log = logs.read("budget")?;
    let mut text =
        "| function | zip, bytes | start to first answer, ms | times that of hello |\n|---|---:|---:|---:|\n"
            .to_owned();
    for line in log.lines() {
        if let [name, bytes, zip, _, answer, times] = line.split_whitespace().collect::<Vec<_>>()[..]
            && bytes.parse::<u64>().is_ok()
        {
            text.push_str(&row(&[name, zip, answer, times]));
        }
    }
    Ok(text)
}

const HEAD: &str = "| PSA | import | stage | PSA requests | DynamoDB calls | write units | read units | peak MiB | CPU s | runs | requests to LastPass |\n\
    |---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n";

/// A large import.
pub(super) fn large(logs: &Logs) -> Result<String, Failure> {
    Ok(imports(&logs.read("large")?))
}

/// A large import into LastPass.
pub(super) fn large_lastpass(logs: &Logs) -> Result<String, Failure> {
    Ok(imports(&logs.read("large-lastpass")?))
}

/// An extreme import.
pub(super) fn extreme(logs: &Logs) -> Result<String, Failure> {
    Ok(imports(&logs.read("extreme")?))
}

/// What is limited, then the steps.
fn imports(log: &str) -> String {
    let (steps, limits) = log.split_once("| what |").unwrap_or((log, ""));
    let limits: String = rows(limits).iter().map(|cells| row(cells)).collect();
    // The last cell is the time on the clock, in which the sandbox has its part.
    let steps = rows(steps).into_iter().filter_map(|cells| Some(row(cells.get(..11)?)));
    let head = log
        .lines()
        .find(|line| line.starts_with("| what |"))
        .unwrap_or_default();
    format!(
        "{head}\n|---|{}\n{limits}\n{HEAD}{}",
        "---:|".repeat(head.matches('|').count().saturating_sub(2)),
        steps.collect::<String>()
    )
}

/// Many imports at once.
pub(super) fn load(logs: &Logs) -> Result<String, Failure> {
    let rows: String = rows(&logs.read("load")?).iter().map(|cells| row(cells)).collect();
    Ok(format!("| what | how much |\n|---|---:|\n{rows}"))
}

/// Many imports at once, alone and next to a hostile MSP.
pub(super) fn hostile(logs: &Logs) -> Result<String, Failure> {
    let log = logs.read("hostile")?;
    let head = log
        .lines()
        .find(|line| line.starts_with("| answers"))
        .ok_or("no table")?;
    let rows: String = rows(&log).iter().map(|cells| row(cells)).collect();
    Ok(format!("{head}\n|---|---:|---:|\n{rows}"))
}

/// Pages of the console.
pub(super) fn pages(logs: &Logs) -> Result<String, Failure> {
    let rows: String = rows(&logs.read("pages")?).iter().map(|cells| row(cells)).collect();
    Ok(format!(
        "| PSA | page | times | half of them, ms | 99 of 100, ms |\n|---|---|---:|---:|---:|\n{rows}"
    ))
}

/// This product next to clients of others.
pub(super) fn peers(logs: &Logs) -> Result<String, Failure> {
    compared(&logs.read("peers")?)
}

fn compared(log: &str) -> Result<String, Failure> {
    let table: String = log
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(
            |line| match line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) {
                Some(cells) => row(&cells.split(" | ").collect::<Vec<_>>()),
                None => format!("{line}\n"),
            },
        )
        .collect();
    // The last line, which the table itself shows: without it the comparison was cut short.
    if log.lines().any(|line| line.starts_with("Of those who read everything")) {
        Ok(table)
    } else {
        Err("the comparison did not end".into())
    }
}

/// How many mutants the tests catch.
pub(super) fn mutants(logs: &Logs) -> Result<String, Failure> {
    logs.read("mutants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_before_a_word_are_added_up() {
        let log = "test result: ok. 12 passed; 0 failed\ntest result: ok. 1,030 passed; 0 failed\n";
        assert_eq!(before_word(log, " passed"), 1042);
    }

    #[test]
    fn a_comparison_that_was_cut_short_has_no_table() {
        let (head, row) = ("| PSA | rows |\n|---|---:|\n", "| autotask | 105000 |\n");
        let ended = format!("{head}{row}\nOf those who read everything, nobody took less.\n");
        assert_eq!(compared(&ended).unwrap(), format!("{head}| autotask | 105,000 |\n"));
        assert!(compared(&format!("{head}{row}")).is_err());
    }

    #[test]
    fn limits_stand_before_the_steps_of_which_they_come() {
        let log = "| PSA | import | stage | units | seconds |\n|---|---|---|---:|---:|\n\
            | connectwise | first | execute | 0 | 140217 | 518030 | 125369 | 43.0 | 51.0 | 1 | 0 | 60 |\n\
            \n| what | at most | connectwise |\n|---|---:|---:|\n| read units | 4000 | 1234 |\n";
        let written = imports(log);
        let limits = "| what | at most | connectwise |\n|---|---:|---:|\n| read units | 4,000 | 1,234 |\n\n";
        assert!(written.starts_with(limits), "{written}");
        assert!(written.ends_with("| 0 | 140,217 | 518,030 | 125,369 | 43.0 | 51.0 | 1 | 0 |\n"));
    }
}
