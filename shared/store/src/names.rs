//! Names of managed companies that are about to be made. A worker knows the directory as it was when its run began; without a
//! claim, two integrations of one MSP that list the same new client would both make a company of it (R21).

use std::time::Duration;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::name::NameKey;
use jiff::Timestamp;

use crate::StoreError;
use crate::expiry::EXPIRES;
use crate::keys;
use crate::schema::Kind;
use crate::single::PutOutcome;
use crate::table::{Table, Tenant, bare_item, number, text};

const NAME: Kind = Kind::first("name");

/// How long a claim keeps others away: longer than any run, so that a run that finds it ended has read the directory with the company.
const CLAIM_DURATION: Duration = Duration::from_hours(1);

impl Tenant {
    /// Claims the name of a managed company that is about to be created for a PSA company. Returns `false` if another PSA company, of
    /// whatever integration, has claimed the name within the last hour in the same directory. `directory` is the version of the MSP's
    /// choice of a directory.
    ///
    /// The claim is written alone, before anything else of the company. The claim belongs to the PSA company, so if the worker dies or
    /// loses its lease, the claim also holds for the next worker.
    pub async fn claim_name(
        &self,
        import: &Import,
        (company, name): (&PsaCompanyId, &str),
        directory: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let owner = format!("{}/{company}", import.integration);
        let until = now
            .as_second()
            .saturating_add(i64::try_from(CLAIM_DURATION.as_secs()).unwrap_or(i64::MAX));
        let mut item = bare_item(NAME, &keys::name(&self.msp, &NameKey::of(name)));
        item.insert("owner".to_owned(), text(owner.as_str()));
        item.insert("directory".to_owned(), number(directory));
        item.insert(EXPIRES.to_owned(), number(until));
        let values = [
            (":owner", text(owner.as_str())),
            (":directory", number(directory)),
            (":now", number(now.as_second())),
        ];
        let condition = "attribute_not_exists(pk) OR #owner = :owner OR #directory <> :directory OR expires <= :now";
        let claimed = self.put_alone(Table::Imports, item, condition, &values).await?;
        Ok(matches!(claimed, PutOutcome::Applied))
    }
}
