//! Changes of the directory by hand, of which plans that were computed before take notice (R71).

use api::{Api, Caller};
use directory::builtin::BuiltIn;
use directory::{Directory, DirectoryError};
use domain::directory::Capabilities;
use domain::problem::Problem;
use lambda::Services;

/// The built-in directory, if it is the one that the MSP has: another one is changed in its own console (R83).
pub async fn built_in(services: &Services, caller: &Caller) -> Api<BuiltIn> {
    // The capabilities tell which directory the MSP has: only the built-in one does everything at once.
    if services.remembered_directory(&caller.msp).await?.capabilities() == Capabilities::ALL_AT_ONCE {
        Ok(BuiltIn::new(services.tenant(&caller.msp)))
    } else {
        Err(Problem::DirectoryCannot.into())
    }
}

/// Makes a change that plans take notice of. If no answer comes, the change may still be applied: no plan is kept until that is impossible.
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
