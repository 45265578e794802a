//! The copy of the project in which the code is changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::job::Failure;

/// Makes the copy equal to the project, but for what was built in it. A file that is equal is left alone, so that it is not built again.
pub(super) fn refresh(project: &Path, copy: &Path) -> Result<(), Failure> {
    fs::create_dir_all(copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    let files = files(project)?;
    for file in &files {
        put(&project.join(file), &copy.join(file)).map_err(|error| format!("{file}: {error}"))?;
    }
    remove_others(copy, copy, &files).map_err(|error| format!("{}: {error}", copy.display()))
}

/// The files of the project, those that were not committed included.
fn files(project: &Path) -> Result<BTreeSet<String>, Failure> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let listed = Command::new("git").args(list).current_dir(project).output();
    let listed = listed.map_err(|error| format!("git: {error}"))?;
    let names = String::from_utf8_lossy(&listed.stdout);
    // One that was deleted is listed until that is committed.
    let names = names.split('\0').filter(|name| project.join(name).is_file());
    Ok(names.map(str::to_owned).collect())
}

fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    if fs::read(to).is_ok_and(|there| fs::read(from).is_ok_and(|wanted| wanted == there)) {
        return Ok(());
    }
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::copy(from, to).map(drop)
}

fn remove_others(folder: &Path, copy: &Path, files: &BTreeSet<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.strip_prefix(copy).unwrap_or(&path).to_string_lossy().into_owned();
        if path.is_dir() {
            // What was built.
            if name != "target" {
                remove_others(&path, copy, files)?;
            }
        } else if !files.contains(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_the_project_and_keeps_what_was_built() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path();
        let (project, copy) = (work.join("project"), work.join("copy"));
        let write = |path: &str, text: &str| {
            let path = work.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("project/.gitignore", "/target\n");
        write("project/src/kept.rs", "1");
        write("project/target/built", "1");
        let git = Command::new("git").args(["init", "-q"]).current_dir(&project).status();
        assert!(git.unwrap().success());
        write("copy/src/kept.rs", "changed by a run that was interrupted");
        write("copy/src/gone.rs", "1");
        write("copy/target/built", "2");
        refresh(&project, &copy).unwrap();
        assert_eq!(fs::read_to_string(copy.join("src/kept.rs")).unwrap(), "1");
        assert!(!copy.join("src/gone.rs").exists());
        assert_eq!(fs::read_to_string(copy.join("target/built")).unwrap(), "2");
    }
}
