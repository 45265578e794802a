//! Records of any size, with texts that hardly deflate.

use domain::address::Address;
use domain::directory::ReservationId;
use domain::ids::{AddressId, AddressSlot, ManagedCompanyId, PsaCompanyId, PsaContactId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::plan::{CompanyPlan, CompanyStep, Mapped, Outcome, Reason, RowOutcome, Skip, UserPlan, UserStep};
use domain::psa::{PsaAddress, PsaCompany, PsaContact};
use domain::remembered::{MAX_SHARERS, Remembered};
use domain::row::{AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use fastrand::Rng;
use store::checkpoint::Checkpoint;
use store::journal::ConfirmedCompany;

/// So many characters of any kind.
fn text(rng: &mut Rng, length: usize) -> String {
    (0..length).map(|_| rng.char('\u{100}'..='\u{17f}')).collect()
}

/// A valid address with a local part of this length.
fn address(rng: &mut Rng, length: usize) -> Address {
    let local: String = (0..length.clamp(1, 64)).map(|_| rng.alphanumeric()).collect();
    let domain: String = (0..length.clamp(1, 50)).map(|_| rng.lowercase()).collect();
    format!("{local}@{domain}.example").parse().unwrap()
}

/// Where records come from: texts have this length.
pub struct Fill {
    pub rng: Rng,
    pub length: usize,
}

impl Fill {
    pub fn new(seed: u64, length: usize) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            length,
        }
    }

    fn text(&mut self) -> String {
        text(&mut self.rng, self.length)
    }

    fn address(&mut self) -> Address {
        address(&mut self.rng, self.length)
    }

    pub fn company(&mut self, number: usize) -> PsaCompany {
        PsaCompany {
            id: PsaCompanyId::new(number.to_string()),
            name: self.text(),
            identifier: Some(self.text()),
            types: vec![self.text()],
            status: self.text(),
            active: true,
            own: false,
            website: Some(self.text()),
            values: Vec::new(),
        }
    }

    pub fn contact(&mut self, number: usize, company: usize) -> PsaContact {
        PsaContact {
            id: PsaContactId::new(number.to_string()),
            company: Some(PsaCompanyId::new(company.to_string())),
            name: self.text(),
            active: true,
            addresses: vec![PsaAddress {
                slot: AddressSlot::new("1"),
                text: self.address().original().to_owned(),
            }],
            values: Vec::new(),
        }
    }

    pub fn row(&mut self, number: usize, addresses: usize) -> (CompanyRow, Vec<SnapshotAddress>) {
        let company = self.company(number);
        let row = CompanyRow {
            people_not_in: 0,
            id: company.id,
            name: company.name,
            identifier: company.identifier,
            tab: Tab::In,
            status: ImportStatus::Unmapped,
            types: company.types,
            psa_status: company.status,
            active: true,
            own: false,
            last_imported: None,
            mapped: None,
            candidates: Vec::new(),
            suggestions: Vec::new(),
            namesake_in_psa: false,
            reason: None,
            addresses: AddressCounts::default(),
            decision: CompanyDecision::none(),
        };
        let address = |number: usize| SnapshotAddress {
            id: id(number),
            name: self.text(),
            address: Ok(self.address()),
            active: true,
        };
        (row, (0..addresses).map(address).collect())
    }

    pub fn user(&mut self, number: usize) -> UserPlan {
        let beside = vec![self.address().key().clone()];
        UserPlan {
            id: id(number),
            name: self.text(),
            address: Some(self.address()),
            no_address: None,
            step: UserStep::Create,
            mapped: Some(Mapped {
                id: id(number),
                user: user(number),
                address: self.address(),
                remembered: self.remembered(),
            }),
            other_addresses: beside,
            displaces: Some(user(number)),
            remembered: self.remembered(),
            rewrite_mapping: false,
            status: None,
        }
    }

    pub fn plan(&mut self, company: usize, users: usize, gone: usize) -> CompanyPlan {
        CompanyPlan {
            company: PsaCompanyId::new(company.to_string()),
            name: self.text(),
            identifier: Some(self.text()),
            step: CompanyStep::Create,
            unmap: None,
            generation: 0,
            rewrite_mapping: false,
            users: (0..users).map(|number| self.user(number)).collect(),
            orphaned: (0..gone)
                .map(|number| (id(number), vec![self.address().key().clone()]))
                .collect(),
            dropped: Vec::new(),
            status: None,
        }
    }

    pub fn mapping(&mut self, number: usize) -> AddressMapping {
        AddressMapping {
            id: id(number),
            user: user(number),
            address: self.address(),
            other_addresses: vec![self.address().key().clone()],
            remembered: self.remembered(),
        }
    }

    fn remembered(&mut self) -> Remembered {
        Remembered {
            name: Some(self.text()),
            sharers: (0..MAX_SHARERS)
                .map(|number| PsaContactId::new(format!("{number:08}")))
                .collect(),
            asked_for: Some(self.address()),
        }
    }

    pub fn confirmed(&mut self, number: usize, others: usize) -> (PsaCompanyId, ConfirmedCompany) {
        let plan = CompanyPlan {
            users: Vec::new(),
            ..self.plan(number, 0, 0)
        };
        let reason = Skip::because_of(Reason::SameAddressInAnotherCompany, &1);
        let others = (0..others).map(|number| (id(number), reason.clone()));
        let confirmed = ConfirmedCompany::new(&plan, others.collect());
        (PsaCompanyId::new(number.to_string()), confirmed)
    }
}

/// Every row of a plan, skipped.
pub fn all_skipped(plan: &CompanyPlan) -> Vec<RowOutcome> {
    let ids = plan.users.iter().map(|user| Some(user.id.clone()));
    std::iter::once(None)
        .chain(ids)
        .map(|address| RowOutcome {
            address,
            ..Outcome::Skipped(Reason::ManagedCompanyNotFound).into()
        })
        .collect()
}

pub fn id(number: usize) -> AddressId {
    AddressId::of(&PsaContactId::new(format!("{number:08}")), &AddressSlot::new("1"))
}

pub fn user(number: usize) -> UserId {
    UserId::new(format!(
        "u-{:032x}",
        (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c)
    ))
}

pub fn reservation() -> ReservationId {
    ReservationId::of(&domain::ids::ImportId::new("x"), "1")
}

pub fn company(number: usize) -> PsaCompany {
    Fill::new(1, 10).company(number)
}

pub fn row(number: usize, addresses: usize) -> (CompanyRow, Vec<SnapshotAddress>) {
    Fill::new(1, 10).row(number, addresses)
}

pub fn company_mapping() -> CompanyMapping {
    CompanyMapping {
        company: PsaCompanyId::new("1"),
        managed: ManagedCompanyId::new("c-1"),
        name: "Acme".to_owned(),
        identifier: None,
        generation: 0,
        users: 0,
        former: None,
    }
}

pub fn checkpoint() -> Checkpoint<()> {
    Checkpoint::default()
}
