//! The calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::address::Address;
use domain::directory::{CreationAction, LASTPASS_COMPANY};
use domain::ids::{ManagedCompanyId, UserId};
use http_client::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http_client::{
    BaseUrl, Call, Deployment, Endpoint, FailureKind, Gate, HttpClient, Method, Refusal, RetryAdvice, RetryScope, Rule,
    Session, When,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use super::failure::Failed;
use super::key::{ApiKey, NotAKey};
use super::pace::Pace;
use super::requests::{Accepted, AcceptedRecord, Progress, poll_url};
use super::wire::{Company, CompanyRecord, Object, Page, Person, Record, UserRecord};
use super::{ADDRESS, CONCURRENCY, FOR_AN_ANSWER, ORIGIN};

static COMPANIES: Endpoint = Endpoint::get("/managed-companies", "");
static CREATE_COMPANY: Endpoint = Endpoint::write(Method::POST, "/managed-companies", &[200, 201, 202]);
static REQUEST: Endpoint = Endpoint::write(Method::GET, "/(request)", &[200, 202]);
static USERS: Endpoint = Endpoint::get("/managed-companies/{company}/users", "");
static USER: Endpoint = Endpoint::get("/managed-companies/{company}/users/{user}", "");
static CREATE_USER: Endpoint = Endpoint::write(Method::POST, "/managed-companies/{company}/users", &[200, 201]);
static PATCH_USER: Endpoint = Endpoint::write(
    Method::PATCH,
    "/managed-companies/{company}/users/{user}",
    &[200, 202, 204],
);

/// The common rules say what a status means, with one exception: a 500 is a fault of LastPass itself, and not of one row, so reading again
/// may help.
static RULES: [Rule; 1] =
    [When::status(500..=500).means(FailureKind::ServerError, RetryAdvice::Soon, "LastPass failed")];

/// A pause longer than this ends the run. Within a shorter one, calls repeat their requests by themselves. Each call repeats its own: in
/// a longer one, all that wait would spend the repetitions of the run on refusals.
const LONG_PAUSE: Duration = Duration::from_secs(30);

/// Whose account it is, and how to get there.
#[derive(Debug, Clone)]
pub struct Access {
    /// The one HTTP client.
    pub http: HttpClient,
    /// Another origin than LastPass's own: a sandbox's, which the policy of the client has to exempt.
    pub origin: Option<String>,
    /// The key.
    pub key: ApiKey,
    /// How fast requests are begun.
    pub pace: Arc<Pace>,
}

/// The account of an MSP, for one run.
#[derive(Debug)]
pub struct LastPass {
    session: Session,
    url: BaseUrl,
    headers: HeaderMap,
    gate: Gate,
    /// Calls that wait for their turn or are under way. All others wait here: with a turn, but behind slow answers, they would leave
    /// later, faster than the pace, and into a pause that they were not told of.
    calls: Semaphore,
    key: ApiKey,
    pace: Arc<Pace>,
    deadline: Instant,
    /// The end of a long pause that LastPass has asked this run for.
    paused_until: Mutex<Option<Timestamp>>,
}

impl LastPass {
    /// Opens the account. Nothing is asked yet; nothing will be asked after the deadline.
    pub fn new(access: &Access, deadline: Instant) -> Result<Self, NotAKey> {
        let origin = access.origin.as_deref().unwrap_or(ORIGIN);
        // An origin of a sandbox that the policy does not exempt is refused like a key of wrong characters.
        let url = BaseUrl::parse(&ADDRESS, origin, access.http.policy()).map_err(|_| NotAKey)?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, access.key.header()?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self {
            session: Session::new(access.http.clone(), deadline, None)
                .with_longest_pause(LONG_PAUSE)
                .with_time_for_an_answer(FOR_AN_ANSWER),
            url,
            headers,
            gate: Gate::new(CONCURRENCY),
            calls: Semaphore::new(CONCURRENCY),
            key: access.key.clone(),
            pace: Arc::clone(&access.pace),
            deadline,
            paused_until: Mutex::default(),
        })
    }

    /// All managed companies that are customers, suspended ones too.
    pub async fn companies(&self) -> Result<Vec<Company>, Failed> {
        self.list::<CompanyRecord>(&COMPANIES, &["managed-companies"], &[])
            .await
    }

    /// One managed company; `None` if there is none of that id. LastPass has no call for that, but lists what is below a company, and
    /// the company itself.
    pub async fn company(&self, id: &ManagedCompanyId) -> Result<Option<Company>, Failed> {
        let query = [("parent-id", number_of(id))];
        let listed = self.list::<CompanyRecord>(&COMPANIES, &["managed-companies"], &query);
        match listed.await {
            Ok(listed) => Ok(listed.into_iter().find(|company| company.id == *id)),
            Err(Failed::NotFound(_) | Failed::Rejected(_, 400 | 410)) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// Whether LastPass answers with this key.
    pub async fn check(&self) -> Result<(), Failed> {
        let query = [("max-results", "1")];
        let page = self.get(&COMPANIES, &["managed-companies"], &query);
        page.await.map(|_: Object<Page<CompanyRecord>>| ())
    }

    /// Asks for a managed company. It is there only later.
    pub async fn create_company(&self, name: &str) -> Result<Accepted, Failed> {
        let body = json!({ "name": name, "type": "managed", "addons": [] });
        let accepted: Option<Object<AcceptedRecord>> =
            self.write(&CREATE_COMPANY, &["managed-companies"], &body).await?;
        Ok(Accepted {
            url: accepted.and_then(|Object(accepted)| accepted.url),
        })
    }

    /// What became of a request. It is `Failed` only if LastPass says so, and otherwise `Open`: also if LastPass answers with an error, or
    /// names an address outside its API. Only a rejected key is an error.
    pub async fn progress(&self, accepted: &Accepted) -> Result<Progress, Failed> {
        let api = self.url(&[], &[]);
        let Some(url) = accepted.url.as_deref().and_then(|url| poll_url(&api, url)) else {
            return Ok(Progress::Open);
        };
        match self
            .send::<Value>(&REQUEST, url, Bytes::new(), RetryScope::Limits)
            .await
        {
            Ok(reply) => Ok(Progress::read(&reply)),
            Err(Failed::Unauthorized) => Err(Failed::Unauthorized),
            Err(_) => Ok(Progress::Open),
        }
    }

    /// All users of a managed company.
    pub async fn users(&self, company: &ManagedCompanyId) -> Result<Vec<Person>, Failed> {
        self.list::<UserRecord>(&USERS, &users_of(company), &[]).await
    }

    /// One user of a managed company.
    pub async fn user(&self, company: &ManagedCompanyId, user: &UserId) -> Result<Person, Failed> {
        let [companies, company, users] = users_of(company);
        let path = [companies, company, users, user.as_str()];
        let Object(found): Object<UserRecord> = self.get(&USER, &path, &[]).await?;
        found.read()?.ok_or_else(|| Failed::malformed("no user"))
    }

    /// Creates a user.
    pub async fn create_user(
        &self,
        company: &ManagedCompanyId,
        (address, name): (&Address, &str),
        action: CreationAction,
    ) -> Result<Person, Failed> {
        let action = match action {
            CreationAction::Invite => "invite",
            CreationAction::Stage => "stage",
        };
        let email = address.original();
        let local = email.split('@').next().unwrap_or_default();
        let name = if name.is_empty() { local } else { name };
        let body = json!({ "email": email, "name": name, "creationAccountAction": action });
        let made: Option<Object<UserRecord>> = self.write(&CREATE_USER, &users_of(company), &body).await?;
        let Object(made) = made.ok_or_else(|| Failed::malformed("no user"))?;
        let read = made.read()?;
        read.ok_or_else(|| Failed::malformed("no user"))
    }

    /// Asks for another address of a user, who may have to agree first.
    pub async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        address: &Address,
    ) -> Result<(), Failed> {
        let [companies, company, users] = users_of(company);
        let body = json!({ "email": address.original() });
        let path = [companies, company, users, user.as_str()];
        self.write::<Option<Value>>(&PATCH_USER, &path, &body).await.map(drop)
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failed> {
        let url = self.url(path, query);
        self.send(endpoint, url, Bytes::new(), RetryScope::Faults).await
    }

    async fn write<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        path: &[&str],
        body: &Value,
    ) -> Result<T, Failed> {
        let (url, body) = (self.url(path, &[]), body.to_string());
        self.send(endpoint, url, body.into(), RetryScope::Limits).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        url: Url,
        body: Bytes,
        retry: RetryScope,
    ) -> Result<T, Failed> {
        self.check_pause(endpoint)?;
        // Never closed, so that there always is a permit, by the end of the run at the latest.
        let _permit = self.calls.acquire().await;
        // A change that the end of the run cuts off may have been applied.
        let last_turn = match retry {
            RetryScope::Limits => self.deadline.checked_sub(FOR_AN_ANSWER).unwrap_or(self.deadline),
            RetryScope::Faults | RetryScope::NotRecords => self.deadline,
        };
        // Once for each call: the session repeats a request by itself, and offers no hook for each attempt.
        if !self.pace.turn(last_turn).await {
            let what = format!("{endpoint}: its turn comes after the end of this run");
            return Err(Failed::Later(what, self.session.after(Duration::ZERO)));
        }
        // LastPass may have asked for a pause while this call waited for its turn.
        self.check_pause(endpoint)?;
        let call = Call {
            endpoint,
            url,
            headers: self.headers.clone(),
            body,
            retry,
            deployment: Deployment::Cloud,
            rules: &RULES,
            gate: &self.gate,
        };
        match self.session.call(&call).await {
            Ok(answer) => Ok(answer.value),
            Err(mut refusal) => {
                // A service that repeats the key is not quoted (R5).
                refusal.said.take_if(|said| self.key.is_in(said.text()));
                self.note_pause(&refusal);
                Err(refusal.into())
            }
        }
    }

    /// An error during a long pause that LastPass has asked for. Many calls may wait for their turn when the pause begins; all their
    /// requests would be refused.
    fn check_pause(&self, endpoint: &Endpoint) -> Result<(), Failed> {
        let paused_until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.session.after(Duration::ZERO);
        let Some(until) = paused_until.filter(|until| now.is_none_or(|now| now < *until)) else {
            return Ok(());
        };
        let what = format!("{endpoint}: LastPass has asked for a pause");
        Err(Failed::Later(what, Some(until)))
    }

    /// Remembers a pause that LastPass asks for, if it is a long one.
    fn note_pause(&self, refusal: &Refusal) {
        let is_long = |until: &Timestamp| self.session.after(LONG_PAUSE).is_none_or(|soon| soon < *until);
        let until = refusal.not_before.filter(is_long);
        if refusal.status == Some(429) && until.is_some() {
            *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
    }

    /// An address below the API.
    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let path: Vec<&str> = ["business", "v1"].iter().chain(path).copied().collect();
        let mut url = self.url.path(&path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// The path of the users of a company.
fn users_of(company: &ManagedCompanyId) -> [&str; 3] {
    ["managed-companies", number_of(company), "users"]
}

/// LastPass' own id of a company: ours tells its directory besides.
fn number_of(company: &ManagedCompanyId) -> &str {
    let id = company.as_str();
    id.strip_prefix(LASTPASS_COMPANY).unwrap_or(id)
}
