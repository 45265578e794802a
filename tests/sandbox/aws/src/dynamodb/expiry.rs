//! Deletes expired items, as the tables of the template do by themselves on AWS.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::Error;
use crate::template::Table;

/// The tables that delete expired items, each with the attribute that says when.
pub(super) fn tables(tables: &[Table]) -> Vec<(String, String)> {
    let expiring = tables.iter().filter_map(|table| {
        let expiry = table.time_to_live_specification.as_ref()?;
        expiry
            .enabled
            .then(|| (table.name.clone(), expiry.attribute_name.clone()))
    });
    expiring.collect()
}

/// Deletes the items whose time had come at this moment.
pub(super) async fn delete(client: &Client, expiring: &[(String, String)], at: i64) -> Result<usize, Error> {
    let mut deleted = 0;
    for (table, attribute) in expiring {
        let expired = client
            .scan()
            .table_name(table)
            .filter_expression("#expires <= :at")
            .expression_attribute_names("#expires", attribute)
            .expression_attribute_values(":at", AttributeValue::N(at.to_string()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let expired: Vec<HashMap<String, AttributeValue>> = expired.collect::<Result<_, _>>().await.map_err(failed)?;
        for item in expired {
            let key = item.into_iter().filter(|(name, _)| name == "pk" || name == "sk");
            let delete = client.delete_item().table_name(table).set_key(Some(key.collect()));
            delete.send().await.map_err(failed)?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

fn failed(error: impl std::error::Error) -> Error {
    Error::DynamoDb(DisplayErrorContext(error).to_string())
}
