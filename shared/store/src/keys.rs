//! Every key there is. A partition key begins with the MSP, so that a guessed id of another MSP finds nothing.

use domain::ids::{
    AddressId, IdempotencyKey, ImportId, IntegrationId, ManagedCompanyId, MspId, PsaCompanyId, PsaContactId, SecretId,
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

/// Which directory the MSP has chosen.
pub(crate) fn chosen_directory(msp: &MspId) -> Key {
    Key::new(msp_partition(msp), "DIRECTORY")
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

/// Decisions that outlast an import.
pub(crate) fn standing(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(integration_partition(msp, integration), "STANDING")
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

/// `#` keeps company 1 apart from company 10.
pub(crate) fn address_mappings(msp: &MspId, integration: &IntegrationId, company: &PsaCompanyId, place: &str) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{}{place}", address_mappings_prefix(company)),
    )
}

pub(crate) const DATES: &str = "DATES#";

/// Companies that have dates, and their dates.
pub(crate) fn dates(msp: &MspId, integration: &IntegrationId, shard: usize) -> (Key, Key) {
    let pk = integration_partition(msp, integration);
    let (companies, runs) = (
        format!("{DATED_COMPANIES}{shard:02}"),
        format!("{DATES}RUNS#{shard:02}"),
    );
    (Key::new(pk.clone(), companies), Key::new(pk, runs))
}

pub(crate) const DATED_COMPANIES: &str = "DATES#COMPANIES#";

/// That the last plan which was confirmed had nothing to do.
pub(crate) fn nothing_to_do(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(integration_partition(msp, integration), "NOTHING")
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

/// A page of companies, or what fits of it into one item.
pub(crate) fn staged_companies(msp: &MspId, import: &ImportId, number: usize) -> Key {
    Key::new(import_partition(msp, import), format!("{STAGED_COMPANIES}{number:06}"))
}

pub(crate) const STAGED_CONTACTS: &str = "STAGED#CONTACTS#";

/// A page of contacts, or what fits of it into one item.
pub(crate) fn staged_contacts(msp: &MspId, import: &ImportId, number: usize) -> Key {
    Key::new(import_partition(msp, import), format!("{STAGED_CONTACTS}{number:06}"))
}

/// What imports of one integration share: the last complete snapshot, and what of earlier ones is still shown.
pub(crate) fn snapshot_partition(msp: &MspId, integration: &IntegrationId) -> String {
    format!("MSP#{msp}#SNAPSHOT#{integration}")
}

/// What the items begin with that say which parts of a snapshot count.
pub(crate) const SNAPSHOT_STATE: &str = "STATE#";

/// The last complete snapshot.
pub(crate) fn snapshot_head(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(snapshot_partition(msp, integration), format!("{SNAPSHOT_STATE}HEAD"))
}

/// What the last import knows of the PSA.
pub(crate) fn snapshot_mirror(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(snapshot_partition(msp, integration), format!("{SNAPSHOT_STATE}MIRROR"))
}

/// What the parts of mirrors begin with.
pub(crate) const MIRROR: &str = "MIRROR#";

/// The snapshot that is being written.
pub(crate) fn snapshot_draft(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(snapshot_partition(msp, integration), format!("{SNAPSHOT_STATE}DRAFT"))
}

/// Until when the last complete snapshot is kept.
pub(crate) fn snapshot_retention(msp: &MspId, integration: &IntegrationId) -> Key {
    Key::new(integration_partition(msp, integration), "SNAPSHOT")
}

pub(crate) const SNAPSHOT_SUPERSEDED: &str = "STATE#SUPERSEDED#";

/// What the last complete snapshot has superseded, or a part of that.
pub(crate) fn snapshot_superseded(msp: &MspId, integration: &IntegrationId, number: usize) -> Key {
    Key::new(
        snapshot_partition(msp, integration),
        format!("{SNAPSHOT_SUPERSEDED}{number:03}"),
    )
}

pub(crate) const SNAPSHOT_ROWS: &str = "ROWS#";
pub(crate) const SNAPSHOT_ADDRESSES: &str = "ADDRESSES#";
pub(crate) const SNAPSHOT_PEOPLE: &str = "PEOPLE#";

/// A chunk of the rows of a snapshot, by the snapshot that wrote it.
pub(crate) fn snapshot_rows(partition: &str, version: &str, number: usize) -> Key {
    Key::new(partition.to_owned(), format!("{SNAPSHOT_ROWS}{version}#{number:05}"))
}

/// An item of a list of a company, by the snapshot that wrote it.
pub(crate) fn snapshot_list(
    partition: &str,
    prefix: &str,
    company: &PsaCompanyId,
    (version, number): (&str, usize),
) -> Key {
    Key::new(partition.to_owned(), format!("{prefix}{company}#{version}#{number:04}"))
}

/// Which rows an import has.
pub(crate) fn index(msp: &MspId, import: &ImportId) -> Key {
    Key::new(import_partition(msp, import), "INDEX")
}

/// Everything that is decided in a review.
pub(crate) const DECISIONS: &str = "DECISION#";

pub(crate) const COMPANY_DECISION: &str = "DECISION#COMPANY#";

pub(crate) fn company_decision(msp: &MspId, import: &ImportId, company: &PsaCompanyId) -> Key {
    Key::new(import_partition(msp, import), format!("{COMPANY_DECISION}{company}"))
}

pub(crate) const ADDRESS_DECISION: &str = "DECISION#ADDRESS#";

pub(crate) fn address_decisions_prefix(company: &PsaCompanyId) -> String {
    format!("{ADDRESS_DECISION}{company}#")
}

/// What the keys of the decisions on one contact's addresses begin with.
pub(crate) fn contact_decisions_prefix(company: &PsaCompanyId, contact: &PsaContactId) -> String {
    format!("{}{contact}~", address_decisions_prefix(company))
}

pub(crate) fn address_decision(msp: &MspId, import: &ImportId, company: &PsaCompanyId, address: &AddressId) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{address}", address_decisions_prefix(company)),
    )
}

pub(crate) const RULES: &str = "DECISION#RULES#";

/// The rules of an import; of one company, those on its people.
pub(crate) fn rules(msp: &MspId, import: &ImportId, company: Option<&PsaCompanyId>) -> Key {
    let company = company.map_or("", PsaCompanyId::as_str);
    Key::new(import_partition(msp, import), format!("{RULES}{company}"))
}

pub(crate) const STAGED_ANSWERS: &str = "STAGED#ANSWERS#";

/// What reading absent companies back told, by the last of them.
pub(crate) fn staged_answers(msp: &MspId, import: &ImportId, last: &PsaCompanyId, slice: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{STAGED_ANSWERS}{last}#{slice:02}"),
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

pub(crate) const PEOPLE_INDEX: &str = "PEOPLE#";

/// Which companies of an import have people who are not in.
pub(crate) fn people_index(msp: &MspId, import: &ImportId, number: usize) -> Key {
    Key::new(import_partition(msp, import), format!("{PEOPLE_INDEX}{number:03}"))
}

pub(crate) const ABSENTEES: &str = "ABSENTEES#";

pub(crate) const FOUND_ABSENT: &str = "FOUND-ABSENT#";

/// What an import found absent.
pub(crate) fn found_absent(msp: &MspId, import: &ImportId, slice: usize) -> Key {
    Key::new(import_partition(msp, import), format!("{FOUND_ABSENT}{slice:04}"))
}

/// What the last finished import found absent.
pub(crate) fn absentees(msp: &MspId, integration: &IntegrationId, chunk: usize) -> Key {
    Key::new(
        integration_partition(msp, integration),
        format!("{ABSENTEES}{chunk:04}"),
    )
}

pub(crate) const ORPHANS: &str = "ORPHANS#";

/// Contacts whose company cannot be read back.
pub(crate) fn orphans(msp: &MspId, import: &ImportId, slice: usize) -> Key {
    Key::new(import_partition(msp, import), format!("{ORPHANS}{slice:04}"))
}

/// The plan that is kept of an import.
pub(crate) fn kept_plan(msp: &MspId, import: &ImportId) -> Key {
    Key::new(import_partition(msp, import), "PLAN#LAST")
}

pub(crate) fn kept_companies_prefix(hash: &str) -> String {
    format!("PLAN#{hash}#")
}

/// Companies of a plan that is or was kept, by its hash.
pub(crate) fn kept_companies(msp: &MspId, import: &ImportId, hash: &str, chunk: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{chunk:04}", kept_companies_prefix(hash)),
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

/// The company of which a sort key is that of the first chunk.
pub(crate) fn first_part_of(sk: &str) -> Option<PsaCompanyId> {
    let company = sk.strip_prefix(PART)?.strip_suffix("#0000")?;
    Some(PsaCompanyId::new(company))
}

pub(crate) fn part(msp: &MspId, import: &ImportId, company: &PsaCompanyId, part: usize) -> Key {
    Key::new(import_partition(msp, import), part_sk(company, part))
}

/// The sort key of a chunk.
pub(crate) fn part_sk(company: &PsaCompanyId, part: usize) -> String {
    format!("{}{part:04}", parts_prefix(company))
}

/// The number of the chunk that a sort key is of.
pub(crate) fn number_of_part(sk: &str) -> Option<usize> {
    let (_, number) = sk.strip_prefix(PART)?.rsplit_once('#')?;
    number.parse().ok()
}

pub(crate) const OUTCOMES: &str = "OUTCOMES#";

/// Outcomes of which the first are those of a company's chunk from a place on.
pub(crate) fn outcomes(msp: &MspId, import: &ImportId, company: &PsaCompanyId, (chunk, from): (usize, usize)) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{OUTCOMES}{company}#{chunk:04}#{from:04}"),
    )
}

pub(crate) const PASSED: &str = "PASSED#";

pub(crate) fn passed(msp: &MspId, import: &ImportId, number: u64) -> Key {
    Key::new(import_partition(msp, import), format!("{PASSED}{number:06}"))
}

/// Companies for which nothing is to be done, as a confirmation has found them.
pub(crate) fn passed_ahead(msp: &MspId, import: &ImportId, reservation: &str, number: usize) -> Key {
    Key::new(
        import_partition(msp, import),
        format!("{}{number:04}", passed_ahead_prefix(reservation)),
    )
}

pub(crate) fn passed_ahead_prefix(reservation: &str) -> String {
    format!("{PASSED}{reservation}#")
}

/// Whether a sort key of skipped companies counts for an import that was confirmed so. Another confirmation may have found others.
pub(crate) fn is_passed_by(sk: &str, reservation: &str) -> bool {
    let rest = sk.strip_prefix(PASSED);
    rest.is_some_and(|rest| !rest.contains('#')) || sk.starts_with(&passed_ahead_prefix(reservation))
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
