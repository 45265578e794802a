//! Companies beyond the neutral MSP: those that were deleted, which ConnectWise goes on listing.

use serde_json::{Map, Value, json};

use super::company::reference;
use super::ids;
use super::setup::label;

/// Deleted companies: an inactive one, one whose status is still active, and one merged into another, which leaves the
/// status and the time of the last change as they were.
pub fn deleted_companies() -> Vec<Map<String, Value>> {
    let rows = [
        ("Slagerij Oud (deleted)", label::INACTIVE, "2024-01-09T16:00:00Z"),
        ("Boekhandel Verdwenen", label::ACTIVE, "2024-01-09T16:00:00Z"),
        ("Bakkerij v. Dijk (merged)", label::ACTIVE, "2019-06-30T09:00:00Z"),
    ];
    (1..)
        .zip(rows)
        .filter_map(|(place, (name, status, last_updated))| {
            let id = ids::DELETED_COMPANIES + place;
            let company = json!({
                "id": id, "identifier": format!("Deleted{place}"), "name": name, "status": reference(status),
                "types": [reference(label::CLIENT)], "leadFlag": false, "isVendorFlag": false, "unsubscribeFlag": false,
                "deletedFlag": true, "dateDeleted": "2024-01-09T16:00:00Z", "deletedBy": "jsmith",
                "mobileGuid": ids::guid(1, id), "_info": {"lastUpdated": last_updated, "updatedBy": "jsmith"},
            });
            if let Value::Object(fields) = company {
                Some(fields)
            } else {
                None
            }
        })
        .collect()
}
