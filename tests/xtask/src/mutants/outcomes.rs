//! What `cargo mutants` found out about the mutants of a file.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The outcomes of all mutants of a file.
#[derive(Debug)]
pub(super) struct Outcomes {
    /// How many the tests noticed, those included that made them run on without end.
    pub caught: usize,
    /// How many do not compile.
    pub unviable: usize,
    /// Those that no test noticed.
    pub missed: Vec<String>,
    /// When the last one was tried.
    pub at: SystemTime,
}

impl Outcomes {
    /// Reads the outcomes. Those of other mutants than the file has now, or of a part of them, do not count.
    pub(super) fn read(folder: &Path, mutants: &[String]) -> Option<Self> {
        let lines = |name: &str| -> Option<Vec<String>> {
            let text = fs::read_to_string(folder.join("mutants.out").join(name)).ok()?;
            Some(text.lines().map(str::to_owned).collect())
        };
        let [caught, timeout, unviable, missed] =
            ["caught.txt", "timeout.txt", "unviable.txt", "missed.txt"].map(lines);
        let (caught, timeout, unviable, missed) = (caught?, timeout?, unviable?, missed?);
        let mut tried: Vec<&String> = [&caught, &timeout, &unviable, &missed].into_iter().flatten().collect();
        let mut wanted: Vec<&String> = mutants.iter().collect();
        tried.sort();
        wanted.sort();
        let at = fs::metadata(folder.join("mutants.out/outcomes.json"))
            .ok()?
            .modified()
            .ok()?;
        (tried == wanted).then_some(Self {
            caught: caught.len() + timeout.len(),
            unviable: unviable.len(),
            missed,
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_count_only_if_they_are_those_of_all_mutants() {
        let work = tempfile::tempdir().unwrap();
        let folder = work.path().join("mutants.out");
        fs::create_dir(&folder).unwrap();
        for (name, text) in [
            ("caught", "a\n"),
            ("timeout", "b\n"),
            ("unviable", "c\n"),
            ("missed", "d\n"),
        ] {
            fs::write(folder.join(format!("{name}.txt")), text).unwrap();
        }
        fs::write(folder.join("outcomes.json"), "").unwrap();
        let read = |mutants: &[&str]| {
            Outcomes::read(
                work.path(),
                &mutants.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            )
        };
        let all = read(&["a", "b", "c", "d"]).unwrap();
        assert_eq!((all.caught, all.unviable), (2, 1));
        assert_eq!(all.missed, ["d"]);
        assert!(read(&["a", "b", "c"]).is_none());
        assert!(read(&["a", "b", "c", "d", "e"]).is_none());
    }
}
