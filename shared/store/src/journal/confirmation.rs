//! What a confirmation confirms: the digest of each company's plan, and what is skipped for the sake of others.

use std::collections::HashMap;

use domain::directory::ReservationId;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::import::retention::ROWS_DAYS;
use domain::plan::{CompanyPlan, Skip};
use serde::{Deserialize, Serialize};

use super::digest::PlanDigest;
use crate::StoreError;
use crate::answers::packed_of_import;
use crate::keys;
use crate::many::write_each;
use crate::records::PLAN_SCHEMA;
use crate::schema::Kind;
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, packed_body};

pub(crate) const DIGESTS: Kind = Kind::first("digests").kept(ROWS_DAYS);

/// Digests of the companies in one item, as far as the rows with them leave room.
const MAX_DIGESTS_PER_ITEM: usize = 15_000;

/// What was confirmed for one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedCompany {
    /// The digest of its plan.
    #[serde(rename = "d")]
    pub digest: PlanDigest,
    /// The number of the form that the plan had; 0 before there were numbers.
    #[serde(rename = "v", default)]
    plan_schema: u32,
    /// Why it is skipped, if it is.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// Its rows that are skipped since somebody else has the address, or gets it first.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_conflicting: Vec<(AddressId, Skip)>,
}

impl ConfirmedCompany {
    /// What is confirmed with a plan of which these rows are skipped since somebody else has the address, or gets it first.
    pub fn new(plan: &CompanyPlan, skipped_conflicting: Vec<(AddressId, Skip)>) -> Self {
        Self {
            digest: plan.into(),
            plan_schema: PLAN_SCHEMA,
            skipped: plan.skipped().cloned(),
            skipped_conflicting,
        }
    }

    /// The number of the form that the plan had, if it is not today's: then its digest cannot be compared.
    pub fn other_schema(&self) -> Option<u32> {
        (self.plan_schema != PLAN_SCHEMA).then_some(self.plan_schema)
    }

    /// Whether this plan is the one that was confirmed.
    pub fn is_of(&self, plan: &CompanyPlan) -> bool {
        self.digest == plan.into()
    }

    /// Whether the plan may look different once other companies of it have been applied.
    pub const fn depends_on_others(&self) -> bool {
        self.skipped.is_some() || !self.skipped_conflicting.is_empty()
    }
}

impl Tenant {
    /// The items of what the confirmation `reservation` confirms. They mean nothing before that confirmation succeeds: only then does the
    /// import name it.
    pub fn confirmation(
        &self,
        import: &Import,
        reservation: &ReservationId,
        confirmed: &[(PsaCompanyId, ConfirmedCompany)],
    ) -> Result<Vec<Item>, StoreError> {
        let size = |entry: &(PsaCompanyId, ConfirmedCompany)| size::of_json(DIGESTS.name, entry);
        let slices = size::cut(confirmed, (MAX_DIGESTS_PER_ITEM, ROOM), size)?;
        let writes = slices.into_iter().enumerate().map(|(number, slice)| {
            let key = keys::digests(&self.msp, &import.id, reservation.as_str(), number);
            packed_of_import(import, DIGESTS, &key, slice)
        });
        writes.collect()
    }

    /// Writes what a confirmation confirms, before it succeeds. Nobody looks for it until then; in the transaction that confirms it would
    /// cost twice as much.
    pub async fn write_ahead(&self, confirmation: Vec<Item>) -> Result<(), StoreError> {
        write_each(confirmation, |item| self.replace_alone(Table::Imports, item)).await
    }

    /// What was confirmed, by company.
    pub async fn confirmed(&self, import: &Import) -> Result<HashMap<PsaCompanyId, ConfirmedCompany>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let own = keys::digests_prefix(confirmation_of(import));
        let mut items = self.query(Table::Imports, &pk, &own).await?;
        if items.is_empty() {
            // As it was written before confirmations had digests of their own: two digits behind the prefix.
            let is_common = |item: &Item| {
                let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
                sk.is_some_and(|sk| sk.len() == keys::DIGESTS.len() + 2)
            };
            items = self.query(Table::Imports, &pk, keys::DIGESTS).await?;
            items.retain(is_common);
        }
        let mut all = HashMap::new();
        for item in items {
            all.extend(packed_body::<Vec<(PsaCompanyId, ConfirmedCompany)>>(DIGESTS, &item)?);
        }
        Ok(all)
    }
}

/// The confirmation that an import names; an empty text as long as none has succeeded: what one has written ahead does not count.
pub(super) fn confirmation_of(import: &Import) -> &str {
    let confirmed = import.reservation.as_ref().filter(|_| import.plan_hash.is_some());
    confirmed.map_or("", ReservationId::as_str)
}

#[cfg(test)]
mod tests {
    use domain::filter::Filter;
    use domain::ids::{ImportId, IntegrationId, MspId};
    use domain::import::Person;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn r41_what_is_written_ahead_counts_only_once_a_confirmation_has_succeeded() {
        let ana = Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        };
        let (id, integration) = (ImportId::new("x"), IntegrationId::new("i"));
        let mut import = Import::new(
            id,
            MspId::new("m"),
            integration,
            Filter::default(),
            ana,
            Timestamp::UNIX_EPOCH,
        );
        let reservation = ReservationId::of(&import.id, "r");
        import.reservation = Some(reservation.clone());
        assert_eq!(confirmation_of(&import), "");
        import.plan_hash = Some("h".to_owned());
        assert_eq!(confirmation_of(&import), reservation.as_str());
    }
}
