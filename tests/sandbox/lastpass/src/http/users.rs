//! Users: listing, reading and creating them.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Problem, json_with, not_kept, ok};
use super::call::Call;
use super::fields::Fields;
use super::filter::matches;
use super::page::{Row, order, page};
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::{AccountStatus, Company, CompanyStatus, DAY, Event, Mail, MailKind, State, User, told};
use crate::switches::{
    ActionDefault, AddressCase, AddressValidation, DisabledUser, LicenseLimit, LostReplies, NewCompanyUsers,
    OtherCompany, PlainFilter, PrivateAccount, Required, SameCompany, SuspendedWrites, UserRoutes,
};

/// The most users on one page.
const PAGE: usize = 500;
/// Days that an invitation lives: of a newcomer, and of somebody who has an account.
const INVITATION_DAYS: i64 = 90;
const KNOWN_INVITATION_DAYS: i64 = 14;

const TAKEN: &str = "A user with this email already exists.";

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Action {
    Invite,
    Stage,
}

/// What a new user is to be.
struct New {
    email: String,
    name: String,
    action: Action,
}

impl Context<'_> {
    pub(super) fn list_users(&self, company: Option<i64>, call: &Call) -> Answer {
        if company.is_some() && self.switches.managed_user_routes == UserRoutes::NoList {
            return Err(Problem::new(404, "There is nothing at this address."));
        }
        let (field, descending) = order(call, &["id", "name", "email", "account-status"], self.switches)?;
        let status = call.parameter("account-status").map(|status| {
            serde_json::from_value::<AccountStatus>(json!(status))
                .map_err(|_| Problem::new(400, "account-status is not known."))
        });
        let status = status.transpose()?;
        let state = lock(&self.account.state);
        if let Some(id) = company {
            self.company(&state, id)?;
        }
        let seen = state
            .members_of(company)
            .filter(|user| user.msp == self.msp && user.listed_at <= self.now);
        let wanted = seen.filter(|user| status.is_none_or(|status| status == user.status_at(self.now)));
        let rows = wanted.filter(|user| self.is_named(user, call)).map(|user| Row {
            id: user.id,
            since: user.listed_at,
            key: match field {
                "name" => user.name.to_lowercase(),
                "email" => user.email.to_lowercase(),
                "account-status" => json!(user.status_at(self.now)).to_string(),
                _ => String::new(),
            },
            item: user,
        });
        let rows = (rows.collect(), descending);
        page(call, self.switches, self.now, PAGE, rows, |user| {
            show::user(user, self.now, self.switches)
        })
    }

    fn is_named(&self, user: &User, call: &Call) -> bool {
        let (plain, wildcards) = (self.switches.email_filter_plain, self.switches.filter_magic);
        let email = call.parameter("email");
        let name = call.parameter("name");
        email.is_none_or(|email| matches(&user.email, email, plain, wildcards))
            && name.is_none_or(|name| matches(&user.name, name, PlainFilter::Equality, wildcards))
    }

    pub(super) fn user<'s>(&self, state: &'s State, company: Option<i64>, id: i64) -> Result<&'s User, Problem> {
        if let Some(company) = company {
            self.company(state, company)?;
        }
        let user = state.users.get(&id);
        let user = user.filter(|user| user.company == company && user.msp == self.msp);
        user.ok_or_else(|| Problem::new(404, "The user does not exist."))
    }

    pub(super) fn get_user(&self, company: Option<i64>, id: i64) -> Answer {
        let state = lock(&self.account.state);
        let user = self.user(&state, company, id)?;
        Ok(ok(&show::user(user, self.now, self.switches)))
    }

    pub(super) fn create_user(&self, company: Option<i64>, call: &Call) -> Answer {
        if company.is_some() && self.switches.managed_user_routes == UserRoutes::NoCreate {
            return Err(Problem::new(404, "There is nothing at this address."));
        }
        let mut state = lock(&self.account.state);
        let place = company.map(|id| self.company(&state, id)).transpose()?;
        if let Some(place) = place {
            self.refuse_place(&state, place)?;
        }
        let new = self.new_user(call)?;
        let (user, events) = match self.present(&state, company, &new.email)? {
            Some(user) => (user.clone(), vec![Event::User(user)]),
            None => self.made(&state, company, new)?,
        };
        let shown = show::user(&user, self.now, self.switches);
        state.commit(events).map_err(not_kept)?;
        Ok(self.lose(LostReplies::Users, json_with(StatusCode::CREATED, &shown)))
    }

    /// Whether the company takes no new user.
    fn refuse_place(&self, state: &State, place: &Company) -> Result<(), Problem> {
        if place.usable_at > self.now || place.listed_at > self.now {
            return Err(match self.switches.user_create_on_new_company {
                NewCompanyUsers::Conflict => Problem::new(409, "The managed company is not ready."),
                NewCompanyUsers::AtOnce | NewCompanyUsers::NotFound => {
                    Problem::new(404, "The managed company does not exist.")
                }
            });
        }
        let suspended = place.status == CompanyStatus::Suspended;
        if suspended && self.switches.suspended_company_writes == SuspendedWrites::Refused {
            return Err(Problem::new(409, "The managed company is suspended."));
        }
        if self.is_full(state, place) {
            let status = if self.switches.license_limit_enforced == LicenseLimit::Conflict {
                409
            } else {
                400
            };
            return Err(Problem::new(
                status,
                "The licence limit of the managed company is reached.",
            ));
        }
        Ok(())
    }

    fn new_user(&self, call: &Call) -> Result<New, Problem> {
        let mut fields = Fields::read(call, self.switches)?;
        let email: Option<String> = fields.take("email");
        let name: Option<String> = fields.take("name");
        let action: Option<Action> = fields.take("creationAccountAction");
        let required = self.switches.required_fields;
        match &email {
            None if required != Required::Nothing => fields.refuse("email", "The email is needed."),
            Some(email) if !self.is_address(email) => fields.refuse("email", "The email is not valid."),
            _ => {}
        }
        if name.is_none() && required == Required::EmailAndName {
            fields.refuse("name", "The name is needed.");
        }
        let action = action.or(match self.switches.creation_action_default {
            ActionDefault::Required => None,
            ActionDefault::Invite => Some(Action::Invite),
            ActionDefault::Stage => Some(Action::Stage),
        });
        if action.is_none() {
            fields.refuse("creationAccountAction", "The action is needed.");
        }
        fields.finish()?;
        let email = email.unwrap_or_default();
        Ok(New {
            email: if self.switches.address_case == AddressCase::Lowered {
                email.to_lowercase()
            } else {
                email
            },
            name: name.unwrap_or_default(),
            action: action.unwrap_or(Action::Stage),
        })
    }

    /// Whether an address is accepted: an ASCII local part at a domain in either spelling.
    pub(super) fn is_address(&self, email: &str) -> bool {
        let Some((local, domain)) = email.rsplit_once('@') else {
            return false;
        };
        let plain = |c: char| c.is_ascii_graphic() && !"@()<>[]:;,\\\"".contains(c);
        let refused = match self.switches.address_validation {
            AddressValidation::Idna => false,
            AddressValidation::NoUnicode => !domain.is_ascii(),
            AddressValidation::NoPlus => local.contains('+'),
        };
        !local.is_empty()
            && local.chars().all(plain)
            && !refused
            && domain.contains('.')
            && idna::domain_to_ascii_strict(domain).is_ok()
    }

    /// The user that has the address, in this company or elsewhere; an account has one address in all of LastPass.
    pub(super) fn holders<'s>(&self, state: &'s State, email: &str) -> Vec<&'s User> {
        let cased = self.switches.address_case == AddressCase::Sensitive;
        state
            .with_address(email)
            .filter(|user| !cased || user.email == email)
            .collect()
    }

    /// The user whom a creation finds instead of making one; enabled again where it was disabled.
    fn present(&self, state: &State, company: Option<i64>, email: &str) -> Result<Option<User>, Problem> {
        let holders = self.holders(state, email);
        let here = holders
            .iter()
            .find(|user| user.company == company && user.msp == self.msp);
        if let Some(here) = here {
            if here.status == AccountStatus::Disabled {
                return match self.switches.disabled_user_same_address {
                    DisabledUser::Conflict => Err(Problem::new(409, TAKEN)),
                    DisabledUser::Enables => Ok(Some(User {
                        status: AccountStatus::Enrolled,
                        ..(*here).clone()
                    })),
                };
            }
            return match self.switches.user_exists_same_company {
                SameCompany::Conflict => Err(Problem::new(409, TAKEN)),
                SameCompany::BadRequest => Err(Problem::invalid(&[("email", TAKEN)])),
                SameCompany::Existing => Ok(Some((*here).clone())),
                SameCompany::Second => Ok(None),
            };
        }
        if holders.is_empty() {
            return Ok(None);
        }
        match self.switches.user_exists_other_company {
            OtherCompany::Conflict => Err(Problem::new(409, TAKEN)),
            OtherCompany::BadRequest => Err(Problem::invalid(&[("email", TAKEN)])),
            OtherCompany::Forbidden => Err(Problem::new(403, "The user belongs to another company.")),
            OtherCompany::Pending => Ok(None),
        }
    }

    /// A new user, and the mail to it.
    fn made(&self, state: &State, company: Option<i64>, new: New) -> Result<(User, Vec<Event>), Problem> {
        let known = state.private.contains(&new.email.to_lowercase()) || !self.holders(state, &new.email).is_empty();
        let private = state.private.contains(&new.email.to_lowercase());
        if private && self.switches.user_has_private_account == PrivateAccount::Conflict {
            return Err(Problem::new(409, "This email has an account of its own."));
        }
        let days = if known { KNOWN_INVITATION_DAYS } else { INVITATION_DAYS };
        let mut user = User {
            id: state.next_user(),
            msp: self.msp,
            company,
            name: new.name,
            email: new.email,
            status: AccountStatus::Staged,
            expires_at: self.now + days * DAY,
            invitation_days: days,
            pending_email: None,
            admin_level: None,
            listed_at: self.listed_from(self.now),
        };
        let mut events = Vec::new();
        if private && self.switches.user_has_private_account == PrivateAccount::Enrolled {
            user.status = AccountStatus::Enrolled;
        } else if new.action == Action::Invite {
            user.invite(self.now);
            events.push(self.mail(MailKind::Invitation, &user));
        }
        events.push(Event::User(user.clone()));
        Ok((user, events))
    }

    pub(super) fn mail(&self, kind: MailKind, user: &User) -> Event {
        Event::Mail(Mail {
            at: told(self.now),
            kind,
            to: user.email.clone(),
            company_id: user.company,
            user_id: user.id,
        })
    }
}
