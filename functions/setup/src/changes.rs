//! Changes of the directory by hand, of which plans that were computed before take notice (R71).

use api::{Api, Caller};
use directory::builtin::BuiltIn;
use directory::{Directory, DirectoryError};
use domain::directory::Capabilities;
use domain::problem::Problem;
use lambda::Services;

/// The built-in directory, if it is the one that the MSP has: another one is changed in its own console (R83).
pub async fn built_in(services: &Services, caller: &Caller) -> Api<BuiltIn> {
    // Another directory that could do all this would be as good a place to do it.
    if services.remembered_directory(&caller.msp).await?.capabilities() == Capabilities::ALL_AT_ONCE {
        Ok(BuiltIn::new(services.tenant(&caller.msp)))
    } else {
        Err(Problem::DirectoryCannot.into())
    }
}

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
