//! Managed companies.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use simkit::faults::LostReply;

use super::answer::{Problem, json_with, not_kept, ok};
use super::call::Call;
use super::fields::Fields;
use super::filter::matches;
use super::page::{Row, order, page};
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::{AccountStatus, Addon, Company, CompanyStatus, CompanyType, Event, Forbidden, Request, State, told};
use crate::switches::{
    CompanyNames, CompanyRoute, CreateDelay, EventualReads, Foreign, LicenseLimit, ListScope, Listed, LostReplies,
    NewCompanyUsers, PlainFilter, PollFailure, PollUrl, PutOmitted, UnknownParent,
};

/// The most companies on one page.
const PAGE: usize = 500;
/// How much later what is late appears, in milliseconds.
const LATE: i64 = 5_000;
/// How much longer a company is not usable, or not listed, where it is so; in milliseconds.
const LONGER: i64 = 30_000;

impl Context<'_> {
    /// A company of the caller's.
    pub(super) fn company<'s>(&self, state: &'s State, id: i64) -> Result<&'s Company, Problem> {
        let company = state.companies.get(&id).filter(|company| company.msp == self.msp);
        company.ok_or_else(|| {
            let status = match self.switches.status_for_foreign_company {
                Foreign::NotFound => 404,
                Foreign::Forbidden => 403,
            };
            Problem::new(status, "The managed company does not exist.")
        })
    }

    /// When something that is there now appears in lists.
    pub(super) fn listed_from(&self, at: i64) -> i64 {
        match self.switches.eventual_reads {
            EventualReads::ReadYourWrites => at,
            EventualReads::FiveSecondsLate => at + LATE,
        }
    }

    pub(super) fn lose(&self, what: LostReplies, mut response: Response) -> Response {
        if [what, LostReplies::All].contains(&self.switches.lost_reply) {
            response.extensions_mut().insert(LostReply);
        }
        response
    }

    pub(super) fn forbid(&self, what: &str, call: &Call) -> Event {
        Event::Forbidden(Forbidden {
            at: told(self.now),
            what: what.to_owned(),
            method: call.method.to_string(),
            path: call.path.clone(),
        })
    }

    pub(super) fn list_companies(&self, call: &Call) -> Answer {
        let (field, descending) = order(call, &["id", "name"], self.switches)?;
        let parent = call
            .parameter("parent-id")
            .map(|id| show::read_id(id).ok_or_else(|| Problem::new(400, "parent-id must be a number.")));
        let parent = parent.transpose()?;
        let state = lock(&self.account.state);
        let known = parent.is_none_or(|id| state.companies.get(&id).is_some_and(|parent| parent.msp == self.msp));
        match self.switches.parent_filter_unknown_id {
            UnknownParent::NotFound if !known => return Err(Problem::new(404, "The parent does not exist.")),
            UnknownParent::BadRequest if !known => return Err(Problem::new(400, "The parent does not exist.")),
            _ => {}
        }
        let seen = state
            .companies
            .values()
            .filter(|company| company.msp == self.msp && company.listed_at <= self.now);
        let mut rows = Vec::new();
        for company in seen {
            if self.is_below(&state, company, parent) && self.is_wanted(company, call)? {
                rows.push(Row {
                    id: company.id,
                    since: company.listed_at,
                    key: if field == "name" {
                        company.name.to_lowercase()
                    } else {
                        String::new()
                    },
                    item: company,
                });
            }
        }
        let rows = (rows, descending);
        page(call, self.switches, self.now, PAGE, rows, |company| {
            show::company(company, self.switches)
        })
    }

    /// Whether a company is the parent asked for or anywhere below it.
    fn is_below(&self, state: &State, company: &Company, parent: Option<i64>) -> bool {
        let Some(parent) = parent else {
            return self.switches.list_scope_without_parent == ListScope::Tree || company.parent.is_none();
        };
        // As deep as a tree can be; seeded records may have a circle.
        let mut above = Some(company.id);
        for _ in 0..state.companies.len() {
            match above {
                Some(id) if id == parent => return true,
                Some(id) => above = state.companies.get(&id).and_then(|company| company.parent),
                None => return false,
            }
        }
        false
    }

    fn is_wanted(&self, company: &Company, call: &Call) -> Result<bool, Problem> {
        let name = call.parameter("name");
        let named =
            name.is_none_or(|name| matches(&company.name, name, PlainFilter::Equality, self.switches.filter_magic));
        let limit = call.parameter("license-limit");
        let limited = limit.is_none_or(|limit| limit == company.license_limit.to_string());
        let status = in_list(call, "status", &["active", "suspended"], &[json!(company.status)])?;
        let kind = in_list(
            call,
            "type",
            &["msp", "managed", "managed-msp"],
            &[json!(company.r#type)],
        )?;
        let addons: Vec<Value> = company.addons.iter().map(|addon| json!(addon)).collect();
        let addon = in_list(call, "addon", &["mfa", "sso"], &addons)?;
        Ok(named && limited && status && kind && addon)
    }

    pub(super) fn get_company(&self, id: i64) -> Answer {
        if self.switches.company_get_route == CompanyRoute::Absent {
            return Err(Problem::new(404, "There is nothing at this address."));
        }
        let state = lock(&self.account.state);
        Ok(ok(&show::company(self.company(&state, id)?, self.switches)))
    }

    pub(super) fn create_company(&self, call: &Call) -> Answer {
        let mut fields = Fields::read(call, self.switches)?;
        let name: Option<String> = fields.take("name");
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let limit: Option<u64> = fields.take("licenseLimit");
        let kind: Option<CompanyType> = fields.take("type");
        let addons: Option<Vec<Addon>> = fields.take("addons");
        let parent: Option<Value> = fields.take("parentId");
        if name.is_none() {
            fields.refuse("name", "The name is needed.");
        }
        fields.finish()?;
        let mut state = lock(&self.account.state);
        let parent = parent.and_then(|id| show::read_id(id.to_string().trim_matches('"')));
        if let Some(parent) = parent {
            self.company(&state, parent)?;
        }
        let mut company = Company {
            id: state.next_company(),
            msp: self.msp,
            name: name.unwrap_or_default(),
            r#type: kind.unwrap_or(CompanyType::Managed),
            status: CompanyStatus::Active,
            license_limit: limit.unwrap_or_default(),
            addons: addons.unwrap_or_default(),
            parent,
            listed_at: self.now,
            usable_at: self.now,
        };
        let request = self.creation(&state, &mut company)?;
        let made = request.failure.is_none() && request.done_at.is_some();
        let answer = self.accepted(request.id, call);
        let mut events = vec![Event::Request(request)];
        events.extend(made.then_some(Event::Company(company)));
        state.commit(events).map_err(not_kept)?;
        Ok(self.lose(LostReplies::Companies, answer))
    }

    /// The request that makes a company, and when the company appears.
    fn creation(&self, state: &State, company: &mut Company) -> Result<Request, Problem> {
        let delay = match self.switches.company_create_delay {
            CreateDelay::None => Some(0),
            CreateDelay::TwoSeconds => Some(2_000),
            CreateDelay::SixtySeconds => Some(60_000),
            CreateDelay::FifteenMinutes => Some(900_000),
            CreateDelay::Never => None,
        };
        let done_at = delay.map(|delay| self.now + delay);
        let done = done_at.unwrap_or(i64::MAX / 2);
        company.listed_at = self.listed_from(match self.switches.listed_before_poll_done {
            Listed::No => done,
            Listed::Yes => self.now,
            Listed::Later => done + LONGER,
        });
        company.usable_at = match self.switches.user_create_on_new_company {
            NewCompanyUsers::AtOnce => company.listed_at,
            NewCompanyUsers::NotFound | NewCompanyUsers::Conflict => company.listed_at + LONGER,
        };
        Ok(Request {
            id: state.next_request(),
            msp: self.msp,
            company: company.id,
            done_at,
            failure: self.creation_failure(state, company)?,
        })
    }

    fn creation_failure(&self, state: &State, company: &Company) -> Result<Option<String>, Problem> {
        const TAKEN: &str = "A managed company of this name exists.";
        let own = || state.companies.values().filter(|other| other.msp == self.msp);
        let taken = || own().any(|other| other.name.to_lowercase() == company.name.to_lowercase());
        match self.switches.company_name_unique {
            CompanyNames::BadRequest if taken() => return Err(Problem::invalid(&[("name", TAKEN)])),
            CompanyNames::Conflict if taken() => return Err(Problem::new(409, TAKEN)),
            CompanyNames::FailsInPoll if taken() => return Ok(Some(TAKEN.to_owned())),
            _ => {}
        }
        if self.switches.license_limit_enforced == LicenseLimit::PoolFailsInPoll {
            let given = own().fold(company.license_limit, |sum, other| {
                sum.saturating_add(other.license_limit)
            });
            if given > self.switches.license_pool {
                return Ok(Some("There are not enough licences.".to_owned()));
            }
        }
        let failed = self.switches.poll_failure == PollFailure::Failed;
        Ok(failed.then(|| "The managed company could not be created.".to_owned()))
    }

    /// 202 with where to ask.
    fn accepted(&self, id: i64, call: &Call) -> Response {
        let path = format!("/business/v1/async-requests/{}", show::id(id, self.switches)).replace('"', "");
        let url = match self.switches.poll_url_form {
            PollUrl::EmptyBody => return StatusCode::ACCEPTED.into_response(),
            PollUrl::Missing => None,
            PollUrl::Absolute => Some(format!("{}{path}", call.origin)),
            PollUrl::Relative => Some(path),
            PollUrl::OtherHost => Some(format!("http://poll.elsewhere.invalid{path}")),
        };
        let mut body = json!({"id": show::id(id, self.switches)});
        if let Some(url) = url {
            body["url"] = json!(url);
        }
        json_with(StatusCode::ACCEPTED, &body)
    }

    /// Replaces what can be updated. Suspending and lowering the limit are forbidden to the importer, and recorded.
    pub(super) fn update_company(&self, id: i64, call: &Call) -> Answer {
        let mut fields = Fields::read(call, self.switches)?;
        let limit: Option<u64> = fields.take("licenseLimit");
        let status: Option<CompanyStatus> = fields.take("status");
        let addons: Option<Vec<Addon>> = fields.take("addons");
        fields.finish()?;
        let mut state = lock(&self.account.state);
        let before = self.company(&state, id)?.clone();
        let mut company = before.clone();
        if self.switches.put_omitted_field == PutOmitted::Reset {
            (company.status, company.license_limit) = (CompanyStatus::Active, 0);
            company.addons.clear();
        }
        company.status = status.unwrap_or(company.status);
        company.license_limit = limit.unwrap_or(company.license_limit);
        company.addons = addons.unwrap_or(company.addons);
        let mut events = Vec::new();
        if company.status == CompanyStatus::Suspended {
            events.push(self.forbid("suspend", call));
        }
        if company.license_limit < before.license_limit {
            events.push(self.forbid("lowerLimit", call));
        }
        let request = Request {
            id: state.next_request(),
            msp: self.msp,
            company: id,
            done_at: Some(self.now),
            failure: None,
        };
        let answer = self.accepted(request.id, call);
        events.extend([Event::Company(company), Event::Request(request)]);
        state.commit(events).map_err(not_kept)?;
        Ok(answer)
    }

    /// Forbidden to the importer, and recorded.
    pub(super) fn detach_company(&self, id: i64, call: &Call) -> Answer {
        let mut state = lock(&self.account.state);
        let found = self.company(&state, id).map(|_| Event::DetachCompany(id));
        let mut events = vec![self.forbid("detach", call)];
        let answer = found.map(|detach| events.push(detach));
        state.commit(events).map_err(not_kept)?;
        answer.map(|()| StatusCode::NO_CONTENT.into_response())
    }

    /// Whether one more user is refused for the company's limit.
    pub(super) fn is_full(&self, state: &State, company: &Company) -> bool {
        let enforced = matches!(
            self.switches.license_limit_enforced,
            LicenseLimit::Conflict | LicenseLimit::BadRequest
        );
        let users = state.members_of(Some(company.id));
        let counted = users.filter(|user| user.status != AccountStatus::Disabled).count() as u64;
        enforced && counted >= company.license_limit
    }
}

/// Whether any of the values is in a comma list, which may name only what is known.
fn in_list(call: &Call, name: &str, known: &[&str], values: &[Value]) -> Result<bool, Problem> {
    let Some(list) = call.parameter(name) else {
        return Ok(true);
    };
    let wanted: Vec<&str> = list.split(',').collect();
    if wanted.iter().any(|wanted| !known.contains(wanted)) {
        return Err(Problem::new(400, format!("{name} has a value that is not known.")));
    }
    Ok(values
        .iter()
        .any(|value| value.as_str().is_some_and(|value| wanted.contains(&value))))
}
