//! Imports that nobody works on any more. The one place that looks at all tenants: what it finds is handed on to
//! [`Tenant`]s again.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{Assignment, ImportState};
use jiff::Timestamp;
use serde::Deserialize;

use crate::lock::REVIEW_LEASE;
use crate::table::{Place, Store, Tenant, body, number, text};
use crate::{StoreError, keys, tx};

/// The index of the imports that a worker has something to do for; no other item has an assignment.
const UNDER_WAY: &str = "under-way";

/// An import that a worker has something to do for.
#[derive(Debug, Clone, Deserialize)]
pub struct UnderWay {
    /// The tenant.
    pub msp: MspId,
    /// The import.
    pub id: ImportId,
    integration: IntegrationId,
    state: ImportState,
}

impl Store {
    /// Every import with this assignment, a moment ago.
    pub async fn under_way(&self, assignment: Assignment) -> Result<Vec<UnderWay>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.imports)
                .index_name(UNDER_WAY)
                .key_condition_expression("assignment = :assignment")
                .expression_attribute_values(":assignment", text(assignment.as_str()))
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| StoreError::sdk("Query", error))?;
            for item in page.items.unwrap_or_default() {
                found.push(body("import under way", item)?);
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(found);
            }
        }
    }
}

impl Tenant {
    /// Has a worker called for an import whose last one has died: the write is the message. False if somebody works on it, or
    /// if it was taken up a short while ago.
    pub async fn take_up(&self, import: &UnderWay, now: Timestamp) -> Result<bool, StoreError> {
        let lock = self.lock(&import.integration).await?;
        // A worker that waits for a PSA has no place of its own, but its import keeps the lock for the lease of a review.
        if lock
            .and_then(|lock| lock.holder(now))
            .is_some_and(|holder| holder.import == import.id)
        {
            return Ok(false);
        }
        let lease = i64::try_from(REVIEW_LEASE.as_secs()).unwrap_or(i64::MAX);
        let (update, condition) = (
            "SET takenUpAt = :now",
            "#state = :state AND (attribute_not_exists(takenUpAt) OR takenUpAt <= :before)",
        );
        let values = [
            (":state", text(import.state.as_str())),
            (":now", number(now.as_second())),
            (":before", number(now.as_second().saturating_sub(lease))),
        ];
        let touched = self
            .client()
            .update_item()
            .table_name(self.table(Place::Imports))
            .set_key(Some(keys::import(&self.msp, &import.id).to_item()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(tx::names(&[update, condition]))
            .set_expression_attribute_values(tx::map(&values))
            .send()
            .await;
        match touched {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::sdk("UpdateItem", error)),
        }
    }
}
