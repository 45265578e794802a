//! What is there at the beginning, and records of a whole MSP for tests at size.

use std::collections::HashSet;

use serde_json::{Value, json};
use simkit::msp::{Kind, Size, generate};

use crate::state::{AccountStatus, Company, CompanyStatus, CompanyType, Event, Msp, User};

/// The technicians of both MSPs, and a customer of the second one with one user.
pub(crate) fn accounts() -> Vec<Event> {
    let customer = Company {
        id: 1_001,
        msp: 1,
        name: "Bergbahnen Alpenblick AG".to_owned(),
        r#type: CompanyType::Managed,
        status: CompanyStatus::Active,
        license_limit: 10,
        addons: Vec::new(),
        parent: None,
        listed_at: 0,
        usable_at: 0,
    };
    vec![
        user(50_001, 0, None, "Ana Technicus", "ana@noordzee.example"),
        user(50_002, 0, None, "Bram Technicus", "bram@noordzee.example"),
        user(50_003, 1, None, "Chris Techniker", "chris@alpenblick.example"),
        Event::Company(customer),
        user(50_004, 1, Some(1_001), "Urs Wirt", "urs@bergbahnen.example"),
    ]
}

fn user(id: i64, msp: Msp, company: Option<i64>, name: &str, email: &str) -> Event {
    Event::User(User {
        id,
        msp,
        company,
        name: name.to_owned(),
        email: email.to_owned(),
        status: AccountStatus::Enrolled,
        expires_at: 0,
        invitation_days: 90,
        pending_email: None,
        admin_level: None,
        listed_at: 0,
    })
}

/// A managed company for every active customer of an MSP of this size, and a user for every address of theirs: what
/// [`change_records`](simkit::Simulator::change_records) takes.
pub fn records_of(size: Size) -> Value {
    let msp = generate(size);
    let id = |number: u32| 10_000 + i64::from(number);
    let customers = msp.companies.iter();
    let customers = customers.filter(|company| company.active && !company.own && company.kind == Kind::Customer);
    let companies: Vec<Value> = customers
        .map(|company| json!({"id": id(company.number), "name": company.name}))
        .collect();
    let known: HashSet<i64> = companies.iter().filter_map(|company| company["id"].as_i64()).collect();
    let mut taken = HashSet::new();
    let mut users = Vec::new();
    for contact in &msp.contacts {
        let (Some(company), Some(email)) = (contact.company.map(id), contact.emails.first()) else {
            continue;
        };
        if known.contains(&company) && taken.insert(email.to_lowercase()) {
            let name = format!("{} {}", contact.first, contact.last);
            users.push(json!({"id": 1_000_000 + i64::from(contact.number), "companyId": company, "name": name.trim(), "email": email}));
        }
    }
    json!({"companies": companies, "users": users})
}
