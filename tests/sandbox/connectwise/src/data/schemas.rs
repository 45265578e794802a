//! The fields of every resource.

use crate::query::schema::{Field, Kind};

const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number)
}

const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::Text)
}

const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag)
}

const fn time(name: &'static str) -> Field {
    Field::new(name, Kind::Time)
}

const fn one(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::One(fields))
}

const fn many(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Many(fields))
}

const fn info() -> Field {
    Field::answered_only("_info", Kind::One(INFO))
}

const INFO: &[Field] = &[
    Field::answered_only("lastUpdated", Kind::Time),
    Field::answered_only("updatedBy", Kind::Text),
    Field::answered_only("dateEntered", Kind::Time),
    Field::answered_only("enteredBy", Kind::Text),
];

const REFERENCE: &[Field] = &[number("id"), text("name"), info()];
const COMPANY_REFERENCE: &[Field] = &[number("id"), text("identifier"), text("name"), info()];
const CUSTOM_FIELDS: &[Field] = &[
    number("id"),
    text("caption"),
    text("type"),
    text("entryMethod"),
    number("numberOfDecimals"),
    Field::new("value", Kind::Scalar),
];

/// `Company`
pub const COMPANY: &[Field] = &[
    number("id"),
    text("identifier"),
    text("name"),
    one("status", REFERENCE),
    text("addressLine1"),
    text("addressLine2"),
    text("city"),
    text("state"),
    text("zip"),
    one("country", REFERENCE),
    text("phoneNumber"),
    text("faxNumber"),
    text("website"),
    one("territory", REFERENCE),
    one("defaultContact", REFERENCE),
    one("billingContact", REFERENCE),
    one("parentCompany", COMPANY_REFERENCE),
    one("billToCompany", COMPANY_REFERENCE),
    time("dateAcquired"),
    flag("leadFlag"),
    flag("unsubscribeFlag"),
    flag("isVendorFlag"),
    flag("deletedFlag"),
    time("dateDeleted"),
    text("deletedBy"),
    text("mobileGuid"),
    number("numberOfEmployees"),
    text("invoiceToEmailAddress"),
    many("types", REFERENCE),
    one("site", REFERENCE),
    Field::answered_only("integratorTags", Kind::Free),
    many("customFields", CUSTOM_FIELDS),
    info(),
];

/// `CompanyInfo`
pub const COMPANY_INFO: &[Field] = &[
    number("id"),
    text("identifier"),
    text("name"),
    one("status", REFERENCE),
    flag("deletedFlag"),
    many("types", REFERENCE),
    info(),
];

/// The kinds of communication; a type that is none of them has none.
pub const COMMUNICATION_KINDS: &[&str] = &["Email", "Fax", "Phone"];

const COMMUNICATION_ITEM: &[Field] = &[
    number("id"),
    one("type", REFERENCE),
    text("value"),
    text("extension"),
    flag("defaultFlag"),
    text("domain"),
    Field::new("communicationType", Kind::Choice(COMMUNICATION_KINDS)),
];

/// `Contact`; there is no `name` and no `email`.
pub const CONTACT: &[Field] = &[
    number("id"),
    text("firstName"),
    text("lastName"),
    one("company", COMPANY_REFERENCE),
    one("site", REFERENCE),
    flag("inactiveFlag"),
    flag("defaultFlag"),
    flag("defaultBillingFlag"),
    text("title"),
    one("department", REFERENCE),
    one("relationship", REFERENCE),
    many("types", REFERENCE),
    many("communicationItems", COMMUNICATION_ITEM),
    text("defaultPhoneType"),
    text("defaultPhoneNbr"),
    text("defaultPhoneExtension"),
    text("securityIdentifier"),
    Field::answered_only("portalPassword", Kind::Text),
    number("portalSecurityLevel"),
    flag("disablePortalLoginFlag"),
    flag("unsubscribeFlag"),
    flag("marriedFlag"),
    flag("childrenFlag"),
    Field::new("gender", Kind::Choice(&["Male", "Female"])),
    time("birthDay"),
    text("mobileGuid"),
    text("userDefinedField1"),
    many("customFields", CUSTOM_FIELDS),
    info(),
];

/// `ContactInfo`
pub const CONTACT_INFO: &[Field] = &[
    number("id"),
    text("firstName"),
    text("lastName"),
    one("company", COMPANY_REFERENCE),
    flag("inactiveFlag"),
    flag("defaultFlag"),
    many("types", REFERENCE),
    many("communicationItems", COMMUNICATION_ITEM),
    info(),
];

/// `CompanyType`
pub const COMPANY_TYPE: &[Field] = &[
    number("id"),
    text("name"),
    flag("defaultFlag"),
    flag("vendorFlag"),
    flag("serviceAlertFlag"),
    info(),
];

/// `CompanyTypeInfo`
pub const COMPANY_TYPE_INFO: &[Field] = &[number("id"), text("name"), flag("vendorFlag"), info()];

/// `CompanyStatus`; some setup endpoints return `inactiveFlag` and refuse it in conditions.
pub const COMPANY_STATUS: &[Field] = &[
    number("id"),
    text("name"),
    flag("defaultFlag"),
    Field::answered_only("inactiveFlag", Kind::Flag),
    flag("notifyFlag"),
    flag("disallowSavingFlag"),
    flag("customNoteFlag"),
    flag("cancelOpenTracksFlag"),
    info(),
];

/// `ContactType`: its label is called `description`, though references to it say `name`.
pub const CONTACT_TYPE: &[Field] = &[
    number("id"),
    text("description"),
    flag("defaultFlag"),
    flag("serviceAlertFlag"),
    info(),
];

/// `CommunicationType`: as for [`CONTACT_TYPE`].
pub const COMMUNICATION_TYPE: &[Field] = &[
    number("id"),
    text("description"),
    flag("phoneFlag"),
    flag("faxFlag"),
    flag("emailFlag"),
    flag("defaultFlag"),
    text("exchangeXref"),
    text("iphoneXref"),
    text("androidXref"),
    text("googleXref"),
    info(),
];

/// `CompanyCompanyTypeAssociation`
pub const TYPE_ASSOCIATION: &[Field] = &[
    number("id"),
    one("type", REFERENCE),
    one("company", COMPANY_REFERENCE),
    info(),
];

/// `ContactCommunication`
pub const COMMUNICATION: &[Field] = &[
    number("id"),
    number("contactId"),
    one("type", REFERENCE),
    text("value"),
    text("extension"),
    flag("defaultFlag"),
    text("mobileGuid"),
    Field::new("communicationType", Kind::Choice(COMMUNICATION_KINDS)),
    text("domain"),
    info(),
];

/// `PortalSecurity`
pub const PORTAL_SECURITY: &[Field] = &[text("identifier"), flag("enabled")];
