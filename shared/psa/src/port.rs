//! The port through which a PSA is read.

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::{PsaCompanyId, PsaContactId, TenantFingerprint};
use domain::psa::{ChangesRead, Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Tables, Totals};
use domain::tenant::PsaSystem;
use futures::stream::BoxStream;
use http_client::Stats;
use jiff::Timestamp;

/// The pages of a list, as they are read.
pub type Pages<'a, T> = BoxStream<'a, Result<Page<T>, PsaFailure>>;

/// A PSA that can be read. There is no way to write to one (R50).
///
/// Lists are walked by id, so that no row is lost or doubled when rows change meanwhile (R10).
/// Deleted, merged or recycle-bin records never appear in [`companies`](Self::companies) (R12).
#[async_trait]
pub trait Psa: Send + Sync {
    /// Reads one company and one contact, which proves the credentials and both rights.
    async fn check(&self) -> Result<(), PsaFailure>;

    /// The tenant that the credentials lead to (R51).
    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure>;

    /// Where the PSA answers and what it says of itself, which says nothing about the tenant. It takes no request that reading the PSA
    /// does not take.
    async fn system(&self) -> Result<PsaSystem, PsaFailure>;

    /// The attributes configured in this PSA, with their values (R6).
    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure>;

    /// How many rows the two walks will deliver, as of now.
    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure>;

    /// The companies that match, from the start or from a cursor. Several pages are read at once, so the pages come in no order.
    ///
    /// `expected` is the total, where known, and must be the same for every cursor of a list. If the list seems to be at its end and has
    /// given that many rows, it is complete. Otherwise more pages are asked for, and a new count must prove the end. The stream ends with
    /// the page that completes the list, or with a failure.
    fn companies<'a>(
        &'a self,
        filter: &'a Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Pages<'a, PsaCompany>;

    /// The contacts that match, whatever their company.
    fn contacts<'a>(
        &'a self,
        filter: &'a Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Pages<'a, PsaContact>;

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

    /// Reads what changed since a moment, and how many rows the filter accepts. The changes lack edits that the PSA does not stamp. They
    /// also lack deleted rows, unless the PSA keeps such rows and marks them as deleted. The counts show that other rows were deleted.
    ///
    /// `tables` are those of the last full read: a client that knows them need not read them again.
    async fn changes(&self, since: Timestamp, filter: &Filter, tables: &Tables) -> Result<ChangesRead, PsaFailure>;

    /// Whether the PSA counts exactly the rows that the filter accepts. What we filter ourselves after reading, it counts as well.
    fn counts_exactly(&self, filter: &Filter) -> bool;

    /// Brings up to date what a company takes from tables of the PSA and not from its own row, which they do not stamp.
    async fn refresh(&self, companies: &mut [PsaCompany]) -> Result<(), PsaFailure>;

    /// The tables as far as [`changes`](Self::changes) needs them.
    fn tables(&self) -> Tables;

    /// When the PSA first answered with rows or a count, by its own clock.
    fn first_answer(&self) -> Option<Timestamp>;

    /// The requests made so far.
    fn stats(&self) -> Stats;
}
