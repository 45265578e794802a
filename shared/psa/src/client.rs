//! The port [`Psa`] for any product that supplies its lists and what its rows mean.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::{AttributeId, PsaCompanyId, PsaContactId, TenantFingerprint};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Totals};
use domain::tenant::PsaSystem;
use futures::{StreamExt, TryFutureExt, TryStreamExt, try_join};
use http_client::{Session, Stats};

use crate::look_up;
use crate::port::{Pages, Psa};
use crate::walk::{List, ListRow, pages};

/// Records per request when reading back, unless a product has a lower limit.
const BATCH_SIZE: usize = 200;

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

    /// The requests of this run.
    fn session(&self) -> &Session;

    /// The companies that a filter accepts, as far as the product evaluates it. Without a filter: all, whatever their state.
    fn companies(&self, filter: Option<&Filter>) -> impl List<Row = Self::Company> + Send;

    /// The contacts that a filter accepts, as far as the product evaluates it.
    fn contacts(&self, filter: Option<&Filter>) -> impl List<Row = Self::Contact> + Send;

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
        self.0.companies(None).check().await?;
        self.0.contacts(None).check().await
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
        let (companies, contacts) = (self.0.companies(Some(filter)), self.0.contacts(Some(filter)));
        let (companies, contacts) = try_join!(companies.count(), contacts.count())?;
        Ok(Totals { companies, contacts })
    }

    fn companies<'a>(
        &'a self,
        filter: &'a Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Pages<'a, PsaCompany> {
        let pages = pages(self.0.companies(Some(filter)), from, expected);
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
        let pages = pages(self.0.contacts(Some(filter)), from, expected);
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
        let read = look_up::read_back(&self.0.companies(None), batches).await?;
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
        let read = look_up::read_back(&self.0.contacts(None), batches).await?;
        let found = read.rows.into_iter().map(|row| {
            let contact = self.0.contact(row);
            (contact.id.clone(), LookedUp::Present(contact))
        });
        Ok(look_up::answers(ids, found, read.unreadable, PsaContactId::new))
    }

    fn stats(&self) -> Stats {
        self.0.session().stats()
    }
}

fn ids(attributes: &[&str]) -> Vec<AttributeId> {
    attributes.iter().map(|id| AttributeId::new(*id)).collect()
}
