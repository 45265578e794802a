//! Who is signed in (R92). The tokens stay in sealed cookies that no script can read; they never reach a page.

mod claims;
mod cookies;
mod endpoints;
mod provider;
mod renewal;
mod seal;
mod secret;
mod sign_in;
mod sign_out;
mod signed_in;

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

pub(crate) use cookies::plain;
pub(crate) use endpoints::Endpoints;
pub(crate) use renewal::Renewal;
pub(crate) use secret::Secret;
pub(crate) use signed_in::Session;

use crate::Console;
use crate::answer_page;
use crate::refused::Refused;
use crate::visit::Visit;
use cookies::{RENEWAL, SESSION};
use provider::ProviderError;
use signed_in::Age;

pub(crate) fn routes() -> axum::Router<Console> {
    sign_out::routes(sign_in::routes())
}

/// A request may take so long as a whole, whatever each of its calls may: after 29 seconds Lambda ends the function, and no page comes.
const LONGEST: Duration = Duration::from_secs(27);

/// Opens the cookies of a request, renews the session if it is about to end, and renders what its handler refused.
pub(crate) async fn open(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let deadline = Instant::now() + LONGEST;
    // A token renewed while signing out would outlive the session. Files are the same for everybody.
    let path = request.uri().path();
    let renews = path != sign_out::PATH && !path.starts_with("/console/assets/");
    let opened = timeout_at(deadline, opened(&console, request.headers(), renews)).await;
    let is_late = opened.is_err();
    let opened = opened.unwrap_or_default();
    let visit = Visit::of(&request, opened.session);
    request.extensions_mut().insert(visit.clone());
    if let Some(renewal) = &opened.renewal {
        request.extensions_mut().insert(renewal.clone());
    }
    let answer = if is_late {
        None
    } else {
        timeout_at(deadline, next.run(request)).await.ok()
    };
    let response = answer.unwrap_or_else(|| Refused::Unreachable.into_response());
    let mut response = answer_page::rendered(&visit, response);
    // Signing in has set these cookies, or signing out has taken them back: that counts.
    if !cookies::is_set(&response, SESSION) {
        let late = opened.renewal.as_ref().map_or(&[][..], Renewal::cookies);
        for cookie in opened.renewed.iter().chain(late) {
            cookies::append(&mut response, cookie);
        }
    }
    response
}

#[derive(Default)]
struct Opened {
    session: Option<Session>,
    /// The cookies to send back, if it was renewed.
    renewed: Vec<String>,
    /// How to renew it if the API refuses its token.
    renewal: Option<Renewal>,
}

async fn opened(console: &Console, headers: &HeaderMap, renews: bool) -> Opened {
    let secret = match console.secret().await {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(%error, "the console has no secret");
            return Opened::default();
        }
    };
    let now = Timestamp::now().as_second();
    let session = cookies::read(headers, SESSION, &secret.seal);
    let session: Option<Session> = session.and_then(|text| serde_json::from_str(&text).ok());
    let Some(session) = session else {
        return Opened::default();
    };
    let refresh = cookies::read(headers, RENEWAL, &secret.seal).filter(|_| renews);
    match (session.age(now), refresh) {
        (Age::Over, _) => Opened::default(),
        (Age::Fresh, refresh) => Opened {
            renewal: refresh.map(|refresh| Renewal::new(console.clone(), session.since, refresh)),
            session: Some(session),
            renewed: Vec::new(),
        },
        (Age::Old, Some(refresh)) => renewed(console, secret, session, &refresh).await,
        (Age::Old, None) => as_it_is(session),
    }
}

async fn renewed(console: &Console, secret: &Secret, session: Session, refresh: &str) -> Opened {
    let renewed = async {
        let tokens = provider::renew(console, secret, refresh).await?;
        Ok(Opened {
            session: Some(tokens.session(session.since)),
            renewed: tokens.cookies(secret, session.since, Some(refresh))?,
            renewal: None,
        })
    };
    let renewed: Result<Opened, ProviderError> = renewed.await;
    match renewed {
        Ok(opened) => opened,
        Err(error) => {
            tracing::info!(%error, "a session could not be renewed");
            as_it_is(session)
        }
    }
}

/// A session that cannot be renewed, as long as its token is good.
fn as_it_is(session: Session) -> Opened {
    let now = Timestamp::now().as_second();
    Opened {
        session: Some(session).filter(|session| session.is_good(now)),
        ..Opened::default()
    }
}
