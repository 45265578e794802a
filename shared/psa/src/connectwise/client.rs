//! The client behind the port.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter, Subject};
use domain::ids::{AttributeId, PsaCompanyId};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Totals};
use futures::try_join;
use http_client::Stats;
use tokio::sync::OnceCell;

use super::api::Api;
use super::attributes::attribute;
use super::batches::batches;
use super::condition::Condition;
use super::names::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE};
use super::pushed_down::PushedDownFilter;
use super::resources::{COMPANIES, CONTACTS, companies, contacts};
use super::rules::COMPANIES_HIDDEN;
use super::setup::{self, table};
use super::wire::{Company, Contact};
use crate::failure::failure;
use crate::flag::Flag;
use crate::look_up;
use crate::port::Psa;
use crate::walk::{List, walk};

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

    /// A company as the domain has it.
    async fn company(&self, company: Company) -> Result<PsaCompany, PsaFailure> {
        let inactive = self
            .inactive_statuses
            .get_or_try_init(|| self.read_inactive_statuses())
            .await?;
        let system = self.api.system().await?;
        Ok(company.into_domain(inactive, system.msp.as_ref()))
    }

    async fn read_inactive_statuses(&self) -> Result<Vec<i64>, PsaFailure> {
        let statuses = table(&self.api, &setup::COMPANY_STATUSES).await?;
        Ok(statuses
            .into_iter()
            .filter(|status| Flag::is_set(status.inactive_flag))
            .filter_map(|status| status.id)
            .collect())
    }

    /// A role that may not see companies gets contacts that seem to have none. One contact with a company, of whatever type,
    /// shows that the role may.
    async fn check_companies_are_shown(&self) -> Result<(), PsaFailure> {
        let one = vec![
            ("conditions", Condition::Above("company/id", 0).to_string()),
            ("fields", "id,company".to_owned()),
            ("pageSize", "1".to_owned()),
        ];
        let contacts: Vec<Contact> = self.api.get(&CONTACTS.rows, &one).await?;
        if contacts.iter().any(|contact| contact.company().is_some()) {
            return Ok(());
        }
        Err(PsaFailure {
            missing_right: Some(COMPANIES.rows.right.to_owned()),
            ..failure(&CONTACTS.rows, COMPANIES_HIDDEN, "")
        })
    }
}

#[async_trait]
impl Psa for Connectwise {
    async fn check(&self) -> Result<(), PsaFailure> {
        companies(&self.api, PushedDownFilter::none()).check().await?;
        contacts(&self.api, PushedDownFilter::none()).check().await
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

    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure> {
        let pushed = (PushedDownFilter::companies(filter), PushedDownFilter::contacts(filter));
        let (companies, contacts) = (companies(&self.api, &pushed.0), contacts(&self.api, &pushed.1));
        let (companies, contacts) = try_join!(List::count(&companies), List::count(&contacts))?;
        Ok(Totals { companies, contacts })
    }

    async fn companies(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaCompany>, PsaFailure> {
        let pushed = PushedDownFilter::companies(filter);
        let page = walk(&companies(&self.api, &pushed), from, expected).await?;
        let next = page.next();
        let mut items = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            if !Flag::is_set(row.deleted_flag) {
                items.push(self.company(row).await?);
            }
        }
        items.retain(|company| self.accepts(filter, company));
        Ok(Page { items, next })
    }

    async fn contacts(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaContact>, PsaFailure> {
        let pushed = PushedDownFilter::contacts(filter);
        let mut page = walk(&contacts(&self.api, &pushed), from, expected).await?;
        page.walk.companies_seen |= page.rows.iter().any(|contact| contact.company().is_some());
        if page.complete && page.walk.delivered > 0 && !page.walk.companies_seen {
            self.check_companies_are_shown().await?;
        }
        let next = page.next();
        let mut items: Vec<PsaContact> = page.rows.into_iter().map(Into::into).collect();
        let attributes = [AttributeId::new(CONTACT_TYPE)];
        items.retain(|contact| filter.accepts(&attributes, &contact.values));
        Ok(Page { items, next })
    }

    fn accepts(&self, filter: &Filter, company: &PsaCompany) -> bool {
        filter.accepts(&[COMPANY_TYPE, COMPANY_STATUS].map(AttributeId::new), &company.values)
    }

    async fn look_up(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        // Without the condition on deleted companies, which are what is looked for.
        let companies = companies(&self.api, PushedDownFilter::none());
        let read = look_up::read_back(&companies, batches(look_up::numbers(ids).into_iter())).await?;
        let mut found = Vec::with_capacity(read.rows.len());
        for company in read.rows {
            let id = PsaCompanyId::new(company.id.to_string());
            let answer = if Flag::is_set(company.deleted_flag) {
                // A merged company, too, is one that is marked as deleted.
                LookedUp::Deleted(id.clone())
            } else {
                LookedUp::Present(self.company(company).await?)
            };
            found.push((id, answer));
        }
        Ok(look_up::answers(ids, found, read.unreadable))
    }

    fn stats(&self) -> Stats {
        self.api.session.stats()
    }
}
