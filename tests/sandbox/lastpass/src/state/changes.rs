//! What happens outside the API: records that are simply there, and what people do in LastPass.
//!
//! `companies` and `users` are written as LastPass writes them, with `companyId` of a user (null: one of the MSP's own). An id that is there
//! changes what is named and keeps the rest; without an id something new gets the next one. `delete` detaches companies and removes users. `accept`
//! enrols invited users; `signIn` completes a change of address.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{AccountStatus, Addon, Company, CompanyStatus, CompanyType, DAY, Event, State, User};

/// Days that an invitation of a newcomer lives.
const INVITATION_DAYS: i64 = 90;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Written {
    companies: Vec<WrittenCompany>,
    users: Vec<WrittenUser>,
    private_accounts: Vec<String>,
    accept: Vec<i64>,
    sign_in: Vec<i64>,
    delete: Ids,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ids {
    companies: Vec<i64>,
    users: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenCompany {
    id: Option<i64>,
    name: Option<String>,
    r#type: Option<CompanyType>,
    status: Option<CompanyStatus>,
    license_limit: Option<u64>,
    addons: Option<Vec<Addon>>,
    parent_id: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenUser {
    id: Option<i64>,
    company_id: Option<i64>,
    name: Option<String>,
    email: Option<String>,
    account_status: Option<AccountStatus>,
}

impl State {
    /// Carries out `{companies, users, privateAccounts, accept, signIn, delete: {companies, users}}`: all of it or, with a message, nothing.
    pub fn change(&mut self, changes: &Value, now: i64, other_address: bool) -> Result<Value, String> {
        let written = Written::deserialize(changes).map_err(|error| error.to_string())?;
        let companies = self.written_companies(written.companies, now)?;
        let known = |id: i64| self.companies.contains_key(&id) || companies.iter().any(|company| company.id == id);
        let users = self.written_users(written.users, now)?;
        if let Some(id) = users.iter().filter_map(|user| user.company).find(|id| !known(*id)) {
            return Err(format!("users: there is no company {id}"));
        }
        let ids = json!({
            "companies": companies.iter().map(|company| company.id).collect::<Vec<_>>(),
            "users": users.iter().map(|user| user.id).collect::<Vec<_>>(),
            "delete": {"companies": written.delete.companies, "users": written.delete.users},
        });
        let mut events: Vec<Event> = written.private_accounts.into_iter().map(Event::Private).collect();
        events.extend(companies.into_iter().map(Event::Company));
        events.extend(users.into_iter().map(Event::User));
        for id in written.accept {
            events.push(Event::User(self.accepted(id, now, other_address)?));
        }
        for id in written.sign_in {
            events.push(Event::User(self.signed_in(id)?));
        }
        events.extend(self.deleted(&written.delete)?);
        self.commit(events)?;
        Ok(ids)
    }

    fn written_companies(&self, written: Vec<WrittenCompany>, now: i64) -> Result<Vec<Company>, String> {
        let mut free = self.next_company();
        let mut companies = Vec::with_capacity(written.len());
        for (at, change) in written.into_iter().enumerate() {
            let known = change.id.and_then(|id| self.companies.get(&id)).cloned();
            let id = change.id.unwrap_or(free);
            free = free.max(id + 1);
            let name = change.name.or(known.as_ref().map(|known| known.name.clone()));
            let mut company = known.unwrap_or_else(|| Company {
                id,
                msp: 0,
                name: String::new(),
                r#type: CompanyType::Managed,
                status: CompanyStatus::Active,
                license_limit: 0,
                addons: Vec::new(),
                parent: None,
                listed_at: now,
                usable_at: now,
            });
            company.name = name.ok_or_else(|| format!("companies[{at}].name: is needed"))?;
            company.r#type = change.r#type.unwrap_or(company.r#type);
            company.status = change.status.unwrap_or(company.status);
            company.license_limit = change.license_limit.unwrap_or(company.license_limit);
            company.addons = change.addons.unwrap_or(company.addons);
            company.parent = change.parent_id.or(company.parent);
            companies.push(company);
        }
        Ok(companies)
    }

    fn written_users(&self, written: Vec<WrittenUser>, now: i64) -> Result<Vec<User>, String> {
        let mut free = self.next_user();
        let mut users = Vec::with_capacity(written.len());
        for (at, change) in written.into_iter().enumerate() {
            let known = change.id.and_then(|id| self.users.get(&id)).cloned();
            let id = change.id.unwrap_or(free);
            free = free.max(id + 1);
            let email = change.email.or(known.as_ref().map(|known| known.email.clone()));
            let mut user = known.unwrap_or_else(|| User {
                id,
                msp: 0,
                company: change.company_id,
                name: String::new(),
                email: String::new(),
                status: AccountStatus::Enrolled,
                expires_at: now + INVITATION_DAYS * DAY,
                invitation_days: INVITATION_DAYS,
                pending_email: None,
                admin_level: None,
                listed_at: now,
            });
            user.email = email.ok_or_else(|| format!("users[{at}].email: is needed"))?;
            user.name = change.name.unwrap_or(user.name);
            user.status = change.account_status.unwrap_or(user.status);
            user.company = change.company_id.or(user.company);
            let company = user.company.and_then(|id| self.companies.get(&id));
            user.msp = company.map_or(user.msp, |company| company.msp);
            users.push(user);
        }
        Ok(users)
    }

    /// Somebody follows the link in an invitation.
    fn accepted(&self, id: i64, now: i64, other_address: bool) -> Result<User, String> {
        let mut user = self
            .users
            .get(&id)
            .cloned()
            .ok_or_else(|| format!("accept: there is no user {id}"))?;
        if user.status_at(now) != AccountStatus::PendingInvitation {
            return Err(format!("accept: user {id} has no invitation that is pending"));
        }
        user.status = AccountStatus::Enrolled;
        if other_address {
            user.email = format!("own.{}", user.email);
        }
        Ok(user)
    }

    /// Somebody signs in, and so confirms the new address.
    fn signed_in(&self, id: i64) -> Result<User, String> {
        let mut user = self
            .users
            .get(&id)
            .cloned()
            .ok_or_else(|| format!("signIn: there is no user {id}"))?;
        if let Some(email) = user.pending_email.take() {
            user.email = email;
        }
        Ok(user)
    }

    fn deleted(&self, ids: &Ids) -> Result<Vec<Event>, String> {
        if let Some(id) = ids.companies.iter().find(|id| !self.companies.contains_key(id)) {
            return Err(format!("delete: there is no company {id}"));
        }
        if let Some(id) = ids.users.iter().find(|id| !self.users.contains_key(id)) {
            return Err(format!("delete: there is no user {id}"));
        }
        let companies = ids.companies.iter().copied().map(Event::DetachCompany);
        Ok(companies
            .chain(ids.users.iter().copied().map(Event::RemoveUser))
            .collect())
    }
}
