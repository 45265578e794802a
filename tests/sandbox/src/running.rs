//! What every part of a running sandbox is started with.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda::Function;
use local_aws::Invoke;

use crate::Error;

/// What went wrong with a folder, if there is one.
pub(crate) fn unusable(state: Option<&Path>, error: local_aws::Error) -> Error {
    match state {
        Some(folder) => Error::State {
            folder: folder.to_owned(),
            why: error.to_string(),
        },
        None => error.into(),
    }
}

pub(crate) fn invoke(function: Function) -> Invoke {
    Arc::new(move |invocation| {
        let function = function.clone();
        Box::pin(async move {
            function
                .handle(invocation.event, invocation.deadline)
                .await
                .map_err(|error| error.to_string())
        })
    })
}

/// The same code, which fails while `failing` is set, as if no environment of its function started.
pub(crate) fn failing_while(failing: &Arc<AtomicBool>, code: Invoke) -> Invoke {
    let failing = Arc::clone(failing);
    Arc::new(move |invocation| {
        let starts = !failing.load(Ordering::Relaxed);
        if starts {
            code(invocation)
        } else {
            Box::pin(async { Err("no environment starts".to_owned()) })
        }
    })
}
