//! A single write that meets another one's transaction is refused as a conflict, which passes; the SDK does not repeat it by itself.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

/// Has such a write repeated. Transactions wait out conflicts of their own: see `store::tx`.
#[derive(Debug)]
pub(crate) struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error());
        let is_conflict = error.is_some_and(|error| {
            let update = error.downcast_ref::<UpdateItemError>();
            let put = error.downcast_ref::<PutItemError>();
            update.is_some_and(UpdateItemError::is_transaction_conflict_exception)
                || put.is_some_and(PutItemError::is_transaction_conflict_exception)
        });
        if is_conflict {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "conflicts"
    }
}
