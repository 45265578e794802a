//! Signing out: here, at the provider, and of what could be renewed.

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};

use super::cookies::{self, RENEWAL, SESSION, append, gone};
use super::provider;
use crate::Console;
use crate::answer_page::{onwards, signed_out};
use crate::visit::Visit;

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
    if let Ok(secret) = console.secret().await
        && let Some(refresh) = cookies::read(&headers, RENEWAL, &secret.seal)
    {
        provider::revoke(&console, secret, &refresh).await;
    }
    let mut response = onwards(&visit, &provider_page(&console).await);
    for name in [SESSION, RENEWAL] {
        append(&mut response, &gone(name));
    }
    response
}

/// Cognito wants `client_id` and `logout_uri` where the standard has `post_logout_redirect_uri`: all three are sent.
async fn provider_page(console: &Console) -> String {
    let here = format!("{}/console/signed-out", console.settings.origin);
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
