//! Admin levels: two that are always there.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Problem, json_with, not_kept, ok};
use super::call::Call;
use super::fields::Fields;
use super::filter::matches;
use super::page::{Row, order, page};
use super::{Answer, Context, show};
use crate::account::lock;
use crate::state::{Event, User};
use crate::switches::PlainFilter;

/// The most levels on one page.
const LEVEL_PAGE: usize = 50;
/// The most users of a level on one page.
const USER_PAGE: usize = 500;

/// Ids and names of the levels.
const LEVELS: [(i64, &str); 2] = [(11, "Super admin"), (12, "Helpdesk admin")];

impl Context<'_> {
    fn level(&self, (id, name): (i64, &str)) -> Value {
        json!({
            "id": show::id(id, self.switches),
            "name": name,
            "description": null,
            "permissions": ["view-adoption-dashboard", "view-security-dashboard"],
            "managedCompaniesPermissions": ["view-users"],
            "managedCompaniesAdminLevel": null,
        })
    }

    pub(super) fn list_admin_levels(&self, call: &Call) -> Answer {
        let (field, descending) = order(call, &["id", "name"], self.switches)?;
        let wanted = |name: &str| {
            let filter = call.parameter("name");
            filter.is_none_or(|filter| matches(name, filter, PlainFilter::Equality, self.switches.filter_magic))
        };
        let rows = LEVELS
            .into_iter()
            .filter(|(_, name)| wanted(name))
            .map(|(id, name)| Row {
                id,
                since: 0,
                key: if field == "name" {
                    name.to_lowercase()
                } else {
                    String::new()
                },
                item: (id, name),
            });
        let rows = (rows.collect(), descending);
        page(call, self.switches, self.now, LEVEL_PAGE, rows, |level| {
            self.level(*level)
        })
    }

    pub(super) fn add_to_admin_level(&self, level: i64, call: &Call) -> Answer {
        let mut fields = Fields::read(call, self.switches)?;
        let user: Option<Value> = fields.take("userId");
        let user = user.and_then(|id| show::read_id(id.to_string().trim_matches('"')));
        if user.is_none() {
            fields.refuse("userId", "The user is needed.");
        }
        fields.finish()?;
        known(level)?;
        let mut state = lock(&self.account.state);
        let mut user = self.user(&state, None, user.unwrap_or_default())?.clone();
        // A user has one level at most; the last one wins.
        user.admin_level = Some(level);
        let answer = json!({
            "id": show::id(user.id, self.switches), "name": user.name, "email": user.email,
            "adminLevelId": show::id(level, self.switches),
        });
        state.commit(vec![Event::User(user)]).map_err(not_kept)?;
        Ok(json_with(StatusCode::CREATED, &answer))
    }

    pub(super) fn get_admin_level(&self, company: i64, level: i64) -> Answer {
        self.company(&lock(&self.account.state), company)?;
        Ok(ok(&self.level(known(level)?)))
    }

    pub(super) fn list_admin_level_users(&self, company: i64, level: i64, call: &Call) -> Answer {
        known(level)?;
        let state = lock(&self.account.state);
        self.company(&state, company)?;
        let users = state
            .members_of(Some(company))
            .filter(|user| user.admin_level == Some(level));
        let rows = (users.map(by_id).collect(), false);
        page(
            call,
            self.switches,
            self.now,
            USER_PAGE,
            rows,
            |user| json!({"id": show::id(user.id, self.switches), "name": user.name, "email": user.email}),
        )
    }

    /// Everybody with an admin level in a managed company.
    pub(super) fn admin_users(&self, call: &Call) -> Answer {
        let state = lock(&self.account.state);
        let users = state
            .users
            .values()
            .filter(|user| user.msp == self.msp && user.admin_level.is_some());
        let rows = users.filter(|user| user.company.is_some()).map(by_id).collect();
        page(
            call,
            self.switches,
            self.now,
            USER_PAGE,
            (rows, false),
            |user: &&User| {
                let company = user.company.and_then(|id| state.companies.get(&id));
                let level = LEVELS.into_iter().find(|(id, _)| user.admin_level == Some(*id));
                json!({
                    "userId": show::id(user.id, self.switches),
                    "userEmail": user.email,
                    "adminLevel": level.map(|(id, name)| json!({"id": show::id(id, self.switches), "name": name})),
                    "company": company.map(|company| json!({"id": show::id(company.id, self.switches), "name": company.name})),
                })
            },
        )
    }
}

fn known(level: i64) -> Result<(i64, &'static str), Problem> {
    let found = LEVELS.into_iter().find(|(id, _)| *id == level);
    found.ok_or_else(|| Problem::new(404, "The admin level does not exist."))
}

fn by_id(user: &User) -> Row<&User> {
    Row {
        id: user.id,
        since: user.listed_at,
        key: String::new(),
        item: user,
    }
}
