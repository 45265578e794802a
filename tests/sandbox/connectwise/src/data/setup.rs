//! The setup tables: types and statuses, named by the tenant.

use serde_json::{Map, Value, json};

/// A row of a setup table that records refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its id.
    pub id: i64,
    /// Its name or description.
    pub name: &'static str,
}

/// The types, statuses and communication types that records are given.
pub mod label {
    use super::Label;

    const fn label(id: i64, name: &'static str) -> Label {
        Label { id, name }
    }

    pub const CLIENT: Label = label(1, "Client");
    pub const PROSPECT: Label = label(2, "Prospect");
    pub const LEAD: Label = label(3, "Lead");
    pub const VENDOR: Label = label(4, "Vendor");
    pub const PARTNER: Label = label(5, "Partner");
    pub const MANAGED_SERVICES: Label = label(8, "Managed Services");
    pub const OWNER: Label = label(10, "Owner");
    /// Deleted from the setup table and still referred to.
    pub const DELETED_TYPE: Label = label(14, "Block Hours (old)");

    pub const ACTIVE: Label = label(1, "Active");
    pub const INACTIVE: Label = label(3, "Inactive");
    pub const FORMER: Label = label(4, "Former client");
    pub const ON_HOLD: Label = label(6, "Credit Hold");
    /// Deleted from the setup table and still referred to.
    pub const DELETED_STATUS: Label = label(9, "Bankrupt");

    pub const END_USER: Label = label(4, "End User");
    pub const DECISION_MAKER: Label = label(5, "Decision Maker");
    pub const APPROVER: Label = label(7, "Approver");

    pub const EMAIL: Label = label(1, "Email");
    pub const DIRECT: Label = label(2, "Direct");
    pub const FAX: Label = label(3, "Fax");
    pub const MOBILE: Label = label(4, "Cell");
    pub const PERSONAL_EMAIL: Label = label(9, "Personal Email");
    /// Neither e-mail nor fax nor phone.
    pub const CHAT: Label = label(12, "Chat");
}

use label::{
    ACTIVE, APPROVER, CHAT, CLIENT, DECISION_MAKER, DIRECT, EMAIL, END_USER, FAX, FORMER, INACTIVE, LEAD,
    MANAGED_SERVICES, MOBILE, ON_HOLD, OWNER, PARTNER, PERSONAL_EMAIL, PROSPECT, VENDOR,
};

/// A setup table, by id.
pub type Rows = Vec<Map<String, Value>>;

/// The company types.
pub fn company_types() -> Rows {
    let unused = Label {
        id: 11,
        name: "Competitor",
    };
    [CLIENT, PROSPECT, LEAD, VENDOR, PARTNER, MANAGED_SERVICES, OWNER, unused]
        .map(|Label { id, name }| {
            let vendor = id == VENDOR.id;
            row(json!({"id": id, "name": name, "defaultFlag": id == 1, "vendorFlag": vendor, "serviceAlertFlag": false}))
        })
        .to_vec()
}

/// The company statuses; which are inactive is told by the flag, not by the name.
pub fn company_statuses() -> Rows {
    [ACTIVE, INACTIVE, FORMER, ON_HOLD]
        .map(|Label { id, name }| {
            let inactive = id == INACTIVE.id || id == FORMER.id;
            row(json!({
                "id": id, "name": name, "defaultFlag": id == 1, "inactiveFlag": inactive, "notifyFlag": false,
                "disallowSavingFlag": false, "customNoteFlag": false, "cancelOpenTracksFlag": inactive,
            }))
        })
        .to_vec()
}

/// The contact types.
pub fn contact_types() -> Rows {
    [END_USER, DECISION_MAKER, APPROVER]
        .map(|Label { id, name }| {
            row(json!({"id": id, "description": name, "defaultFlag": id == END_USER.id, "serviceAlertFlag": false}))
        })
        .to_vec()
}

/// The communication types.
pub fn communication_types() -> Rows {
    [EMAIL, DIRECT, FAX, MOBILE, PERSONAL_EMAIL, CHAT]
        .map(|Label { id, name }| {
            let kind = communication_kind(id);
            row(json!({
                "id": id, "description": name, "defaultFlag": matches!(id, 1..=3), "phoneFlag": kind == Some("Phone"),
                "faxFlag": kind == Some("Fax"), "emailFlag": kind == Some("Email"), "iphoneXref": "Work",
                "androidXref": "Work",
            }))
        })
        .to_vec()
}

/// What a communication type is for; the label does not tell.
pub fn communication_kind(id: i64) -> Option<&'static str> {
    match id {
        id if id == EMAIL.id || id == PERSONAL_EMAIL.id => Some("Email"),
        id if id == DIRECT.id || id == MOBILE.id => Some("Phone"),
        id if id == FAX.id => Some("Fax"),
        _ => None,
    }
}

fn row(mut record: Value) -> Map<String, Value> {
    record["_info"] = json!({"lastUpdated": "2015-08-21T20:22:06Z", "updatedBy": "zAdmin"});
    match record {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
