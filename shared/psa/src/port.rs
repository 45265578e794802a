//! The port through which a PSA is read.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::{PsaCompanyId, PsaContactId, TenantFingerprint};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Totals};
use http_client::Stats;

/// A PSA that can be read. There is no way to write to one (R50).
///
/// Pages come in the order of ids and are walked by id, so that no row is lost or doubled when rows change meanwhile (R10).
/// Deleted, merged or recycle-bin records never appear in [`companies`](Self::companies) (R12).
#[async_trait]
pub trait Psa: Send + Sync {
    /// Reads one company and one contact, which proves the credentials and both rights.
    async fn check(&self) -> Result<(), PsaFailure>;

    /// The tenant that the credentials lead to (R51).
    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure>;

    /// The attributes configured in this PSA, with their values (R6).
    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure>;

    /// How many rows the two walks will deliver, as of now.
    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure>;

    /// The companies that match, from the start or from a cursor.
    ///
    /// `expected` is the total, where known, and must be the same throughout a walk. A walk that has delivered that many rows and
    /// whose last page was short is complete; any other is asked on, and its end is proven by a count.
    async fn companies(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaCompany>, PsaFailure>;

    /// The contacts that match, whatever their company.
    async fn contacts(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaContact>, PsaFailure>;

    /// Whether a company passes the part of the filter that concerns companies.
    fn accepts(&self, filter: &Filter, company: &PsaCompany) -> bool;

    /// Whether the filter leaves contacts out.
    fn filters_contacts(&self, filter: &Filter) -> bool;

    /// Whether any contact, whatever the filter, is shown with a company.
    async fn any_contact_has_company(&self) -> Result<bool, PsaFailure>;

    /// Reads companies back by id, whatever their state: every id gets exactly one answer, in as few requests as possible. One that the
    /// PSA cannot show costs the others nothing but requests.
    async fn look_up(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure>;

    /// Whether a contact passes the part of the filter that concerns contacts.
    fn accepts_contact(&self, filter: &Filter, contact: &PsaContact) -> bool;

    /// Reads contacts back by id, as [`look_up`](Self::look_up) reads companies. No contact is kept marked as deleted.
    async fn look_up_contacts(
        &self,
        ids: &[PsaContactId],
    ) -> Result<Vec<LookedUp<PsaContact, PsaContactId>>, PsaFailure>;

    /// The requests made so far.
    fn stats(&self) -> Stats;
}
