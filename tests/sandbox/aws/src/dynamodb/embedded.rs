//! dynoxide, served on a free loopback port.

use std::path::Path;

use dynoxide::Database;
use rusqlite::Connection;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{Error, Server};

/// dynoxide 3.2.0 looks for the last sequence number in every write to a table with a stream, and reads records by it,
/// without an index on it: 25,000 writes would read 300 million rows.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS _stream_records_by_sequence \
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

pub(super) async fn in_memory() -> Result<Server, Error> {
    // A name of its own and a shared cache, so that the index can be made by a second connection.
    serve(&format!("file:{}?mode=memory&cache=shared", Uuid::now_v7())).await
}

pub(super) async fn in_folder(folder: &Path) -> Result<Server, Error> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join("dynamodb.sqlite");
    let file = file.to_str().ok_or_else(|| failed("the folder's name is not UTF-8"))?;
    serve(file).await
}

async fn serve(database: &str) -> Result<Server, Error> {
    let opened = Database::new(database).map_err(failed)?;
    Connection::open(database)
        .and_then(|connection| connection.execute_batch(STREAM_INDEX))
        .map_err(failed)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = Server::spawn(listener, |listener, stop| async move {
        if let Err(error) = dynoxide::server::serve_with_shutdown(listener, opened, stop).await {
            tracing::error!(error, "dynoxide ended");
        }
    });
    Ok(server?)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::DynamoDb(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queries are dynoxide's, by their plan: a version that asks otherwise shows here, not in slow tests.
    #[test]
    fn the_stream_is_read_and_numbered_through_the_index() {
        let name = format!("file:{}?mode=memory&cache=shared", Uuid::now_v7());
        let _database = Database::new(&name).unwrap();
        let connection = Connection::open(&name).unwrap();
        connection.execute_batch(STREAM_INDEX).unwrap();
        for query in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 't'",
            "SELECT event_name FROM _stream_records WHERE table_name = 't' AND shard_id = 's' \
             AND CAST(sequence_number AS INTEGER) > 1 ORDER BY CAST(sequence_number AS INTEGER) LIMIT 9",
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps: Vec<String> = plan
                .query_map([], |row| row.get(3))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert!(
                steps.iter().all(|step| step.contains("_stream_records_by_sequence")),
                "{steps:?}"
            );
        }
    }
}
