//! Reads a table's stream through the SDK: every shard, parents before their children.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodbstreams::operation::get_shard_iterator::GetShardIteratorError;
use aws_sdk_dynamodbstreams::types::{Record, Shard, ShardIteratorType};
use tracing::warn;

use super::progress::Progress;

/// `DescribeStream` may be called ten times a second by everybody together; new shards are rare.
const LISTING_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct Stream {
    client: Client,
    arn: String,
    shards: BTreeMap<String, Reader>,
    listed: Option<Instant>,
}

struct Reader {
    parent: Option<String>,
    iterator: Option<String>,
    /// The shard is closed and read to its end.
    finished: bool,
}

impl Stream {
    pub fn new(client: Client, arn: String) -> Self {
        Self {
            client,
            arn,
            shards: BTreeMap::new(),
            listed: None,
        }
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The next records of every shard that may be read now. A fault is passed over: the next call tries again.
    pub async fn read(&mut self, progress: &Progress) -> Vec<(String, Vec<Record>)> {
        if self.listed.is_none_or(|listed| listed.elapsed() >= LISTING_INTERVAL)
            && let Err(error) = self.list().await
        {
            warn!(error, "the stream's shards cannot be listed");
            return Vec::new();
        }
        let mut read = Vec::new();
        for shard in self.readable() {
            match self.read_shard(&shard, progress).await {
                Ok(records) => read.push((shard, records)),
                Err(error) => warn!(shard, error, "the stream cannot be read"),
            }
        }
        read
    }

    /// Shards not finished whose parent is, or is no longer known.
    fn readable(&self) -> Vec<String> {
        let parent_done = |reader: &Reader| {
            let parent = reader.parent.as_ref().and_then(|parent| self.shards.get(parent));
            parent.is_none_or(|parent| parent.finished)
        };
        let readable = self
            .shards
            .iter()
            .filter(|(_, reader)| !reader.finished && parent_done(reader));
        readable.map(|(shard, _)| shard.clone()).collect()
    }

    async fn list(&mut self) -> Result<(), String> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .client
                .describe_stream()
                .stream_arn(&self.arn)
                .set_exclusive_start_shard_id(after);
            let page = page
                .send()
                .await
                .map_err(|error| DisplayErrorContext(error).to_string())?;
            let Some(description) = page.stream_description else {
                break;
            };
            found.extend(description.shards.unwrap_or_default());
            after = description.last_evaluated_shard_id;
            if after.is_none() {
                break;
            }
        }
        self.shards
            .retain(|shard, _| found.iter().any(|found| found.shard_id() == Some(shard)));
        for Shard {
            shard_id,
            parent_shard_id,
            ..
        } in found
        {
            let reader = Reader {
                parent: parent_shard_id,
                iterator: None,
                finished: false,
            };
            self.shards.entry(shard_id.unwrap_or_default()).or_insert(reader);
        }
        self.listed = Some(Instant::now());
        Ok(())
    }

    async fn read_shard(&mut self, shard: &str, progress: &Progress) -> Result<Vec<Record>, String> {
        // Taken out, so that a fault (an iterator lives 15 minutes) leads to a new one from the position.
        let kept = self.shards.get_mut(shard).and_then(|reader| reader.iterator.take());
        let iterator = match kept {
            Some(iterator) => iterator,
            None => self.iterator(shard, progress.resume(shard)).await?,
        };
        let answer = self.client.get_records().shard_iterator(iterator).send().await;
        let answer = answer.map_err(|error| DisplayErrorContext(error).to_string())?;
        if let Some(reader) = self.shards.get_mut(shard) {
            reader.finished = answer.next_shard_iterator.is_none();
            reader.iterator = answer.next_shard_iterator;
            if reader.finished {
                // Its children are what there is to read next.
                self.listed = None;
            }
        }
        Ok(answer.records.unwrap_or_default())
    }

    async fn iterator(&self, shard: &str, after: Option<&str>) -> Result<String, String> {
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let from_start = request.clone().shard_iterator_type(ShardIteratorType::TrimHorizon);
        let request = match after {
            Some(after) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(after),
            None => from_start.clone(),
        };
        let mut answer = request.send().await;
        let refusal = answer.as_ref().err().and_then(SdkError::as_service_error);
        if refusal.is_some_and(GetShardIteratorError::is_trimmed_data_access_exception) {
            // The records up to there are no longer kept: what is left begins at the horizon.
            answer = from_start.send().await;
        }
        let answer = answer.map_err(|error| DisplayErrorContext(error).to_string())?;
        answer.shard_iterator.ok_or_else(|| "no iterator in the answer".into())
    }
}

#[cfg(test)]
mod tests;
