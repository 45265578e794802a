//! Signing out: here, at the provider, and of what could be renewed.

use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use tokio::time::timeout;

use super::cookies::{self, RENEWAL, SESSION, append, gone};
use super::provider;
use crate::Console;
use crate::answer_page::{onwards, signed_out};
use crate::visit::Visit;

/// A provider that is silent for longer does not learn of it: the browser gives up its cookies all the same.
const LONGEST_AT_PROVIDER: Duration = Duration::from_secs(10);

/// Where the form of signing out is sent to.
pub(super) const PATH: &str = "/console/sign-out";

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route(PATH, post(end)).route(
        "/console/signed-out",
        get(|Extension(visit): Extension<Visit>| async move { signed_out(&visit) }),
    )
}

/// Answers with a page that goes on, since a form may not lead to another site under the policy.
async fn end(State(console): State<Console>, Extension(visit): Extension<Visit>, headers: HeaderMap) -> Response {
    let at_provider = async {
        if let Ok(secret) = console.secret().await
            && let Some(refresh) = cookies::read(&headers, RENEWAL, &secret.seal)
        {
            provider::revoke(&console, secret, &refresh).await;
        }
        provider_page(&console).await
    };
    let next = timeout(LONGEST_AT_PROVIDER, at_provider).await;
    let mut response = onwards(&visit, &next.unwrap_or_else(|_| here(&console)));
    for name in [SESSION, RENEWAL] {
        append(&mut response, &gone(name));
    }
    response
}

/// The page of the console after signing out.
fn here(console: &Console) -> String {
    format!("{}/console/signed-out", console.settings.origin)
}

/// Cognito wants `client_id` and `logout_uri` where the standard has `post_logout_redirect_uri`: all three are sent.
async fn provider_page(console: &Console) -> String {
    let here = here(console);
    let endpoints = console.endpoints().await.ok();
    let page = endpoints.and_then(|endpoints| endpoints.end_session_endpoint.as_deref());
    let Some(mut page) = page.and_then(|page| url::Url::parse(page).ok()) else {
        return here;
    };
    page.query_pairs_mut()
        .append_pair("client_id", &console.settings.client_id)
        .append_pair("logout_uri", &here)
        .append_pair("post_logout_redirect_uri", &here);
    page.into()
}
