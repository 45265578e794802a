//! Items as they are stored, apart from the rules and from the API: short names, defaults for fields that items of earlier versions
//! lack, and the kind of item with the number of its schema.
//!
//! Each record is made of a domain type, and is read back into it. A field that is not known is ignored: a later version wrote it.

mod audit;
mod decision;
mod failure;
mod ids;
mod import;
mod integration;
mod mapping;
mod not_in;
pub(crate) mod outcome;
pub(crate) mod plan;
mod remembered;
mod row;
mod standing;

pub(crate) use audit::{AUDIT_ENTRIES, AUDIT_ENTRY, EntryRecord};
pub(crate) use decision::{DECISION, DecisionRecord};
pub(crate) use ids::IdsRecord;
pub(crate) use import::{IMPORT, ImportRecord};
pub(crate) use integration::{INTEGRATION, IntegrationRecord, PolicyRecord, REMOVED, RemovedRecord};
pub(crate) use mapping::{
    ADDRESS_MAPPINGS, AddressMappingRecord, COMPANY_MAPPING, CompanyMappingRecord, MANAGED_CLAIM,
};
pub(crate) use not_in::{
    ABSENTEES, AbsenteesRecord, CompanyAbsentees, ContactAnswerRecord, FOUND_ABSENT, PEOPLE_INDEX, PeopleListRecord,
    PersonRecord, STAGED_PEOPLE,
};
pub(crate) use outcome::RowOutcomeRecord;
pub(crate) use plan::{PLAN_SCHEMA, PlanRecord, UserPlanRecord};
pub(crate) use row::{ORPHANS, RowListsRecord, RowRecord, SnapshotAddressRecord};
pub(crate) use standing::{STANDING, StandingRecord};
