//! What `ConnectWise` supplies to the client behind the port.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter, Subject};
use domain::ids::{PsaCompanyId, TenantFingerprint};
use domain::psa::{LookedUp, PsaCompany, PsaContact, PsaFailure};
use domain::tenant::PsaSystem;
use futures::try_join;
use http_client::Session;
use tokio::sync::OnceCell;

use super::api::Api;
use super::batches::batches;
use super::condition::Condition;
use super::names::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE};
use super::pushed_down::PushedDownFilter;
use super::resources::{CONTACTS, companies, contacts};
use super::setup::{self, attribute, table};
use super::wire::{Company, Contact, refresh};
use crate::client::Product;
use crate::flag::Flag;
use crate::selection::Selection;
use crate::walk::List;

pub(super) struct Connectwise {
    api: Api,
    /// A company has no flag of its own: it is its status that makes it inactive.
    inactive_statuses: OnceCell<Vec<i64>>,
}

impl Connectwise {
    pub(super) const fn new(api: Api) -> Self {
        Self {
            api,
            inactive_statuses: OnceCell::const_new(),
        }
    }

    async fn inactive_statuses(&self) -> Result<&[i64], PsaFailure> {
        let read = || self.read_inactive_statuses();
        Ok(self.inactive_statuses.get_or_try_init(read).await?)
    }

    async fn read_inactive_statuses(&self) -> Result<Vec<i64>, PsaFailure> {
        let statuses = table(&self.api, &setup::COMPANY_STATUSES).await?;
        Ok(statuses
            .into_iter()
            .filter(|status| Flag::is_set(status.inactive_flag))
            .filter_map(|status| status.id)
            .collect())
    }
}

/// The conditions that select rows. Without a filter deleted companies are selected as well.
fn pushed_down(selection: Selection<'_>, accepted: fn(&Filter) -> PushedDownFilter) -> PushedDownFilter {
    match selection {
        Selection::All => PushedDownFilter::default(),
        Selection::Accepted(filter) => accepted(filter),
        Selection::ChangedSince(moment) => PushedDownFilter::changed_since(moment),
    }
}

#[async_trait]
impl Product for Connectwise {
    type Company = Company;
    type Contact = Contact;

    const COMPANY_ATTRIBUTES: &'static [&'static str] = &[COMPANY_TYPE, COMPANY_STATUS];
    const CONTACT_ATTRIBUTES: &'static [&'static str] = &[CONTACT_TYPE];
    const TELLS_CHANGES: bool = true;

    fn session(&self) -> &Session {
        &self.api.session
    }

    fn companies(&self, selection: Selection<'_>) -> impl List<Row = Company> + Send {
        companies(&self.api, pushed_down(selection, PushedDownFilter::companies))
    }

    fn contacts(&self, selection: Selection<'_>) -> impl List<Row = Contact> + Send {
        contacts(&self.api, pushed_down(selection, PushedDownFilter::contacts))
    }

    fn evaluates_all_of(&self, filter: &Filter) -> bool {
        PushedDownFilter::is_whole(filter)
    }

    /// No company is stamped when its status becomes inactive, or when the server calls the MSP otherwise.
    async fn refresh(&self, companies: &mut [PsaCompany]) -> Result<(), PsaFailure> {
        let inactive = self.inactive_statuses().await?;
        let system = self.api.system().await?;
        for company in companies {
            refresh(company, inactive, system.msp.as_ref());
        }
        Ok(())
    }

    fn batches(&self, ids: &[i64]) -> Vec<Vec<i64>> {
        batches(ids.iter().copied())
    }

    /// Compared as it was entered: whether upper and lower case differ in it is not documented. If they do not, a login company in
    /// another case is a changed one, about which the mapped companies decide.
    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure> {
        Ok(TenantFingerprint::new(self.api.company_id()))
    }

    async fn system(&self) -> Result<PsaSystem, PsaFailure> {
        let system = self.api.system().await?;
        Ok(PsaSystem {
            origin: Some(self.api.origin()),
            zone: None,
            codebase: Some(system.codebase.clone()),
            version: system.version.clone(),
        })
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        let (types, statuses, contact_types) = try_join!(
            table(&self.api, &setup::COMPANY_TYPES),
            table(&self.api, &setup::COMPANY_STATUSES),
            table(&self.api, &setup::CONTACT_TYPES),
        )?;
        Ok(vec![
            attribute(COMPANY_TYPE, Subject::Company, "Company type", types),
            attribute(COMPANY_STATUS, Subject::Company, "Company status", statuses),
            attribute(CONTACT_TYPE, Subject::Contact, "Contact type", contact_types),
        ])
    }

    async fn company(&self, row: Company) -> Result<LookedUp, PsaFailure> {
        if Flag::is_set(row.deleted_flag) {
            // A merged company, too, is one that is marked as deleted.
            return Ok(LookedUp::Deleted(PsaCompanyId::new(row.id.to_string())));
        }
        let inactive = self.inactive_statuses().await?;
        let system = self.api.system().await?;
        Ok(LookedUp::Present(row.into_domain(inactive, system.msp.as_ref())))
    }

    fn contact(&self, row: Contact) -> PsaContact {
        row.into()
    }

    /// A role that may not see companies gets contacts that seem to have none.
    async fn any_contact_has_company(&self) -> Result<bool, PsaFailure> {
        let one = vec![
            ("conditions", Condition::Above("company/id", 0).to_string()),
            ("fields", "id,company".to_owned()),
            ("pageSize", "1".to_owned()),
        ];
        let contacts: Vec<Contact> = self.api.get(&CONTACTS.rows, &one).await?;
        Ok(contacts.iter().any(|contact| contact.company().is_some()))
    }
}
