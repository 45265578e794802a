//! Who is signed in (R92). The tokens stay in sealed cookies that no script can read; they never reach a page.

mod cookies;
mod endpoints;
mod provider;
mod seal;
mod secret;
mod sign_in;
mod sign_out;
mod signed_in;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

pub(crate) use cookies::plain;
pub(crate) use endpoints::Endpoints;
pub(crate) use secret::Secret;
pub(crate) use sign_in::own_page;
pub(crate) use signed_in::Session;

use crate::Console;
use crate::answer_page;
use crate::visit::Visit;
use cookies::{RENEWAL, SESSION};
use signed_in::LONGEST_SECONDS;

/// Renewed when less than this is left, so that no call meets the end.
const RENEW_BEFORE_SECONDS: i64 = 60;

pub(crate) fn routes() -> axum::Router<Console> {
    sign_out::routes(sign_in::routes())
}

/// Opens the cookies of a request, renews the session if it is about to end, and renders what its handler refused.
pub(crate) async fn open(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let opened = match console.secret().await {
        Ok(secret) => opened(&console, secret, request.headers()).await,
        Err(error) => {
            tracing::error!(%error, "the console has no secret");
            Opened::default()
        }
    };
    let visit = Visit::of(&request, opened.session);
    request.extensions_mut().insert(visit.clone());
    let response = next.run(request).await;
    let mut response = answer_page::rendered(&visit, response);
    if let Some(cookies) = opened.renewed {
        for cookie in &cookies {
            cookies::append(&mut response, cookie);
        }
    }
    response
}

#[derive(Default)]
struct Opened {
    session: Option<Session>,
    /// What to send back when it was renewed.
    renewed: Option<Vec<String>>,
}

async fn opened(console: &Console, secret: &Secret, headers: &HeaderMap) -> Opened {
    let now = Timestamp::now().as_second();
    let session = cookies::read(headers, SESSION, &secret.seal);
    let session: Option<Session> = session.and_then(|text| serde_json::from_str(&text).ok());
    let Some(session) = session.filter(|session| now < session.since + LONGEST_SECONDS) else {
        return Opened::default();
    };
    if now + RENEW_BEFORE_SECONDS < session.until {
        return Opened {
            session: Some(session),
            renewed: None,
        };
    }
    match cookies::read(headers, RENEWAL, &secret.seal) {
        Some(renewal) => renewed(console, secret, session, &renewal).await,
        None => Opened {
            session: Some(session).filter(|session| session.is_good(now)),
            renewed: None,
        },
    }
}

async fn renewed(console: &Console, secret: &Secret, session: Session, renewal: &str) -> Opened {
    let now = Timestamp::now().as_second();
    match provider::renew(console, secret, renewal).await {
        Ok(tokens) => {
            let cookies = tokens.cookies(secret, session.since, Some(renewal));
            Opened {
                session: Some(tokens.session(session.since)),
                renewed: Some(cookies),
            }
        }
        Err(error) => {
            tracing::info!(%error, "a session could not be renewed");
            Opened {
                session: Some(session).filter(|session| session.is_good(now)),
                renewed: None,
            }
        }
    }
}
