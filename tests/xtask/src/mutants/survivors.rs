//! The list of mutants that may survive, and why.

use crate::job::Failure;

/// The list.
pub const LIST: &str = "tests/mutants/survivors.tsv";

/// A mutant that may survive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Survivor {
    /// The file.
    pub path: String,
    /// What is changed, without the line: `replace == with != in Words::of`.
    pub change: String,
    /// Whether it does the same as the code, so that no test can notice it.
    pub is_equivalent: bool,
}

/// All that may survive. A change that a function has twice is in the list once for each time.
pub(super) struct Survivors(Vec<Survivor>);

impl Survivors {
    /// Reads the list: file, change, `equivalent` or `untested`, and the reason.
    pub(super) fn read(list: &str) -> Result<Self, Failure> {
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        let survivor = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
            [path, change, kind @ ("equivalent" | "untested"), reason] if !reason.is_empty() => Ok(Survivor {
                path: path.to_owned(),
                change: change.to_owned(),
                is_equivalent: kind == "equivalent",
            }),
            _ => Err(format!("{LIST}: cannot be read: {line}")),
        };
        Ok(Self(lines.map(survivor).collect::<Result<_, _>>()?))
    }

    /// Takes a mutant from the list; `None` if it is not there.
    pub(super) fn take(&mut self, mutant: &str) -> Option<Survivor> {
        let (path, change) = parts(mutant)?;
        let at = self
            .0
            .iter()
            .position(|listed| listed.path == path && listed.change == change)?;
        Some(self.0.remove(at))
    }

    /// Those of a file that nobody took.
    pub(super) fn left(&self, path: &str) -> impl Iterator<Item = &Survivor> {
        self.0.iter().filter(move |listed| listed.path == path)
    }
}

/// The file of a mutant and what it changes. The line and the column are left out, since edits elsewhere in the file move them.
fn parts(mutant: &str) -> Option<(&str, &str)> {
    let (place, change) = mutant.split_once(": ")?;
    Some((place.split(':').next()?, change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survivor_is_found_wherever_its_line_is_and_once() {
        let mut survivors =
            Survivors::read("# a comment\na.rs\treplace f -> bool with true\tequivalent\twhy\n").unwrap();
        assert_eq!(survivors.take("a.rs:1:2: replace f -> bool with false"), None);
        assert_eq!(survivors.left("a.rs").count(), 1);
        assert!(
            survivors
                .take("a.rs:7:5: replace f -> bool with true")
                .unwrap()
                .is_equivalent
        );
        assert_eq!(survivors.take("a.rs:9:5: replace f -> bool with true"), None);
    }

    #[test]
    fn a_survivor_without_a_reason_is_refused() {
        assert!(Survivors::read("a.rs\tf\tuntested\t").is_err());
        assert!(Survivors::read("a.rs\tf\tforgotten\twhy").is_err());
    }
}
