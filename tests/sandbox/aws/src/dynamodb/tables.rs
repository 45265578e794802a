//! Creates the template's tables.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::operation::create_table::CreateTableInput;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, LocalSecondaryIndex, Projection,
    StreamSpecification, TableDescription, TableStatus, TimeToLiveDescription, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use crate::Error;
use crate::template::{Attribute, Index, Key, Table};

const CREATION_LIMIT: Duration = Duration::from_mins(1);
const CREATION_POLL: Duration = Duration::from_millis(20);

/// Creates the tables that are not there. One that is there must have been made from the same definition.
pub(super) async fn create(client: &Client, tables: &[Table]) -> Result<(), Error> {
    for table in tables {
        let wanted = definition(table).map_err(failed)?;
        match describe(client, &table.name).await? {
            Some(found) => check_same(&wanted, &found)?,
            None => create_table(client, wanted).await?,
        }
        enable_expiry(client, table).await?;
    }
    Ok(())
}

/// Encryption and recovery are left out: they mean nothing here.
fn definition(table: &Table) -> Result<CreateTableInput, BuildError> {
    let local = table.local_secondary_indexes.iter().map(|index| {
        LocalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(keys(&index.key_schema)?))
            .projection(projection(index))
            .build()
    });
    let local = local.collect::<Result<Vec<_>, _>>()?;
    let global = table.global_secondary_indexes.iter().map(|index| {
        GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(keys(&index.key_schema)?))
            .projection(projection(index))
            .build()
    });
    let global = global.collect::<Result<Vec<_>, _>>()?;
    let stream = table.stream_specification.as_ref().map(|stream| {
        let view = stream.stream_view_type.as_str().into();
        StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(view)
            .build()
    });
    let attributes = table.attribute_definitions.iter().map(
        |Attribute {
             attribute_name,
             attribute_type,
         }| {
            let definition = AttributeDefinition::builder().attribute_name(attribute_name);
            definition.attribute_type(attribute_type.as_str().into()).build()
        },
    );
    CreateTableInput::builder()
        .table_name(&table.name)
        .billing_mode(BillingMode::PayPerRequest)
        .deletion_protection_enabled(table.deletion_protection_enabled)
        .set_attribute_definitions(Some(attributes.collect::<Result<_, _>>()?))
        .set_key_schema(Some(keys(&table.key_schema)?))
        .set_local_secondary_indexes((!local.is_empty()).then_some(local))
        .set_global_secondary_indexes((!global.is_empty()).then_some(global))
        .set_stream_specification(stream.transpose()?)
        .build()
}

fn projection(index: &Index) -> Projection {
    let attributes = &index.projection.non_key_attributes;
    Projection::builder()
        .projection_type(index.projection.projection_type.as_str().into())
        .set_non_key_attributes((!attributes.is_empty()).then(|| attributes.clone()))
        .build()
}

fn keys(keys: &[Key]) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |Key {
                       attribute_name,
                       key_type,
                   }: &Key| {
        KeySchemaElement::builder()
            .attribute_name(attribute_name)
            .key_type(key_type.as_str().into())
            .build()
    };
    keys.iter().map(element).collect()
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, Error> {
    match client.describe_table().table_name(name).send().await {
        Ok(described) => Ok(described.table),
        Err(error) => {
            let service_error = error.as_service_error();
            let missing = service_error.is_some_and(DescribeTableError::is_resource_not_found_exception);
            missing
                .then_some(None)
                .ok_or_else(|| failed(DisplayErrorContext(error)))
        }
    }
}

async fn create_table(client: &Client, wanted: CreateTableInput) -> Result<(), Error> {
    let name = wanted.table_name.clone().unwrap_or_default();
    let request = client
        .create_table()
        .set_table_name(wanted.table_name)
        .set_billing_mode(wanted.billing_mode)
        .set_deletion_protection_enabled(wanted.deletion_protection_enabled)
        .set_attribute_definitions(wanted.attribute_definitions)
        .set_key_schema(wanted.key_schema)
        .set_local_secondary_indexes(wanted.local_secondary_indexes)
        .set_global_secondary_indexes(wanted.global_secondary_indexes)
        .set_stream_specification(wanted.stream_specification);
    request
        .send()
        .await
        .map_err(|error| failed(DisplayErrorContext(error)))?;
    let active = async {
        loop {
            let table = describe(client, &name).await?;
            if table.is_some_and(|table| table.table_status == Some(TableStatus::Active)) {
                return Ok(());
            }
            tokio::time::sleep(CREATION_POLL).await;
        }
    };
    let active = tokio::time::timeout(CREATION_LIMIT, active).await;
    active.unwrap_or_else(|_| Err(failed(format!("{name} does not become active"))))
}

/// A folder or another `DynamoDB` may hold tables of an older template, which would fail later and less clearly.
fn check_same(wanted: &CreateTableInput, found: &TableDescription) -> Result<(), Error> {
    let (local, global) = (wanted.local_secondary_indexes(), wanted.global_secondary_indexes());
    let wanted_indexes: BTreeSet<_> = local
        .iter()
        .map(LocalSecondaryIndex::index_name)
        .chain(global.iter().map(GlobalSecondaryIndex::index_name))
        .collect();
    let (local, global) = (found.local_secondary_indexes(), found.global_secondary_indexes());
    let found_indexes = local
        .iter()
        .filter_map(|index| index.index_name())
        .chain(global.iter().filter_map(|index| index.index_name()))
        .collect();
    let view = |stream: Option<&StreamSpecification>| stream.and_then(|stream| stream.stream_view_type().cloned());
    let same = wanted.key_schema() == found.key_schema()
        && wanted_indexes == found_indexes
        && view(wanted.stream_specification()) == view(found.stream_specification());
    let name = wanted.table_name().unwrap_or_default();
    same.then_some(())
        .ok_or_else(|| failed(format!("{name} is there, but was made from another definition")))
}

/// Asks first: AWS refuses to enable what is enabled.
async fn enable_expiry(client: &Client, table: &Table) -> Result<(), Error> {
    let Some(wanted) = table
        .time_to_live_specification
        .as_ref()
        .filter(|wanted| wanted.enabled)
    else {
        return Ok(());
    };
    let described = client.describe_time_to_live().table_name(&table.name).send().await;
    let described = described
        .map_err(|error| failed(DisplayErrorContext(error)))?
        .time_to_live_description;
    let status = described.as_ref().and_then(TimeToLiveDescription::time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(&wanted.attribute_name);
    let request = client.update_time_to_live().table_name(&table.name);
    let request = request.time_to_live_specification(specification.build().map_err(failed)?);
    request
        .send()
        .await
        .map_err(|error| failed(DisplayErrorContext(error)))?;
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::DynamoDb(error.to_string())
}
