//! Every key there is. A partition key begins with the MSP, so that a guessed id of another MSP finds nothing.

use domain::ids::{
    IdempotencyKey, ImportId, IntegrationId, ManagedCompanyId, MspId, PsaCompanyId, PsaContactId, SecretId,
};
use domain::import::Assignment;
use domain::name::NameKey;
use domain::published::Happening;
use jiff::Timestamp;
use jiff::civil::Date;

/// Partition and sort key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// A key in a partition that is known.
    pub(crate) fn in_import(partition: &str, sk: &str) -> Self {
        Self::new(partition.to_owned(), sk)
    }

    /// A key for an adapter that keeps its own items in the records table. `path` and `sk` must not hold anything that
    /// another tenant could have chosen.
    pub fn in_records(msp: &MspId, path: &str, sk: impl Into<String>) -> Self {
        Self::new(format!("{}{path}", msp_partition(msp)), sk)
    }
}

/// The key of no item: no MSP has an empty name.
pub(crate) fn nothing() -> Key {
    Key::new(msp_partition(&MspId::new("")), "NOTHING")
}

pub(crate) fn msp_partition(msp: &MspId) -> String {
    format!("MSP#{msp}")
}

/// How much of its allowance for one kind of call the MSP has used.
pub(crate) fn call_rate(msp: &MspId, kind: &str) -> Key {
    Key::new(msp_partition(msp), format!("RATE#{kind}"))
}

pub(crate) const INTEGRATION: &str = "INTEGRATION#";

pub(crate) fn integration(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(msp_partition(msp), format!("{INTEGRATION}{integration}"))
}

pub(crate) const REMOVED: &str = "REMOVED#";

pub(crate) fn removed(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(msp_partition(msp), format!("{REMOVED}{integration}"))
}

/// A secret that is to be deleted unless an integration has it.
pub(crate) fn loose_secret(msp: &MspId, secret: &SecretId) -> Key {
    Key::new(format!("MSP#{msp}#SECRET#{secret}"), "SECRET")
}

/// When what a removed integration has left is deleted.
pub(crate) fn forgetting(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(format!("MSP#{msp}#FORGET#{integration}"), "FORGET")
}

/// Lock, mappings and dates of one integration.
pub(crate) fn integration_partition(msp: &MspId, integration: &IntegrationId) -> String {
    format!("MSP#{msp}#INTEGRATION#{integration}")
}

pub(crate) fn lock(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(integration_partition(msp, integration), "LOCK")
}

pub(crate) const COMPANY_MAPPING: &str = "PSA#";

pub(crate) fn company_mapping(msp: &MspId, integration: &IntegrationId, company: &PsaCompanyId) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{COMPANY_MAPPING}{company}"),
    )
}

pub(crate) fn managed_claim(msp: &MspId, integration: &IntegrationId, managed: &ManagedCompanyId) -> Key {
    Key::new(integration_partition(msp, integration), format!("MANAGED#{managed}"))
}

pub(crate) const ADDRESS_MAPPINGS: &str = "ADDRESSES#";

pub(crate) fn address_mappings_prefix(company: &PsaCompanyId) -> String {
    format!("{ADDRESS_MAPPINGS}{company}#")
}

/// The trailing number keeps the chunks of a large company in order, and `#` keeps company 1 apart from company 10.
pub(crate) fn address_mappings(msp: &MspId, integration: &IntegrationId, company: &PsaCompanyId, chunk: usize) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{}{chunk:04}", address_mappings_prefix(company)),
    )
}

pub(crate) const DATES: &str = "DATES#";

pub(crate) fn dates(msp: &MspId, integration: &IntegrationId, shard: usize) -> Key {
    Key::new(integration_partition(msp, integration), format!("{DATES}{shard:02}"))
}

pub(crate) const HISTORY: &str = "IMPORT#";

/// One line of an integration's list of imports; import ids are in the order of time.
pub(crate) fn history(msp: &MspId, integration: &IntegrationId, import: &ImportId) -> Key {
    Key::new(integration_partition(msp, integration), format!("{HISTORY}{import}"))
}

/// One entry of an integration's audit trail, in the partition of its month.
pub(crate) fn audit(msp: &MspId, integration: &IntegrationId, month: Date, entry: &str) -> Key {
    Key::new(
        format!("MSP#{msp}#AUDIT#{integration}#{}", month.strftime("%Y-%m")),
        entry,
    )
}

/// The import that the event with this idempotency key has started.
pub(crate) fn event(msp: &MspId, integration: &IntegrationId, key: &IdempotencyKey) -> Key {
    Key::new(integration_partition(msp, integration), format!("OCCASION#{key}"))
}

/// When the integration is due to be imported by itself.
pub(crate) fn schedule(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(integration_partition(msp, integration), "SCHEDULE")
}

/// A partition of the index of what is due.
pub(crate) fn due_shard(number: usize) -> String {
    format!("due{number}")
}

/// What operators are told.
const EVENT: &str = "EVENT#";

/// The event for operators that this occasion was refused: one, however often it is delivered.
pub(crate) fn refusal(msp: &MspId, integration: &IntegrationId, key: &IdempotencyKey) -> Key {
    Key::new(integration_partition(msp, integration), format!("{EVENT}refused#{key}"))
}

/// The event for operators that an integration has had no finished import since `last`.
pub(crate) fn overdue(msp: &MspId, integration: &IntegrationId, last: Timestamp) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{EVENT}overdue#{last}"),
    )
}

/// The event for operators that this happened to an import, which it does once.
pub(crate) fn import_event(msp: &MspId, import: &ImportId, what: Happening) -> Key {
    Key::new(import_partition(msp, import), format!("{EVENT}{}", what.as_str()))
}

pub(crate) fn import_partition(msp: &MspId, import: &ImportId) -> String {
    format!("MSP#{msp}#IMPORT#{import}")
}

pub(crate) fn import(msp: &MspId, import: &ImportId) -> Key {
    Key::new(import_partition(msp, import), "IMPORT")
}

/// The worker's place at an import that has lost its lock.
pub(crate) fn last_worker(msp: &MspId, import: &ImportId) -> Key {
    Key::new(import_partition(msp, import), "WORKER")
}

/// The claim of a name. Of a long one its beginning is claimed: a partition key has 2,048 bytes.
pub(crate) fn name(msp: &MspId, name: &NameKey) -> Key {
    let short: String = name.as_str().chars().take(300).collect();
    Key::new(format!("{}#NAME#{short}", msp_partition(msp)), "CLAIM")
}

/// Progress stands apart from the import: each write of the import itself may start a worker.
pub(crate) fn checkpoint(msp: &MspId, import: &ImportId, work: Assignment) -> Key {
    Key::new(import_partition(msp, import), format!("CHECKPOINT#{}", work.as_str()))
}

pub(crate) const STAGED_COMPANIES: &str = "STAGED#COMPANIES#";

/// The last number tells the slices of a page apart that does not fit into one item.
pub(crate) fn staged_companies(msp: &MspId, import: &ImportId, page: u64, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{STAGED_COMPANIES}{page:06}#{slice:02}"),
    )
}

pub(crate) fn staged_contacts_prefix(bucket: usize) -> String {
    format!("STAGED#CONTACTS#{bucket:03}#")
}

pub(crate) fn staged_contacts(msp: &MspId, import: &ImportId, bucket: usize, page: u64, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{page:06}#{slice:02}", staged_contacts_prefix(bucket)),
    )
}

pub(crate) const STAGED_ANSWERS: &str = "STAGED#ANSWERS#";

/// What reading absent companies back told, by the last of them.
pub(crate) fn staged_answers(msp: &MspId, import: &ImportId, last: &PsaCompanyId, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{STAGED_ANSWERS}{last}#{slice:02}"),
    )
}

pub(crate) const STAGED_PEOPLE: &str = "STAGED#PEOPLE#";

pub(crate) fn staged_people_prefix(group: &PsaCompanyId) -> String {
    format!("{STAGED_PEOPLE}{group}#")
}

/// People found absent, by the last company of their group.
pub(crate) fn staged_people(msp: &MspId, import: &ImportId, group: &PsaCompanyId, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{slice:04}", staged_people_prefix(group)),
    )
}

pub(crate) const STAGED_CONTACT_ANSWERS: &str = "STAGED#CONTACT-ANSWERS#";

/// What reading absent contacts back told, by the first of them.
pub(crate) fn staged_contact_answers(msp: &MspId, import: &ImportId, first: &PsaContactId, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{STAGED_CONTACT_ANSWERS}{first}#{slice:04}"),
    )
}

pub(crate) const PEOPLE: &str = "PEOPLE#";

pub(crate) fn people_prefix(company: &PsaCompanyId) -> String {
    format!("{PEOPLE}{company}#")
}

/// People of a company who are not in.
pub(crate) fn people(msp: &MspId, import: &ImportId, company: &PsaCompanyId, chunk: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{chunk:04}", people_prefix(company)),
    )
}

pub(crate) const ABSENTEES: &str = "ABSENTEES#";

pub(crate) const FOUND_ABSENT: &str = "FOUND-ABSENT#";

pub(crate) fn found_absent_prefix(group: &str) -> String {
    format!("{FOUND_ABSENT}{group}#")
}

/// What an import found absent, by the last company of its group.
pub(crate) fn found_absent(msp: &MspId, import: &ImportId, group: &str, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{slice:04}", found_absent_prefix(group)),
    )
}

/// What the last finished import found absent.
pub(crate) fn absentees(msp: &MspId, integration: &IntegrationId, chunk: usize) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{ABSENTEES}{chunk:04}"),
    )
}

pub(crate) const ORPHANS: &str = "ORPHANS#";

/// Contacts of one bucket whose company cannot be read back.
pub(crate) fn orphans(msp: &MspId, import: &ImportId, bucket: usize, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{ORPHANS}{bucket:03}#{slice:02}"),
    )
}

pub(crate) const ROW: &str = "ROW#";

pub(crate) fn row(msp: &MspId, import: &ImportId, company: &PsaCompanyId) -> Key {
    Key::new(import_partition(msp, import), format!("{ROW}{company}"))
}

pub(crate) const ADDRESSES: &str = "CONTACTS#";

pub(crate) fn addresses_prefix(company: &PsaCompanyId) -> String {
    format!("{ADDRESSES}{company}#")
}

pub(crate) fn addresses(msp: &MspId, import: &ImportId, company: &PsaCompanyId, chunk: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{chunk:04}", addresses_prefix(company)),
    )
}

pub(crate) const DIGESTS: &str = "DIGESTS#";

pub(crate) fn digests_prefix(reservation: &str) -> String {
    format!("{DIGESTS}{reservation}#")
}

/// By the confirmation, so that none reads what another one agreed to.
pub(crate) fn digests(msp: &MspId, import: &ImportId, reservation: &str, chunk: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{chunk:04}", digests_prefix(reservation)),
    )
}

pub(crate) const PART: &str = "PART#";

pub(crate) fn parts_prefix(company: &PsaCompanyId) -> String {
    format!("{PART}{company}#")
}

pub(crate) fn part(msp: &MspId, import: &ImportId, company: &PsaCompanyId, part: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{part:04}", parts_prefix(company)),
    )
}

pub(crate) const PASSED: &str = "PASSED#";

pub(crate) fn passed(msp: &MspId, import: &ImportId, number: u64) -> Key {
    Key::new(import_partition(msp, import), format!("{PASSED}{number:06}"))
}

/// Where a row stands when a tab is browsed: unmapped rows first, then by name (R16).
pub(crate) fn browse(tab: &str, mapped: bool, name: &str, company: &PsaCompanyId) -> String {
    let short: String = name.chars().take(60).collect();
    // Below every character of a name, so that a name comes before a longer one that begins with it.
    format!("{tab}#{}#{short}\u{1}{company}", u8::from(mapped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r50_every_partition_begins_with_the_msp() {
        let (msp, i, x) = (MspId::new("m"), IntegrationId::new("i"), ImportId::new("x"));
        for key in [
            integration(&msp, &i),
            lock(&msp, &i),
            import(&msp, &x),
            Key::in_records(&msp, "#ADDRESS#a@x.example", "USER"),
        ] {
            assert!(key.pk == "MSP#m" || key.pk.starts_with("MSP#m#"), "{key:?}");
        }
    }
}
