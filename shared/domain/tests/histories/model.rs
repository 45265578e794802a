//! Imports into a directory that is a map, by the rules as they are shipped.

use std::collections::{BTreeMap, HashMap};

use domain::address::AddressKey;
use domain::directory::{AddressHolder, Capabilities, ManagedCompany, User, UserState};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::mapping::{self, AddressMapping, CompanyMapping};
use domain::not_in::PersonAbsence;
use domain::plan::planner::{address_rows, managed_company, plan_company};
use domain::plan::{ClaimedInPlan, CompanyPlan, CompanyStep, UserPlan, UserStep, absent};
use domain::policy::Policy;
use domain::psa::PsaKind;
use domain::quick;
use domain::remembered::Sharers;
use domain::row::{
    AddressCounts, AddressDecision, AddressStatus, CompanyDecision, CompanyRow, SnapshotAddress, Tab, Target,
};
use fastrand::Rng;

use crate::history::Import;
use crate::promises::{Absentee, Promises, all_accounted_for};
use crate::psa::Psa;

/// A rule that is left out, to show that its absence is noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Twin {
    /// Nothing is left out.
    None,
    /// Mappings do not remember who shared their address, as before R56.
    ForgetsSharers,
    /// Mappings do not remember a name, and users are called as the contact is by now, as before R57.
    ForgetsNames,
    /// Of the people who are absent one is left out.
    LosesAbsentees,
}

type Decisions = HashMap<AddressId, AddressDecision>;

pub struct Model {
    pub psa: Psa,
    pub users: BTreeMap<UserId, User>,
    pub addresses: BTreeMap<usize, Vec<AddressMapping>>,
    managed: BTreeMap<ManagedCompanyId, String>,
    mappings: BTreeMap<usize, CompanyMapping>,
    promises: Promises,
    twin: Twin,
    next: u32,
}

/// What an import has in common for all companies.
struct Run<'a> {
    import: &'a Import,
    companies: ManagedCompanies,
    mappings: BTreeMap<usize, CompanyMapping>,
    rows: BTreeMap<usize, (CompanyDecision, Decisions)>,
}

/// How an import ended.
#[derive(Default)]
pub struct Ended {
    pub changed: bool,
}

fn id(company: usize) -> PsaCompanyId {
    PsaCompanyId::new(company.to_string())
}

impl Model {
    pub fn new(kind: PsaKind, twin: Twin) -> Self {
        Self {
            psa: Psa::new(kind),
            users: BTreeMap::new(),
            addresses: BTreeMap::new(),
            managed: BTreeMap::new(),
            mappings: BTreeMap::new(),
            promises: Promises::default(),
            twin,
            next: 0,
        }
    }

    fn holder(&self, address: &AddressKey) -> Option<&User> {
        self.users.values().find(|user| user.address.key() == address)
    }

    fn facts(&self, run: &Run<'_>, company: usize) -> CompanyFacts {
        let (decision, decisions) = run.rows[&company].clone();
        let addresses = self
            .psa
            .rows(company, run.import.hides_inactive)
            .into_iter()
            .map(|row| {
                let decision = decisions.get(&row.id).cloned().unwrap_or_default();
                (row, decision)
            });
        let mut facts = CompanyFacts {
            row: row(company, decision),
            mapping: run.mappings.get(&company).cloned(),
            generation: 0,
            addresses: addresses.collect(),
            hides_contacts: run.import.hides_inactive,
            hand_over: None,
            capabilities: Capabilities::ALL_AT_ONCE,
            rules: domain::rules::PeopleRules::default(),
            mapped_addresses: self.addresses.get(&company).cloned().unwrap_or_default(),
            users: quick::HashMap::default(),
            holders: quick::HashMap::default(),
        };
        if let Some(managed) = managed_company(&facts, &run.companies) {
            let users = self.users.values().filter(|user| user.company == managed);
            facts.users = users.map(|user| (user.id.clone(), user.clone())).collect();
        }
        for (row, _) in &facts.addresses {
            let holder = row.key().and_then(|key| self.holder(key));
            if let Some(user) = holder.filter(|user| !facts.users.contains_key(&user.id)) {
                let holder = AddressHolder {
                    address: user.address.key().clone(),
                    user: user.id.clone(),
                    company: user.company.clone(),
                };
                facts.holders.insert(holder.address.clone(), holder);
            }
        }
        self.leave_out(&mut facts);
        facts
    }

    fn absent<'a>(&self, facts: &'a CompanyFacts) -> Vec<Absentee<'a>> {
        let mut absent = absent(facts);
        if self.twin == Twin::LosesAbsentees {
            absent.pop();
        }
        absent
    }

    /// Who is absent from a company by now, with the reasons.
    pub fn absent_from(&self, company: usize, import: &Import) -> Vec<(AddressId, Option<PersonAbsence>)> {
        let mut run = self.open(import);
        run.rows.insert(company, (CompanyDecision::none(), Decisions::new()));
        let facts = self.facts(&run, company);
        let absent = self.absent(&facts).into_iter();
        absent.map(|(mapping, reason)| (mapping.id.clone(), reason)).collect()
    }

    fn leave_out(&self, facts: &mut CompanyFacts) {
        let names: HashMap<String, String> = facts
            .addresses
            .iter()
            .map(|(row, _)| (row.id.contact().to_owned(), row.name.clone()))
            .collect();
        for mapping in &mut facts.mapped_addresses {
            match self.twin {
                Twin::None | Twin::LosesAbsentees => {}
                Twin::ForgetsSharers => mapping.remembered.sharers = Sharers::default(),
                Twin::ForgetsNames => mapping.remembered.name = names.get(mapping.id.contact()).cloned(),
            }
        }
    }

    /// Decides, plans, applies, and checks what must hold then.
    pub fn import(&mut self, import: &Import) -> Result<Ended, String> {
        let rng = &mut Rng::with_seed(import.seed);
        let mut run = self.open(import);
        for company in self.psa.companies.clone() {
            self.decide(&mut run, company, rng);
        }
        let mut claimed = ClaimedInPlan::default();
        let mut plans = Vec::new();
        for company in self.psa.companies.clone() {
            if run.rows[&company].0.selected {
                let mut plan = plan_company(&self.facts(&run, company), &run.companies);
                claimed.skip_conflicts(&mut plan);
                plans.push((company, plan));
            }
        }
        // Companies are applied several at once.
        rng.shuffle(&mut plans);
        let mut ended = Ended::default();
        for (company, plan) in plans {
            let facts = self.facts(&run, company);
            let mut now = plan_company(&facts, &run.companies);
            now.skip_conflicting(&plan.skipped_conflicting());
            if let Some(skip) = plan.skipped() {
                now.skip(skip.clone());
            }
            if without_statuses(&now) != without_statuses(&plan) {
                return Err(format!("R35: another company changed the plan\n{plan:#?}\n{now:#?}"));
            }
            ended.changed |= !plan.is_unchanged();
            self.promises.before(&self.psa, import, &facts, &plan)?;
            all_accounted_for(&facts, &plan, &self.absent(&facts))?;
            let before = self.addresses.get(&company).cloned().unwrap_or_default();
            if plan.skipped().is_none() && !plan.is_unchanged() {
                self.apply(company, &plan, import, rng)?;
            }
            let after = self.addresses.get(&company).map_or(&[][..], Vec::as_slice);
            self.promises.after(company, &facts, &plan, (&before, after))?;
        }
        for company in run.rows.iter().filter(|(_, (row, _))| row.selected) {
            self.promises.imported(&self.psa, import, *company.0);
        }
        Ok(ended)
    }

    fn open<'a>(&self, import: &'a Import) -> Run<'a> {
        let managed = self
            .managed
            .iter()
            .map(|(id, name)| ManagedCompany::new(id.clone(), name.clone()));
        let mapped = self.mappings.values();
        let mapped = mapped.map(|mapping| (mapping.managed.clone(), mapping.company.clone()));
        Run {
            import,
            companies: ManagedCompanies::new(managed, mapped),
            mappings: self.mappings.clone(),
            rows: BTreeMap::new(),
        }
    }

    /// By policy, or as an administrator ticks who looks at each row.
    fn decide(&self, run: &mut Run<'_>, company: usize, rng: &mut Rng) {
        let policy = Policy {
            new_companies: true,
            new_addresses: run.import.new_addresses,
            ..Policy::default()
        };
        let name = format!("Company {company}");
        let (status, _) = run.companies.status(&name, false, run.mappings.get(&company));
        let mut decision = policy.decide(status, true, false);
        if run.import.unattended {
            run.rows.insert(company, (decision, Decisions::new()));
            return;
        }
        decision.selected = rng.u8(..5) > 0;
        decision.ticks_new = false;
        run.rows.insert(company, (decision.clone(), Decisions::new()));
        let facts = self.facts(run, company);
        let mut decisions = Decisions::new();
        for view in address_rows(&facts, &run.companies) {
            let is_open = !matches!(view.status, AddressStatus::NoAddress | AddressStatus::AddressConflict);
            let selected = match rng.u8(..10) {
                0..=3 if is_open => Some(true),
                4 => Some(false),
                _ => None,
            };
            let target = if rng.u8(..20) == 0 {
                Target::Create
            } else {
                Target::Automatic
            };
            let decided = AddressDecision {
                selected,
                target,
                version: 1,
                ..AddressDecision::default()
            };
            decisions.insert(view.snapshot.id.clone(), decided);
        }
        run.rows.insert(company, (decision, decisions));
    }

    fn apply(&mut self, company: usize, plan: &CompanyPlan, import: &Import, rng: &mut Rng) -> Result<(), String> {
        let managed = match &plan.step {
            CompanyStep::Create => {
                self.next += 1;
                let managed = ManagedCompanyId::new(format!("c{}", self.next));
                self.managed.insert(managed.clone(), plan.name.clone());
                managed
            }
            step => step.managed().ok_or("a skipped company is applied")?.id.clone(),
        };
        // Chunk by chunk, as a large company is.
        let mut mapped = self.addresses.remove(&company).unwrap_or_default();
        let most = rng.usize(1..=plan.users.len().max(1));
        let mut orphaned = plan.orphaned.clone();
        for chunk in plan.users.chunks(most).chain(plan.users.is_empty().then_some(&[][..])) {
            let mut share = plan.with_users(chunk);
            share.orphaned = std::mem::take(&mut orphaned);
            let mut users = Vec::new();
            for row in chunk {
                let is_refused = import.refuses && rng.u8(..4) == 0;
                users.push(if is_refused { None } else { self.step(&managed, row)? });
            }
            mapped = mapping::after(&mapped, &share, &users);
        }
        let mapping = CompanyMapping {
            company: id(company),
            managed,
            name: plan.name.clone(),
            identifier: None,
            former: None,
            generation: plan.generation,
            users: mapped.len() as u64,
        };
        self.mappings.insert(company, mapping);
        self.addresses.insert(company, mapped);
        Ok(())
    }

    /// The user that a row leads to.
    fn step(&mut self, managed: &ManagedCompanyId, row: &UserPlan) -> Result<Option<UserId>, String> {
        let Some(address) = &row.address else { return Ok(None) };
        let is_taken = |model: &Self| model.holder(address.key()).map(|user| user.id.clone());
        Ok(match &row.step {
            UserStep::Create => {
                if is_taken(self).is_some() {
                    return Err(format!("R32: {:?} gets an address that a user has", row.id));
                }
                self.next += 1;
                let user = User {
                    id: UserId::new(format!("u{}", self.next)),
                    company: managed.clone(),
                    address: address.clone(),
                    name: row.name.clone(),
                    state: UserState::Invited,
                };
                self.users.insert(user.id.clone(), user.clone());
                Some(user.id)
            }
            UserStep::ChangeAddress { user, .. } => {
                if is_taken(self).is_some_and(|holder| holder != *user) {
                    return Err(format!("R32: {:?} moves to an address that a user has", row.id));
                }
                self.users.get_mut(user).ok_or("no such user")?.address = address.clone();
                Some(user.clone())
            }
            UserStep::Link(user) | UserStep::Unchanged(user) => Some(user.clone()),
            UserStep::Skip(_) => None,
        })
    }
}

fn row(company: usize, decision: CompanyDecision) -> CompanyRow {
    CompanyRow {
        id: id(company),
        name: format!("Company {company}"),
        identifier: None,
        tab: Tab::In,
        status: domain::row::ImportStatus::Unmapped,
        types: Vec::new(),
        psa_status: String::new(),
        active: true,
        own: false,
        last_imported: None,
        mapped: None,
        candidates: Vec::new(),
        suggestions: Vec::new(),
        namesake_in_psa: false,
        reason: None,
        people_not_in: 0,
        addresses: AddressCounts::of(&[] as &[SnapshotAddress]),
        decision,
    }
}

/// What is planned, whatever is known of the rows: while companies are applied, others find their addresses taken.
fn without_statuses(plan: &CompanyPlan) -> CompanyPlan {
    let mut plan = plan.clone();
    plan.status = None;
    for user in &mut plan.users {
        user.status = None;
    }
    plan
}
