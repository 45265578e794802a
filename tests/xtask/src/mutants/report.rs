//! What the outcomes of all files come to.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use super::areas::{AREAS, Area, File};
use super::outcomes::Outcomes;
use super::survivors::{Survivor, Survivors};
use crate::job::Failure;

/// The outcomes of the files, held against the list of survivors.
pub(super) struct Report {
    survivors: Survivors,
    sums: [Sum; AREAS.len()],
    new: Vec<String>,
    caught_by_now: Vec<Survivor>,
    oldest: Option<SystemTime>,
}

/// The outcomes of an area.
#[derive(Default)]
struct Sum {
    mutants: usize,
    caught: usize,
    unviable: usize,
    missed: usize,
    equivalent: usize,
    not_tried: Vec<String>,
}

impl Sum {
    const fn viable(&self) -> usize {
        self.caught + self.missed
    }

    /// Of a hundred viable mutants that were tried; `None` if none was.
    const fn share(&self) -> Option<usize> {
        (100 * self.caught).checked_div(self.viable())
    }
}

impl Report {
    pub(super) fn new(survivors: Survivors) -> Self {
        Self {
            survivors,
            sums: Default::default(),
            new: Vec::new(),
            caught_by_now: Vec::new(),
            oldest: None,
        }
    }

    /// Adds the outcomes of a file.
    pub(super) fn add(&mut self, file: &File, outcomes: &Outcomes) {
        let listed: Vec<_> = outcomes
            .missed
            .iter()
            .map(|mutant| self.survivors.take(mutant))
            .collect();
        let new = outcomes
            .missed
            .iter()
            .zip(&listed)
            .filter(|(_, listed)| listed.is_none());
        self.new.extend(new.map(|(mutant, _)| mutant.clone()));
        self.caught_by_now.extend(self.survivors.left(&file.path).cloned());
        self.oldest = Some(self.oldest.map_or(outcomes.at, |oldest| oldest.min(outcomes.at)));
        let sum = self.sum(file.area);
        sum.mutants += file.mutants.len();
        sum.caught += outcomes.caught;
        sum.unviable += outcomes.unviable;
        sum.missed += outcomes.missed.len();
        sum.equivalent += listed.iter().flatten().filter(|listed| listed.is_equivalent).count();
    }

    /// Adds a file whose mutants were not tried since they are what they are.
    pub(super) fn miss(&mut self, file: &File) {
        let sum = self.sum(file.area);
        sum.mutants += file.mutants.len();
        sum.not_tried.push(file.path.clone());
    }

    fn sum(&mut self, area: &Area) -> &mut Sum {
        let at = AREAS
            .iter()
            .position(|other| other.name == area.name)
            .unwrap_or_default();
        &mut self.sums[at]
    }

    /// When the oldest outcome was found; `None` if no file was tried.
    pub(super) const fn oldest(&self) -> Option<SystemTime> {
        self.oldest
    }

    /// Fails for survivors that are not in the list, and for areas of whose tried mutants too few are caught.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let mut failure = String::new();
        for mutant in &self.new {
            let _ = writeln!(failure, "survives, and is not listed: {mutant}");
        }
        for (area, sum) in AREAS.iter().zip(&self.sums) {
            if let Some(share) = sum.share().filter(|share| *share < area.at_least) {
                let _ = writeln!(failure, "{}: {share} % are caught, not {} %", area.name, area.at_least);
            }
        }
        if failure.is_empty() { Ok(()) } else { Err(failure) }
    }

    /// What was tried, as a table.
    pub(super) fn table(&self) -> String {
        let mut table =
            "| area | mutants | tried | viable | caught | survive | of these, do the same as the code | caught, % |\n\
            |---|---:|---:|---:|---:|---:|---:|---:|\n"
                .to_owned();
        for (area, sum) in AREAS.iter().zip(&self.sums) {
            let viable = sum.viable();
            let _ = writeln!(
                table,
                "| {} | {} | {} | {viable} | {} | {} | {} | {} |",
                area.name,
                sum.mutants,
                viable + sum.unviable,
                sum.caught,
                sum.missed,
                sum.equivalent,
                sum.share().map_or_else(|| "-".to_owned(), |share| share.to_string())
            );
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.table())?;
        for (area, sum) in AREAS.iter().zip(&self.sums) {
            if !sum.not_tried.is_empty() {
                writeln!(f, "{}: not tried: {}", area.name, sum.not_tried.join(", "))?;
            }
        }
        for Survivor { path, change, .. } in &self.caught_by_now {
            writeln!(f, "listed, and does not survive any more: {path}: {change}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of `matching` with so many mutants.
    fn file(path: &str, mutants: usize) -> File {
        File {
            area: &AREAS[1],
            path: path.to_owned(),
            mutants: vec![String::new(); mutants],
        }
    }

    fn report(list: &str, missed: &[&str], caught: usize) -> Report {
        let mut report = Report::new(Survivors::read(list).unwrap());
        let outcomes = Outcomes {
            caught,
            unviable: 3,
            missed: missed.iter().map(|mutant| (*mutant).to_owned()).collect(),
            at: SystemTime::UNIX_EPOCH,
        };
        report.add(&file("a.rs", caught + 3 + missed.len()), &outcomes);
        report
    }

    const LISTED: &str = "a.rs\treplace f\tequivalent\twhy\n";

    #[test]
    fn a_survivor_that_is_not_listed_fails() {
        assert!(report(LISTED, &["a.rs:1:1: replace f"], 99).check().is_ok());
        let failure = report(LISTED, &["a.rs:1:1: replace f", "a.rs:2:1: replace f"], 99).check();
        assert_eq!(
            failure.unwrap_err(),
            "survives, and is not listed: a.rs:2:1: replace f\n"
        );
    }

    #[test]
    fn an_area_of_which_too_few_are_caught_fails() {
        let failure = report(LISTED, &["a.rs:1:1: replace f"], 3).check().unwrap_err();
        assert_eq!(failure, "matching: 75 % are caught, not 90 %\n");
    }

    #[test]
    fn a_listed_mutant_that_is_caught_is_told() {
        let report = report(LISTED, &[], 99);
        assert!(
            report
                .to_string()
                .contains("does not survive any more: a.rs: replace f"),
            "{report}"
        );
        assert!(report.check().is_ok());
    }

    #[test]
    fn the_table_has_a_row_for_each_area() {
        let table = report(LISTED, &["a.rs:1:1: replace f"], 99).table();
        assert!(
            table.contains("| matching | 103 | 103 | 100 | 99 | 1 | 1 | 99 |\n"),
            "{table}"
        );
        assert!(table.contains("| domain | 0 | 0 | 0 | 0 | 0 | 0 | - |\n"), "{table}");
    }

    #[test]
    fn the_share_is_of_the_mutants_that_were_tried() {
        let mut report = report(LISTED, &["a.rs:1:1: replace f"], 99);
        report.miss(&file("b.rs", 50));
        let table = report.table();
        assert!(
            table.contains("| matching | 153 | 103 | 100 | 99 | 1 | 1 | 99 |\n"),
            "{table}"
        );
        assert!(report.to_string().contains("matching: not tried: b.rs\n"), "{report}");
        assert!(report.check().is_ok());
        assert_eq!(report.oldest(), Some(SystemTime::UNIX_EPOCH));
        let nothing_tried = Report::new(Survivors::read("").unwrap());
        assert_eq!(nothing_tried.oldest(), None);
        assert!(nothing_tried.check().is_ok());
    }

    #[test]
    fn an_area_that_was_tried_in_part_must_have_its_share_too() {
        let mut report = report(LISTED, &["a.rs:1:1: replace f"], 3);
        report.miss(&file("b.rs", 50));
        assert_eq!(report.check().unwrap_err(), "matching: 75 % are caught, not 90 %\n");
    }
}
