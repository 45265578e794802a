//! One address row by itself: of its company only those people are read with whom the row has to do. To read all 20,000 people of a company
//! for one tick would cost hundreds of read units.

use std::collections::HashSet;
use std::sync::Arc;

use directory::Directory;
use domain::address::AddressKey;
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, PsaCompanyId, PsaContactId};
use domain::import::Import;
use domain::plan::planner;
use domain::plan::related::KnownPeople;
use store::Tenant;
use store::rows::Row;

use crate::context::{Context, PlanningError};
use crate::facts::{Asked, Read};

impl Context {
    /// Reads what one address row of a company is shown with, and those of the company's facts that the row depends on; `None` if the
    /// import has no such company. There may be no row of that id.
    pub async fn of_address(
        tenant: Tenant,
        directory: Arc<dyn Directory>,
        import: Import,
        (company, address): (&PsaCompanyId, &AddressId),
    ) -> Result<Option<(Self, CompanyFacts)>, PlanningError> {
        // Before the row is read: a decision that comes later is not in it.
        let decisions = tenant.decided_but_on_people(&import, company).await?;
        let Some(row) = tenant.row(&import, company, &decisions).await? else {
            return Ok(None);
        };
        let (store, of) = (tenant.clone(), (Arc::clone(&directory), import.clone()));
        let mut context = Self::of_row(tenant, directory, import, &row, decisions).await?;
        // All that follow to another company are looked at together.
        if context.hand_over(&row).await?.is_none()
            && let Some(facts) = context.facts_near(&row, address).await?
        {
            return Ok(Some((context, facts)));
        }
        let (directory, import) = of;
        let whole = Self::of_company(store, directory, import, company).await?;
        let Some((context, row)) = whole else {
            return Ok(None);
        };
        let facts = context.facts(row, Asked::Of(&HashSet::from([address.clone()]))).await?;
        Ok(Some((context, facts)))
    }

    /// The facts that one address row depends on; `None` if that may be all facts of the company.
    async fn facts_near(&mut self, row: &Row, address: &AddressId) -> Result<Option<CompanyFacts>, PlanningError> {
        let contact = PsaContactId::new(address.contact());
        let is_mapped = self.mappings.contains_key(&row.id);
        let people = self.tenant.people_related_to(&self.import, row, contact, is_mapped);
        let Some(people) = people.await? else {
            return Ok(None);
        };
        for contact in &people.contacts {
            let of = (&row.id, contact);
            self.tenant
                .add_decisions_on(&mut self.decisions, &self.import, of)
                .await?;
        }
        let mut all = [self.facts_within(row.clone(), read(people)).await?];
        let addresses = vec![addresses(&all[0])];
        self.people.add_holders(&mut all, addresses, &self.companies).await?;
        let [facts] = all;
        let managed = planner::managed_company(&facts, &self.companies);
        let keeps = facts
            .mapping
            .as_ref()
            .is_some_and(|mapping| Some(&mapping.managed) == managed.as_ref());
        // One whose user has another address by now, or is gone, is found in the list of users only.
        let is_known = |user| facts.users.contains_key(user);
        let is_whole = !keeps || facts.mapped_addresses.iter().all(|mapping| is_known(&mapping.user));
        Ok(is_whole.then_some(facts))
    }
}

fn read(people: KnownPeople) -> Read {
    let mapped = people.mappings.iter().filter(|mapping| people.is_of_known(mapping));
    Read {
        mapped: mapped.cloned().collect(),
        addresses: people.rows.into_iter().map(|(row, _)| row).collect(),
    }
}

/// The addresses of the rows, and those under which people were imported.
fn addresses(facts: &CompanyFacts) -> Vec<AddressKey> {
    let rows = facts.addresses.iter();
    let rows = rows.filter_map(|(row, _)| row.key().cloned());
    let mapped = facts
        .mapped_addresses
        .iter()
        .map(|mapping| mapping.address.key().clone());
    let all: HashSet<AddressKey> = rows.chain(mapped).collect();
    all.into_iter().collect()
}
