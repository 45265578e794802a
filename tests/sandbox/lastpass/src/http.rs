//! The HTTP interface: what happens to a call before it reaches the data.

mod admin;
mod answer;
mod call;
mod companies;
mod fields;
mod filter;
mod page;
mod poll;
mod reports;
mod route;
mod show;
mod user_changes;
mod users;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::to_bytes;
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use simkit::requests::RequestRecord;

use crate::account::{Account, lock, msp_of};
use crate::state::Msp;
use crate::switches::{KeyState, RateLimit, Switches};
use answer::Problem;
use call::Call;
use route::Route;

/// No body comes near this.
const LONGEST_BODY: usize = 1024 * 1024;

/// What a handler answers.
type Answer = Result<Response, Problem>;

/// What a handler works with.
struct Context<'a> {
    account: &'a Account,
    switches: &'a Switches,
    msp: Msp,
    now: i64,
}

/// Answers every call.
pub(crate) async fn handle(Extracted(account): Extracted<Arc<Account>>, request: Request) -> Response {
    let switches = account.switches();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let answered = match to_bytes(body, LONGEST_BODY).await {
        Ok(body) => answer(&account, &switches, &path, &Call::new(parts, body)),
        Err(_) => Err(Problem::new(413, "The body is too large.")),
    };
    answered.unwrap_or_else(|problem| problem.response(&switches, &path))
}

fn answer(account: &Account, switches: &Switches, path: &str, call: &Call) -> Answer {
    let route = Route::find(path).ok_or_else(|| Problem::new(404, "There is nothing at this address."))?;
    let now = account.now();
    let msp = admit(&call.headers, switches)?;
    limit(account, switches, now)?;
    let context = Context {
        account,
        switches,
        msp,
        now,
    };
    let allowed = route.methods();
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::new(405, "The method is not allowed here."));
    }
    context.serve(route, call)
}

/// Whose key it is.
fn admit(headers: &HeaderMap, switches: &Switches) -> Result<Msp, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = value
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("api-key"))
        .and_then(|(_, key)| msp_of(key));
    match (key, switches.key_states) {
        (None, _) | (_, KeyState::Revoked) => Err(Problem::new(401, "The API key is missing or not valid.")),
        (_, KeyState::NotEnrolled) => Err(Problem::new(403, "The account does not take part in early access.")),
        (_, KeyState::NoMspRight) => Err(Problem::new(403, "The account has no managed companies.")),
        (Some(msp), KeyState::Valid) => Ok(msp),
    }
}

fn limit(account: &Account, switches: &Switches, now: i64) -> Result<(), Problem> {
    if switches.rate_limit == RateLimit::Off || lock(&account.limits).take(now, switches.requests_per_second) {
        return Ok(());
    }
    let refused = Problem::new(429, "Rate limit exceeded.");
    Err(match switches.rate_limit {
        RateLimit::RetryAfterSeconds => refused.retry_after(HeaderValue::from_static("1")),
        RateLimit::RetryAfterDate => {
            let at = UNIX_EPOCH + Duration::from_millis(now.unsigned_abs()) + Duration::from_secs(1);
            match HeaderValue::from_str(&httpdate::fmt_http_date(at)) {
                Ok(date) => refused.retry_after(date),
                Err(_) => refused,
            }
        }
        RateLimit::Unavailable => Problem::new(503, "The service is not available."),
        RateLimit::Off | RateLimit::NoRetryAfter => refused,
    })
}

impl Context<'_> {
    fn serve(&self, route: Route, call: &Call) -> Answer {
        match (route, call.method.as_str()) {
            (Route::Companies, "GET") => self.list_companies(call),
            (Route::Companies, _) => self.create_company(call),
            (Route::Company(id), "GET") => self.get_company(id),
            (Route::Company(id), "PUT") => self.update_company(id, call),
            (Route::Company(id), _) => self.detach_company(id, call),
            (Route::Poll(id), _) => self.poll(id, call),
            (Route::Users(company), "GET") => self.list_users(company, call),
            (Route::Users(company), _) => self.create_user(company, call),
            (Route::User(company, user), "GET") => self.get_user(company, user),
            (Route::User(company, user), "PATCH") => self.patch_user(company, user, call),
            (Route::User(company, user), _) => self.delete_user(company, user, call),
            (Route::Invite(company, user), _) => self.invite_user(company, user),
            (Route::AdminLevels, _) => self.list_admin_levels(call),
            (Route::AdminLevelUsers(level), _) => self.add_to_admin_level(level, call),
            (Route::CompanyAdminLevel(company, level), _) => self.get_admin_level(company, level),
            (Route::CompanyAdminLevelUsers(company, level), _) => self.list_admin_level_users(company, level, call),
            (Route::AdminUsers, _) => self.admin_users(call),
            (Route::BillingCycles, _) => self.billing_cycles(call),
            (Route::BillingReports, _) => self.billing_reports(call),
        }
    }
}

/// How often each route was called, by method and path with names for the ids.
pub(crate) fn calls_by_route(requests: &[RequestRecord]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for request in requests {
        let path = Route::find(&request.path).map_or("elsewhere", Route::template);
        *counts.entry(format!("{} {path}", request.method)).or_default() += 1;
    }
    counts
}
