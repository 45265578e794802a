//! Conditional writes of one item, at half the price of a transaction of one. The client repeats a write that conflicts with a
//! transaction: see `lambda::conflicts`.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::StoreError;
use crate::keys::Key;
use crate::table::{Item, Table, Tenant};
use crate::tx::{self, Values};

impl Tenant {
    /// Writes an item that must not be there yet; `false` if it is. A repetition whose first answer was lost finds its own item.
    pub async fn add_alone(&self, table: Table, item: Item) -> Result<bool, StoreError> {
        let put = self.put_alone(table, item, "attribute_not_exists(pk)", &[]).await?;
        Ok(matches!(put, PutOutcome::Applied))
    }

    /// Writes a whole item if what stands there fulfils a condition.
    pub async fn put_alone(
        &self,
        table: Table,
        item: Item,
        condition: &str,
        values: Values<'_>,
    ) -> Result<PutOutcome, StoreError> {
        let sent = self
            .client()
            .put_item()
            .table_name(self.table(table))
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(tx::names(&[condition]))
            .set_expression_attribute_values(tx::map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(PutOutcome::Applied),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(PutOutcome::Refused(refused.item.clone()))
                }
                _ => Err(StoreError::sdk("PutItem", error)),
            },
        }
    }

    /// Writes an item, whatever stood there.
    pub async fn replace_alone(&self, table: Table, item: Item) -> Result<(), StoreError> {
        let put = self.client().put_item().table_name(self.table(table));
        let sent = put.set_item(Some(item)).send().await;
        sent.map(drop).map_err(|error| StoreError::sdk("PutItem", error))
    }

    /// Deletes an item.
    pub async fn delete_alone(&self, table: Table, key: &Key) -> Result<(), StoreError> {
        let delete = self.client().delete_item().table_name(self.table(table));
        let deleted = delete.set_key(Some(key.to_item())).send().await;
        deleted.map(drop).map_err(|error| StoreError::sdk("DeleteItem", error))
    }

    /// Deletes an item if it fulfils a condition.
    pub async fn delete_if(
        &self,
        table: Table,
        key: &Key,
        condition: &str,
        values: Values<'_>,
    ) -> Result<(), StoreError> {
        let delete = self
            .client()
            .delete_item()
            .table_name(self.table(table))
            .set_key(Some(key.to_item()))
            .condition_expression(condition)
            .set_expression_attribute_names(tx::names(&[condition]))
            .set_expression_attribute_values(tx::map(values));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::sdk("DeleteItem", error)),
        }
    }

    /// Changes an item if it fulfils a condition; `false` if it does not.
    pub async fn update_alone(
        &self,
        table: Table,
        key: &Key,
        update: &str,
        condition: &str,
        values: Values<'_>,
    ) -> Result<bool, StoreError> {
        let outcome = self.update_one(table, key, update, condition, values).await?;
        Ok(matches!(outcome, UpdateOutcome::Applied(_)))
    }

    /// Changes an item if it fulfils a condition.
    pub(crate) async fn update_one(
        &self,
        table: Table,
        key: &Key,
        update: &str,
        condition: &str,
        values: Values<'_>,
    ) -> Result<UpdateOutcome, StoreError> {
        let sent = self
            .client()
            .update_item()
            .table_name(self.table(table))
            .set_key(Some(key.to_item()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(tx::names(&[update, condition]))
            .set_expression_attribute_values(tx::map(values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(UpdateOutcome::Applied(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(UpdateOutcome::Refused(refused.item.clone()))
                }
                _ => Err(StoreError::sdk("UpdateItem", error)),
            },
        }
    }
}

/// How a conditional write of one whole item ended.
#[derive(Debug)]
pub enum PutOutcome {
    /// It is there.
    Applied,
    /// Nothing was changed; the item as it stood.
    Refused(Option<Item>),
}

/// How a conditional update of one item ended.
pub(crate) enum UpdateOutcome {
    /// The item as it is now.
    Applied(Item),
    /// Nothing was changed; the item as it stood.
    Refused(Option<Item>),
}
