//! DynamoDB within the process: no socket, no other thread, so that a run is the same each time.

use std::path::Path;
use std::sync::{Arc, Mutex};

use dynoxide::{Database, DynoxideError};
use local_aws::{DynamoDb, Store, Template};
use serde_json::{Value, json};

use crate::behind::{self, Behind};

/// The table of what lasts, as the template names it.
pub const RECORDS: &str = "RecordsTable";

/// The table of work under way.
pub const IMPORTS: &str = "ImportsTable";

/// An embedded DynamoDB.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    /// What eventually consistent reads may be answered from, if from anything else.
    behind: Arc<Mutex<Option<Behind>>>,
}

impl Engine {
    /// With the tables of the template, empty. They are made once, by the code that makes the sandbox's.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = DynamoDb::start(Store::Folder(folder.path().to_owned()), &Template::load().unwrap()).await;
        made.unwrap().stop().await;
        let engine = Self {
            database: Database::memory().unwrap(),
            behind: Arc::default(),
        };
        engine.restore(&folder.path().join("dynamodb.sqlite"));
        engine
    }

    /// Lets eventually consistent reads lack up to so many of the items that were written last, or none any more.
    pub fn lag(&self, items: Option<usize>) {
        let behind = items.map(|items| {
            let folder = tempfile::tempdir().unwrap();
            let (file, copy) = (folder.path().join("copy"), Database::memory().unwrap());
            self.keep(&file);
            copy.restore_from(file.to_str().unwrap()).unwrap();
            Behind::new(copy, items)
        });
        *self.behind.lock().unwrap() = behind;
    }

    /// Answers a call as the service would: a status and a JSON body.
    pub fn answer(&self, operation: &str, body: &str) -> (u16, String) {
        let mut behind = self.behind.lock().unwrap();
        let Some(behind) = &mut *behind else {
            return answer(&self.database, operation, body);
        };
        if behind::may_be_behind(operation, body) && behind.is_asked() {
            return answer(&behind.copy, operation, body);
        }
        let answered = answer(&self.database, operation, body);
        if answered.0 == 200 {
            let written = behind::keys(operation, body).into_iter().map(|(table, key)| {
                let get = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
                let (_, found) = answer(&self.database, "GetItem", &get.to_string());
                let found: Value = serde_json::from_str(&found).unwrap();
                (table, key, found["Item"].clone())
            });
            let written: Vec<_> = written.collect();
            for (table, key, item) in behind.written(written) {
                let (operation, body) = if item.is_null() {
                    ("DeleteItem", json!({ "TableName": table, "Key": key }))
                } else {
                    ("PutItem", json!({ "TableName": table, "Item": item }))
                };
                let (status, refused) = answer(&behind.copy, operation, &body.to_string());
                assert_eq!(status, 200, "{refused}");
            }
        }
        answered
    }

    /// Keeps everything in a file.
    pub fn keep(&self, file: &Path) {
        self.database.vacuum_into(file.to_str().unwrap()).unwrap();
    }

    /// Goes back to what a file keeps. Nothing lags behind it.
    pub fn restore(&self, file: &Path) {
        self.database.restore_from(file.to_str().unwrap()).unwrap();
        if let Some(behind) = &mut *self.behind.lock().unwrap() {
            behind.copy.restore_from(file.to_str().unwrap()).unwrap();
            behind.begin_again();
        }
    }

    /// Deletes what has expired by a moment, as the table does some time later.
    pub fn delete_expired(&self, table: &str, now: i64) {
        for item in self.items(table) {
            let expires = item["expires"]["N"]
                .as_str()
                .map(|expires| expires.parse::<i64>().unwrap());
            if expires.is_some_and(|expires| expires <= now) {
                let delete = json!({ "TableName": table, "Key": { "pk": item["pk"], "sk": item["sk"] } });
                let (status, answer) = self.answer("DeleteItem", &delete.to_string());
                assert_eq!(status, 200, "{answer}");
            }
        }
    }

    /// All items of a table, in DynamoDB's JSON.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({ "TableName": table });
            if !after.is_null() {
                scan["ExclusiveStartKey"] = after;
            }
            let (status, answer) = self.answer("Scan", &scan.to_string());
            assert_eq!(status, 200, "{answer}");
            let mut answer: Value = serde_json::from_str(&answer).unwrap();
            items.extend(answer["Items"].take().as_array().unwrap().iter().cloned());
            after = answer["LastEvaluatedKey"].take();
            if after.is_null() {
                return items;
            }
        }
    }
}

/// Answers a call from a database.
fn answer(db: &Database, operation: &str, body: &str) -> (u16, String) {
    macro_rules! pass_on {
        ($method:ident) => {
            serde_json::from_str(body)
                .map_err(|error| DynoxideError::SerializationException(error.to_string()))
                .and_then(|request| db.$method(request))
                .map(|answer| serde_json::to_string(&answer).unwrap())
        };
    }
    let answer = match operation {
        "GetItem" => pass_on!(get_item),
        "BatchGetItem" => pass_on!(batch_get_item),
        "Query" => pass_on!(query),
        "Scan" => pass_on!(scan),
        "PutItem" => pass_on!(put_item),
        "UpdateItem" => pass_on!(update_item),
        "DeleteItem" => pass_on!(delete_item),
        "TransactWriteItems" => pass_on!(transact_write_items),
        other => panic!("nobody is known to call {other}"),
    };
    match answer {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json()),
    }
}
