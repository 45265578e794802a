//! The entity `Contact`.

use simkit::msp::{Contact, Msp};

use super::{
    Cell, Field, Kind, Model, Udf, UdfKind, boolean, company, int, moment,
    picklists::{NAME_PREFIX, NAME_SUFFIX},
    text, time,
};

/// A company no query ever shows: contacts may refer to one all the same.
const ABSENT_COMPANY: i64 = 29_999_999;

/// The id of the contact with this number.
pub fn id(number: u32) -> i64 {
    30_682_000 + i64::from(number)
}

fn at(msp: &Msp, index: usize) -> &Contact {
    &msp.contacts[index]
}

pub fn model() -> Model {
    Model {
        name: "Contact",
        plural: "Contacts",
        fields: fields(),
        udfs: vec![Udf {
            name: "Language",
            kind: UdfKind::Text,
            choices: None,
            generated: |_, i| ["NLD", "DEU", "ENU"].get(i % 4).map(|&code| code.to_owned()),
        }],
        can_create: false,
        can_delete: true,
        modified: Some("lastModifiedDate"),
        created: &["createDate", "lastActivityDate"],
    }
}

fn fields() -> Vec<Field> {
    let mut fields = front();
    fields.extend(addresses());
    fields.extend(back());
    fields
}

fn front() -> Vec<Field> {
    vec![
        Field::new("id", Kind::Long)
            .required()
            .read_only()
            .holds(|msp, i| Cell::Int(id(at(msp, i).number))),
        text("additionalAddressInformation", 100).empty(),
        text("addressLine", 128).empty(),
        text("addressLine1", 128).empty(),
        text("alternatePhone", 32).blank(),
        int("apiVendorID"),
        time("bulkEmailOptOutTime").read_only(),
        text("city", 32).empty(),
        int("companyID")
            .required()
            .to("Company")
            .holds(|msp, i| company_id(at(msp, i))),
        int("companyLocationID").to("CompanyLocation"),
        int("countryID").to("Country"),
        time("createDate").read_only().holds(|_, i| moment(i, 4)),
    ]
}

/// A company is required, so a contact without one is a reference to nothing, or null after an import gone wrong.
fn company_id(contact: &Contact) -> Cell<'static> {
    match contact.company {
        Some(number) => Cell::Int(company::id(number)),
        None if contact.number.is_multiple_of(2) => Cell::Null,
        None => Cell::Int(ABSENT_COMPANY),
    }
}

fn addresses() -> Vec<Field> {
    vec![
        text("emailAddress", 254).holds(|msp, i| email(at(msp, i), 0)),
        text("emailAddress2", 254).holds(|msp, i| email(at(msp, i), 1)),
        text("emailAddress3", 254).holds(|msp, i| email(at(msp, i), 2)),
    ]
}

/// A missing primary address is null or empty, a missing other one null.
fn email(contact: &Contact, slot: usize) -> Cell<'_> {
    match contact.emails.get(slot) {
        Some(address) => Cell::text(address),
        None if slot == 0 && contact.number.is_multiple_of(2) => Cell::text(""),
        None => Cell::Null,
    }
}

fn back() -> Vec<Field> {
    vec![
        text("extension", 10).empty(),
        text("externalID", 50).empty(),
        text("facebookUrl", 200).empty(),
        text("faxNumber", 25).empty(),
        text("firstName", 50)
            .required()
            .holds(|msp, i| Cell::text(&at(msp, i).first)),
        int("impersonatorCreatorResourceID").read_only().to("Resource"),
        Field::new("isActive", Kind::Flag)
            .required()
            .default(Cell::Int(1))
            .holds(|msp, i| Cell::Int(i64::from(at(msp, i).active))),
        boolean("isOptedOutFromBulkEmail").not_queryable(),
        time("lastActivityDate").read_only().holds(|_, i| moment(i, 5)),
        time("lastModifiedDate").read_only().holds(|_, i| moment(i, 6)),
        text("lastName", 50)
            .required()
            .holds(|msp, i| match at(msp, i).last.as_str() {
                "" if i % 2 == 0 => Cell::Null,
                last => Cell::text(last),
            }),
        text("linkedInUrl", 200).empty(),
        text("middleInitial", 50),
        text("mobilePhone", 25).blank(),
        int("namePrefix").of(NAME_PREFIX),
        int("nameSuffix").of(NAME_SUFFIX),
        text("note", 1_000).empty(),
        boolean("receivesEmailNotifications")
            .default(Cell::Bool(true))
            .holds(|_, _| Cell::Bool(true)),
        text("phone", 25).empty(),
        boolean("primaryContact").holds(|msp, i| Cell::Bool(at(msp, i).primary)),
        boolean("billingContact"),
        text("roomNumber", 50).empty(),
        boolean("solicitationOptOut").not_queryable(),
        time("solicitationOptOutTime").read_only(),
        text("state", 40).empty(),
        boolean("surveyOptOut").not_queryable(),
        text("title", 50).holds(|msp, i| Cell::text(at(msp, i).title)),
        text("twitterUrl", 200).empty(),
        text("zipCode", 16).empty(),
    ]
}
