//! Picklist values. Only company types are the same in every tenant; the rest is this tenant's own.

use super::Choice;

const fn system(value: i64, label: &'static str) -> Choice {
    Choice {
        value,
        label,
        active: true,
        system: true,
    }
}

const fn own(value: i64, label: &'static str) -> Choice {
    Choice {
        value,
        label,
        active: true,
        system: false,
    }
}

/// No longer offered, but old records still carry it.
const fn retired(value: i64, label: &'static str) -> Choice {
    Choice {
        value,
        label,
        active: false,
        system: false,
    }
}

/// There is no 5.
pub const COMPANY_TYPE: &[Choice] = &[
    system(1, "Customer"),
    system(2, "Lead"),
    system(3, "Prospect"),
    system(4, "Dead"),
    system(6, "Cancelation"),
    system(7, "Vendor"),
    system(8, "Partner"),
];

/// The labels of [`COMPANY_TYPE`] in a German zone.
pub const COMPANY_TYPE_GERMAN: [&str; 7] = [
    "Kunde",
    "Lead",
    "Interessent",
    "Inaktiv",
    "Kündigung",
    "Lieferant",
    "Partner",
];

pub const CLASSIFICATION: &[Choice] = &[
    own(14, "Managed services"),
    own(15, "Block hours"),
    own(16, "Break-fix"),
    retired(17, "Gold (before 2021)"),
    own(18, "VIP"),
];

/// The first five are the neutral segments 1 to 5.
pub const MARKET_SEGMENT: &[Choice] = &[
    own(29_682_901, "Retail & food"),
    own(29_682_902, "Hospitality"),
    own(29_682_903, "Healthcare"),
    own(29_682_904, "Industry"),
    own(29_682_905, "Professional services"),
    retired(29_682_906, "Government"),
];

pub const TERRITORY: &[Choice] = &[
    own(29_682_778, "Noord"),
    own(29_682_779, "Zuid"),
    own(29_682_780, "Deutschland"),
];

pub const COMPETITOR: &[Choice] = &[own(1, "Zuiderzee Systemen"), retired(2, "Waddennet")];

pub const NAME_PREFIX: &[Choice] = &[system(1, "Mr."), system(2, "Mrs."), system(3, "Ms."), system(4, "Dr.")];

pub const NAME_SUFFIX: &[Choice] = &[system(1, "Jr."), system(2, "Sr."), system(3, "PhD")];

pub const LEAD_SOURCE: &[Choice] = &[own(1, "Referral"), own(2, "Trade fair"), retired(3, "Yellow pages")];

/// Company categories, which are an entity and, by switch, a picklist too.
pub const CATEGORY: &[Choice] = &[
    own(1, "Standard"),
    own(2, "Healthcare"),
    own(3, "Education"),
    retired(4, "Dial-in"),
    own(5, "API"),
];
