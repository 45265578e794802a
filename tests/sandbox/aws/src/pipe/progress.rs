//! How far the pipe has come in each shard, kept so that work cut off by a crash is delivered again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::files;

/// What is kept. A position never moves past a record whose execution has not ended; the executions that ended beyond
/// it are remembered by name, so that one that takes hours does not make all later ones run again.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Sequence numbers mean something in their own stream only.
    stream: String,
    shards: BTreeMap<String, Position>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Position {
    after: Option<String>,
    ended: BTreeSet<String>,
}

/// The position in every shard, and what is under way beyond it.
#[derive(Debug)]
pub(super) struct Progress {
    file: Option<PathBuf>,
    kept: Kept,
    shards: BTreeMap<String, Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// The last record read.
    read: Option<String>,
    /// Records delivered and not ended, or ended behind one that is not, in the order of the stream.
    delivered: VecDeque<(String, bool)>,
}

impl Progress {
    /// Goes on where the file says, unless it is about another stream.
    pub fn load(file: Option<PathBuf>, stream: &str) -> io::Result<Self> {
        let contents = file.as_deref().map(files::read).transpose()?.flatten();
        let kept: Option<Kept> = contents.map(|contents| serde_json::from_slice(&contents)).transpose()?;
        let kept = kept.filter(|kept| kept.stream == stream);
        let kept = kept.unwrap_or_else(|| Kept {
            stream: stream.to_owned(),
            ..Kept::default()
        });
        Ok(Self {
            file,
            kept,
            shards: BTreeMap::new(),
        })
    }

    /// The sequence number after which to go on reading; `None` is the beginning.
    pub fn resume(&self, shard: &str) -> Option<&str> {
        let read = self.shards.get(shard).and_then(|reading| reading.read.as_deref());
        read.or_else(|| self.kept.shards.get(shard)?.after.as_deref())
    }

    /// Whether an earlier process saw this record's execution end.
    pub fn has_ended(&self, shard: &str, sequence: &str) -> bool {
        self.kept
            .shards
            .get(shard)
            .is_some_and(|position| position.ended.contains(sequence))
    }

    /// A record has been read; `delivered` when an execution was started for it.
    pub fn read(&mut self, shard: &str, sequence: &str, delivered: bool) {
        let ended = !delivered && self.has_ended(shard, sequence);
        let reading = self.shards.entry(shard.to_owned()).or_default();
        reading.read = Some(sequence.to_owned());
        if delivered || ended {
            reading.delivered.push_back((sequence.to_owned(), ended));
        }
    }

    /// A record's execution has ended.
    pub fn ended(&mut self, shard: &str, sequence: &str) -> io::Result<()> {
        let Some(reading) = self.shards.get_mut(shard) else {
            return Ok(());
        };
        if let Some((_, ended)) = reading
            .delivered
            .iter_mut()
            .find(|(delivered, _)| delivered == sequence)
        {
            *ended = true;
        }
        self.save()
    }

    fn save(&mut self) -> io::Result<()> {
        for (shard, reading) in &mut self.shards {
            let position = self.kept.shards.entry(shard.clone()).or_default();
            while reading.delivered.front().is_some_and(|(_, ended)| *ended) {
                position.after = reading.delivered.pop_front().map(|(sequence, _)| sequence);
            }
            if reading.delivered.is_empty() {
                position.after.clone_from(&reading.read);
            }
            let ended = reading.delivered.iter().filter(|(_, ended)| *ended);
            position.ended = ended.map(|(sequence, _)| sequence.clone()).collect();
        }
        match &self.file {
            Some(file) => files::replace(file, &serde_json::to_vec(&self.kept)?),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: &str = "shard";

    fn restart(progress: Progress) -> Progress {
        Progress::load(progress.file, &progress.kept.stream).unwrap()
    }

    #[test]
    fn the_position_waits_for_the_oldest_execution_and_remembers_those_that_ended_beyond_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::load(Some(folder.path().join("position")), "arn").unwrap();
        for (sequence, delivered) in [
            ("1", false),
            ("2", true),
            ("3", false),
            ("4", true),
            ("5", true),
            ("6", false),
        ] {
            progress.read(SHARD, sequence, delivered);
        }
        progress.ended(SHARD, "4").unwrap();

        let mut progress = restart(progress);
        assert_eq!(progress.resume(SHARD), None, "2 is still at work");
        assert!(progress.has_ended(SHARD, "4") && !progress.has_ended(SHARD, "2"));
        for (sequence, delivered) in [
            ("1", false),
            ("2", true),
            ("3", false),
            ("4", false),
            ("5", true),
            ("6", false),
        ] {
            progress.read(SHARD, sequence, delivered);
        }
        progress.ended(SHARD, "2").unwrap();

        let mut progress = restart(progress);
        assert_eq!(progress.resume(SHARD), Some("4"));
        progress.read(SHARD, "5", true);
        progress.read(SHARD, "6", false);
        progress.ended(SHARD, "5").unwrap();
        assert_eq!(restart(progress).resume(SHARD), Some("6"));
    }

    #[test]
    fn the_position_in_another_stream_means_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = Some(folder.path().join("position"));
        let mut progress = Progress::load(file.clone(), "old").unwrap();
        progress.read(SHARD, "1", true);
        progress.ended(SHARD, "1").unwrap();
        assert_eq!(Progress::load(file, "new").unwrap().resume(SHARD), None);
    }
}
