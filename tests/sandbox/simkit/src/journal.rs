//! Changes kept as JSON lines, so that a simulator killed at any moment has them back.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde_json::Value;

/// An append-only file of changes; without a path it keeps nothing.
#[derive(Debug)]
pub struct Journal {
    file: Option<Appender>,
}

#[derive(Debug)]
struct Appender {
    file: File,
    /// Where the last whole line ends: what lies beyond is the rest of a write that did not finish.
    end: u64,
}

impl Journal {
    /// One that keeps nothing.
    pub const fn nowhere() -> Self {
        Self { file: None }
    }

    /// Opens or creates the file, and cuts off a last line that was never written to its end.
    pub fn open(path: Option<PathBuf>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self { file: None });
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let text = read_all(&mut file)?;
        let end = whole_lines(&text) as u64;
        file.set_len(end)?;
        file.sync_all()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // Without this a new file's name may be lost though its contents were synced.
            File::open(folder)?.sync_all()?;
        }
        Ok(Self {
            file: Some(Appender { file, end }),
        })
    }

    /// Adds one change; it is on disk when this returns.
    pub fn append(&mut self, change: &Value) -> io::Result<()> {
        let Some(Appender { file, end }) = &mut self.file else {
            return Ok(());
        };
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        file.seek(SeekFrom::Start(*end))?;
        if let Err(error) = file.write_all(&line).and_then(|()| file.sync_data()) {
            // Half a line must not stay in front of the next one.
            file.set_len(*end)?;
            return Err(error);
        }
        *end += line.len() as u64;
        Ok(())
    }

    /// Every change so far, oldest first.
    pub fn replay(&mut self) -> io::Result<Vec<Value>> {
        let Some(Appender { file, .. }) = &mut self.file else {
            return Ok(Vec::new());
        };
        let text = read_all(file)?;
        lines(&text)
            .map(|line| serde_json::from_slice(line).map_err(io::Error::from))
            .collect()
    }
}

fn read_all(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    Ok(text)
}

fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// How many bytes hold whole lines. Only the last line can be torn, because every line before it was synced first; a
/// power cut may also leave the last one full of zeros.
fn whole_lines(text: &[u8]) -> usize {
    match lines(text).next_back() {
        Some(last) if !last.ends_with(b"\n") || serde_json::from_slice::<Value>(last).is_err() => {
            text.len() - last.len()
        }
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn journal_of(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/changes.jsonl");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_appended_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/changes.jsonl");
        let mut journal = Journal::open(Some(path.clone())).unwrap();
        journal.append(&json!({"a": "x\ny"})).unwrap();
        journal.append(&json!([1])).unwrap();
        drop(journal);
        assert_eq!(
            Journal::open(Some(path)).unwrap().replay().unwrap(),
            [json!({"a": "x\ny"}), json!([1])]
        );
    }

    #[test]
    fn a_torn_last_line_is_cut_off_wherever_it_was_torn() {
        let whole = b"{\"n\":1}\n{\"n\":2}\n";
        for torn_at in 9..whole.len() {
            let (_folder, path) = journal_of(&whole[..torn_at]);
            let mut journal = Journal::open(Some(path)).unwrap();
            journal.append(&json!({"n": 3})).unwrap();
            assert_eq!(
                journal.replay().unwrap(),
                [json!({"n": 1}), json!({"n": 3})],
                "torn at {torn_at}"
            );
        }
    }

    #[test]
    fn a_last_line_of_zeros_is_cut_off() {
        let (_folder, path) = journal_of(b"{\"n\":1}\n\0\0\0\n");
        assert_eq!(Journal::open(Some(path)).unwrap().replay().unwrap(), [json!({"n": 1})]);
    }

    #[test]
    fn a_broken_line_before_others_is_an_error() {
        let (_folder, path) = journal_of(b"{\"n\":\n{\"n\":2}\n");
        assert!(Journal::open(Some(path)).unwrap().replay().is_err());
    }

    #[test]
    fn without_a_path_nothing_is_kept() {
        let mut journal = Journal::open(None).unwrap();
        journal.append(&json!(1)).unwrap();
        assert!(journal.replay().unwrap().is_empty());
    }
}
