//! What happens in the PSA between two imports, told to its simulator in the PSA's own JSON.

mod autotask;
mod changed;
mod connectwise;

use domain::psa::PsaKind;
use sandbox::api::Api;
use sandbox::{Error, Sandbox};

use super::{filter, import};

#[cfg(test)]
pub(super) use changed::example;
pub(super) use changed::{Changed, Joiner, Moved};

/// Makes all the changes at once.
pub(super) async fn make(sandbox: &Sandbox, ana: &Api, kind: PsaKind, changed: &Changed) -> Result<(), Error> {
    let psa = sandbox.psas.get(kind);
    let records = match kind {
        PsaKind::Connectwise => {
            let integration = ana.integration(import::name_of(kind)).await?;
            let attributes = filter::attributes(ana, &integration).await?;
            let inactive = filter::company_status(&attributes, "Inactive")?;
            let contact = connectwise::contact(psa.as_ref(), &changed.moved.contact)?;
            connectwise::records(changed, &inactive, contact)
        }
        PsaKind::Autotask => autotask::records(changed),
    };
    psa.change_records(records).map(drop).map_err(Error::Unexpected)
}
