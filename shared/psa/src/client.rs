//! The port [`Psa`] for any product that supplies its lists and what its rows mean.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::{AttributeId, PsaCompanyId, PsaContactId, TenantFingerprint};
use domain::psa::{Changes, ChangesRead, Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Tables, Totals};
use domain::tenant::PsaSystem;
use futures::{StreamExt, TryFutureExt, TryStreamExt, try_join};
use http_client::{Session, Stats};
use jiff::Timestamp;

use crate::look_up;
use crate::port::{Pages, Psa};
use crate::selection::Selection;
use crate::walk::{List, ListRow, pages, read_some};

/// Records per request when reading back, unless a product has a lower limit.
const BATCH_SIZE: usize = 200;

/// Changed rows of a list beyond which everything is read: so many fit into the memory of a run many times.
const MAX_CHANGES: usize = 10_000;

/// What a product supplies.
#[async_trait]
pub trait Product: Send + Sync {
    /// A company as the product sends it.
    type Company: ListRow;

    /// A contact as the product sends it.
    type Contact: ListRow;

    /// The attributes by which companies are filtered.
    const COMPANY_ATTRIBUTES: &'static [&'static str];

    /// The attributes by which contacts are filtered.
    const CONTACT_ATTRIBUTES: &'static [&'static str];

    /// Whether the product stamps rows when they change, and can be asked for those that changed.
    const TELLS_CHANGES: bool = false;

    /// The requests of this run.
    fn session(&self) -> &Session;

    /// The companies that are selected.
    fn companies(&self, selection: Selection<'_>) -> impl List<Row = Self::Company> + Send;

    /// The contacts that are selected.
    fn contacts(&self, selection: Selection<'_>) -> impl List<Row = Self::Contact> + Send;

    /// Whether the product evaluates all of the filter, so that it counts the rows that the filter accepts.
    fn evaluates_all_of(&self, _filter: &Filter) -> bool {
        false
    }

    /// Brings up to date what companies take from tables of the product.
    async fn refresh(&self, _companies: &mut [PsaCompany]) -> Result<(), PsaFailure> {
        Ok(())
    }

    /// The tables that were read, as far as changed rows need them.
    fn tables(&self) -> Tables {
        Tables::default()
    }

    /// Takes over the tables of an earlier run.
    fn use_tables(&self, _tables: &Tables) {}

    /// Ids in batches, each of which fits into one request.
    fn batches(&self, ids: &[i64]) -> Vec<Vec<i64>> {
        ids.chunks(BATCH_SIZE).map(<[i64]>::to_vec).collect()
    }

    /// The tenant that the credentials lead to. Host, version and folder of the product may change without it.
    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure>;

    /// Where the product answers and what it says of itself.
    async fn system(&self) -> Result<PsaSystem, PsaFailure> {
        Ok(PsaSystem::default())
    }

    /// The attributes, with their values.
    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure>;

    /// What a row says of a company.
    async fn company(&self, row: Self::Company) -> Result<LookedUp, PsaFailure>;

    /// What a row says of a contact.
    fn contact(&self, row: Self::Contact) -> PsaContact;

    /// Reads what must be known before companies are read.
    async fn prepare(&self) -> Result<(), PsaFailure> {
        Ok(())
    }

    /// Checks, before an import, that the product can take its requests.
    async fn check_limits(&self) -> Result<(), PsaFailure> {
        Ok(())
    }

    /// Whether any contact, of whatever type, is shown with a company. Only asked of products of which that can prove something.
    async fn any_contact_has_company(&self) -> Result<bool, PsaFailure> {
        Ok(true)
    }
}

/// The port in front of a product.
pub struct Client<P>(pub P);

#[async_trait]
impl<P: Product> Psa for Client<P> {
    async fn check(&self) -> Result<(), PsaFailure> {
        self.0.companies(Selection::All).check().await?;
        self.0.contacts(Selection::All).check().await
    }

    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure> {
        self.0.fingerprint().await
    }

    async fn system(&self) -> Result<PsaSystem, PsaFailure> {
        self.0.system().await
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        self.0.attributes().await
    }

    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure> {
        self.0.check_limits().await?;
        let (companies, contacts) = (
            self.0.companies(Selection::Accepted(filter)),
            self.0.contacts(Selection::Accepted(filter)),
        );
        let (companies, contacts) = try_join!(companies.count(), contacts.count())?;
        Ok(Totals { companies, contacts })
    }

    fn companies<'a>(
        &'a self,
        filter: &'a Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Pages<'a, PsaCompany> {
        let pages = pages(self.0.companies(Selection::Accepted(filter)), from, expected);
        let pages = pages.and_then(async move |page| {
            let mut items = Vec::with_capacity(page.rows.len());
            for row in page.rows {
                match self.0.company(row).await? {
                    LookedUp::Present(company) if self.accepts(filter, &company) => items.push(company),
                    _ => {}
                }
            }
            Ok(Page { items, next: page.next })
        });
        self.0.prepare().map_ok(|()| pages).try_flatten_stream().boxed()
    }

    fn contacts<'a>(
        &'a self,
        filter: &'a Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Pages<'a, PsaContact> {
        let pages = pages(self.0.contacts(Selection::Accepted(filter)), from, expected);
        let pages = pages.map_ok(move |page| {
            let mut items: Vec<PsaContact> = page.rows.into_iter().map(|row| self.0.contact(row)).collect();
            items.retain(|contact| self.accepts_contact(filter, contact));
            Page { items, next: page.next }
        });
        pages.boxed()
    }

    fn accepts(&self, filter: &Filter, company: &PsaCompany) -> bool {
        filter.accepts(&ids(P::COMPANY_ATTRIBUTES), &company.values)
    }

    fn filters_contacts(&self, filter: &Filter) -> bool {
        P::CONTACT_ATTRIBUTES
            .iter()
            .any(|id| filter.0.contains_key(&AttributeId::new(*id)))
    }

    async fn any_contact_has_company(&self) -> Result<bool, PsaFailure> {
        self.0.any_contact_has_company().await
    }

    async fn look_up(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        self.0.prepare().await?;
        let batches = self.0.batches(&look_up::numbers(ids.iter().map(PsaCompanyId::as_str)));
        let read = look_up::read_back(&self.0.companies(Selection::All), batches).await?;
        let mut found = Vec::with_capacity(read.rows.len());
        for row in read.rows {
            let id = PsaCompanyId::new(row.id().to_string());
            found.push((id, self.0.company(row).await?));
        }
        Ok(look_up::answers(ids, found, read.unreadable, PsaCompanyId::new))
    }

    fn accepts_contact(&self, filter: &Filter, contact: &PsaContact) -> bool {
        filter.accepts(&ids(P::CONTACT_ATTRIBUTES), &contact.values)
    }

    async fn look_up_contacts(
        &self,
        ids: &[PsaContactId],
    ) -> Result<Vec<LookedUp<PsaContact, PsaContactId>>, PsaFailure> {
        let batches = self.0.batches(&look_up::numbers(ids.iter().map(PsaContactId::as_str)));
        let read = look_up::read_back(&self.0.contacts(Selection::All), batches).await?;
        let found = read.rows.into_iter().map(|row| {
            let contact = self.0.contact(row);
            (contact.id.clone(), LookedUp::Present(contact))
        });
        Ok(look_up::answers(ids, found, read.unreadable, PsaContactId::new))
    }

    async fn changes(&self, since: Timestamp, filter: &Filter, tables: &Tables) -> Result<ChangesRead, PsaFailure> {
        if !P::TELLS_CHANGES {
            return Ok(ChangesRead::NotOffered);
        }
        self.0.use_tables(tables);
        self.0.check_limits().await?;
        let (changed, accepted) = (Selection::ChangedSince(since), Selection::Accepted(filter));
        let (changed_companies, companies) = (self.0.companies(changed), self.0.companies(accepted));
        let (changed_contacts, contacts) = (self.0.contacts(changed), self.0.contacts(accepted));
        let (of_companies, of_contacts, companies, contacts) = try_join!(
            read_some(&changed_companies, MAX_CHANGES),
            read_some(&changed_contacts, MAX_CHANGES),
            companies.count(),
            contacts.count(),
        )?;
        let (Some(of_companies), Some(of_contacts)) = (of_companies, of_contacts) else {
            return Ok(ChangesRead::TooMany);
        };
        let mut changed = Vec::with_capacity(of_companies.rows.len());
        for row in of_companies.rows {
            changed.push(self.0.company(row).await?);
        }
        Ok(ChangesRead::All(Changes {
            companies: changed,
            contacts: of_contacts.rows.into_iter().map(|row| self.0.contact(row)).collect(),
            totals: Totals { companies, contacts },
            as_of: of_companies
                .date
                .zip(of_contacts.date)
                .map(|(companies, contacts)| companies.min(contacts)),
        }))
    }

    fn counts_exactly(&self, filter: &Filter) -> bool {
        self.0.evaluates_all_of(filter)
    }

    async fn refresh(&self, companies: &mut [PsaCompany]) -> Result<(), PsaFailure> {
        self.0.refresh(companies).await
    }

    fn tables(&self) -> Tables {
        self.0.tables()
    }

    fn first_answer(&self) -> Option<Timestamp> {
        self.0.session().first_answer()
    }

    fn stats(&self) -> Stats {
        self.0.session().stats()
    }
}

fn ids(attributes: &[&str]) -> Vec<AttributeId> {
    attributes.iter().map(|id| AttributeId::new(*id)).collect()
}
