//! Changes of the directory by hand, of which plans that were computed before take notice (R71).

use api::Api;
use directory::builtin::BuiltIn;
use directory::{Directory, DirectoryError};
use lambda::Services;

/// Makes a change. If its answer is missing it may still come, and no plan is kept until it cannot any more.
pub async fn noticed<T>(
    services: &Services,
    directory: &BuiltIn,
    change: impl Future<Output = Result<T, DirectoryError>>,
) -> Api<T> {
    let by = services.ids.next();
    directory.begin_changes(&by, services.clock.now()).await?;
    let changed = change.await?;
    if let Err(error) = directory.end_changes(&by).await {
        tracing::warn!(%error, "the end of a change by hand could not be noted");
    }
    Ok(changed)
}
