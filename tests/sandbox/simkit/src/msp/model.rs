//! What an MSP has: companies and contacts, and how many.

use serde::{Deserialize, Serialize};

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// 40 companies, 600 contacts.
    #[default]
    Small,
    /// 5,000 companies, 100,000 contacts.
    Large,
    /// 25,000 companies, 500,000 contacts; [`super::cases::BIGGEST`] alone has 20,000.
    Extreme,
}

impl Size {
    /// The exact number of companies, the MSP's own included.
    pub fn companies(self) -> u32 {
        match self {
            Size::Small => 40,
            Size::Large => 5_000,
            Size::Extreme => 25_000,
        }
    }

    /// The exact number of contacts.
    pub fn contacts(self) -> u32 {
        match self {
            Size::Small => 600,
            Size::Large => 100_000,
            Size::Extreme => 500_000,
        }
    }
}

/// What a company is to the MSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Pays for service.
    Customer,
    /// Might become a customer, not yet spoken to.
    Lead,
    /// Has asked for an offer.
    Prospect,
    /// Was one of the above and will not be again.
    Dead,
    /// Sells to the MSP.
    Vendor,
    /// Works with the MSP.
    Partner,
}

/// A company as the MSP knows it.
#[derive(Clone, Debug)]
pub struct Company {
    /// Counts from 1, without a gap.
    pub number: u32,
    /// As typed by a human: not unique, not clean.
    pub name: String,
    /// What it is to the MSP.
    pub kind: Kind,
    /// Inactive companies keep their contacts.
    pub active: bool,
    /// As typed by a human; may be empty.
    pub website: Option<String>,
    /// Where its ordinary addresses are; in Unicode spelling.
    pub domain: String,
    /// The MSP itself; only number 1.
    pub own: bool,
    /// The MSP's own grouping of its market, 0 (none) to 5.
    pub segment: u8,
    /// Where its head office is.
    pub city: &'static str,
}

/// A person, or what somebody once entered as one.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Counts from 1, without a gap.
    pub number: u32,
    /// The number of its company.
    pub company: Option<u32>,
    /// May be empty.
    pub first: String,
    /// May be empty.
    pub last: String,
    /// The job title.
    pub title: &'static str,
    /// None to three, as typed by a human; the first is the primary one.
    pub emails: Vec<String>,
    /// Independent of whether the company is.
    pub active: bool,
    /// At most one in each company.
    pub primary: bool,
}
