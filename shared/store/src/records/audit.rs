//! Entries of the audit trail. Their actions are stored as they are shown.

use domain::audit::{AuditAction, Entry};
use domain::ids::ImportId;
use domain::import::retention::RESULT_DAYS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::import::PersonRecord;
use crate::schema::Kind;

pub(crate) const AUDIT_ENTRY: Kind = Kind::first("audit entry").kept(RESULT_DAYS);

/// Several entries that one transaction has added.
pub(crate) const AUDIT_ENTRIES: Kind = Kind {
    name: "audit entries",
    schema: 2,
    kept_days: AUDIT_ENTRY.kept_days,
};

/// See [`Entry`].
#[derive(Serialize, Deserialize)]
pub(crate) struct EntryRecord {
    at: Timestamp,
    by: PersonRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<ImportId>,
    #[serde(flatten)]
    action: AuditAction,
}

impl From<&Entry> for EntryRecord {
    fn from(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            by: (&entry.by).into(),
            import: entry.import.clone(),
            action: entry.action.clone(),
        }
    }
}

impl From<EntryRecord> for Entry {
    fn from(record: EntryRecord) -> Self {
        Self {
            at: record.at,
            by: record.by.into(),
            import: record.import,
            action: record.action,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    fn entry(stored: &Value) -> Entry {
        from_value::<EntryRecord>(stored.clone()).unwrap().into()
    }

    #[test]
    fn r41_an_entry_is_stored_with_the_fields_of_its_action() {
        let by = json!({ "subject": "ana", "name": "Ana" });
        let at = "2027-01-15T08:00:00Z";
        for stored in [
            json!({ "at": at, "by": by, "action": "credentialsReplaced" }),
            json!({ "at": at, "by": by, "import": "x", "action": "planConfirmed", "planHash": "5f0c" }),
            json!({ "at": at, "by": by, "import": "x", "action": "importEnded", "state": "failed", "error": "internal_error" }),
        ] {
            let entry = entry(&stored);
            assert_eq!((entry.by.subject.as_str(), entry.by.name.as_str()), ("ana", "Ana"));
            assert_eq!(to_value(EntryRecord::from(&entry)).unwrap(), stored);
        }
    }

    #[test]
    fn r41_an_entry_with_a_field_of_a_later_version_is_read() {
        let later = json!({
            "at": "2027-01-15T08:00:00Z", "by": { "subject": "ana", "name": "Ana", "later": 1 },
            "action": "importTakenOver", "later": { "any": "thing" },
        });
        assert!(matches!(entry(&later).action, AuditAction::ImportTakenOver));
    }
}
