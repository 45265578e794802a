//! Counts the write units that DynamoDB charges, wherever they are spent.

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

use crate::metrics::{self, Metric};

/// Has DynamoDB report the cost of every write, and counts it.
#[derive(Debug)]
pub(crate) struct CapacityMeter;

macro_rules! ask {
    ($input:expr, $($kind:ty),+) => {
        $(if let Some(input) = $input.downcast_mut::<$kind>() {
            input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
        })+
    };
}

macro_rules! answers {
    ($output:expr, one: $($one:ty),+; many: $($many:ty),+) => {{
        let mut units = 0.0;
        $(if let Some(output) = $output.downcast_ref::<$one>() {
            units += output.consumed_capacity().map_or(0.0, spent);
        })+
        $(if let Some(output) = $output.downcast_ref::<$many>() {
            units += output.consumed_capacity().iter().map(spent).sum::<f64>();
        })+
        units
    }};
}

fn spent(capacity: &ConsumedCapacity) -> f64 {
    capacity.capacity_units().unwrap_or_default()
}

impl Intercept for CapacityMeter {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        ask!(
            input,
            BatchWriteItemInput,
            DeleteItemInput,
            PutItemInput,
            TransactWriteItemsInput,
            UpdateItemInput
        );
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Ok(output)) = context.output_or_error() {
            let units = answers!(
                output,
                one: DeleteItemOutput, PutItemOutput, UpdateItemOutput;
                many: BatchWriteItemOutput, TransactWriteItemsOutput
            );
            if units > 0.0 {
                metrics::add(Metric::WriteUnits, units);
            }
        }
        Ok(())
    }
}
