//! Entries of the audit trail. Their actions are stored as they are shown.

use domain::audit::{AuditAction, Entry};
use domain::ids::ImportId;
use domain::import::retention::RESULT_DAYS;
use domain::plan::{PlanAddress, PlanSide, Step};
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
        let mut action = entry.action.clone();
        // A created user has the address and the name of its row: once is enough.
        for (row, user) in created_users(&mut action) {
            user.address = user
                .address
                .take()
                .filter(|address| Some(address) != row.address.as_ref());
            user.name = user.name.take().filter(|name| *name != row.contact);
        }
        Self {
            at: entry.at,
            by: (&entry.by).into(),
            import: entry.import.clone(),
            action,
        }
    }
}

impl From<EntryRecord> for Entry {
    fn from(mut record: EntryRecord) -> Self {
        for (row, user) in created_users(&mut record.action) {
            user.address = user.address.take().or_else(|| row.address.clone());
            user.name.get_or_insert_with(|| row.contact.clone());
        }
        Self {
            at: record.at,
            by: record.by.into(),
            import: record.import,
            action: record.action,
        }
    }
}

/// The rows whose users an import has created, each with what there is of the user then.
fn created_users(action: &mut AuditAction) -> impl Iterator<Item = (&PlanAddress, &mut PlanSide)> {
    let changes = match action {
        AuditAction::CompanyImported { changes, .. } => changes.as_mut_slice(),
        _ => &mut [],
    };
    let created = changes.iter_mut().filter(|change| change.action == Step::CreateUser);
    created.filter_map(|change| Some((change.address.as_ref()?, change.after.as_mut()?)))
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
    fn r41_a_created_user_is_stored_with_one_address_and_read_whole() {
        let user = json!({ "user": "u1", "address": "anna@postma.example", "name": "Anna Bos" });
        let shown = json!({
            "at": "2027-01-15T08:00:00Z", "by": { "subject": "ana", "name": "Ana" }, "import": "x", "action": "companyImported",
            "company": { "id": "251", "name": "Postma" },
            "changes": [{
                "action": "createUser", "company": { "id": "251", "name": "Postma" }, "before": null, "after": user,
                "address": { "id": "7#1", "address": "anna@postma.example", "contact": "Anna Bos" }, "reason": "not_mapped",
            }],
        });
        let whole = entry(&shown);
        let stored = to_value(EntryRecord::from(&whole)).unwrap();
        assert_eq!(stored["changes"][0]["after"], json!({ "user": "u1" }));
        let read = to_value(entry(&stored).action).unwrap();
        assert_eq!(
            (&read["changes"][0]["after"], &read),
            (&user, &to_value(whole.action).unwrap())
        );
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
