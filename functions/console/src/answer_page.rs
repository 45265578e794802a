//! Answers: a rendered page, the page of a refusal, or a redirect.

use askama::Template;
use axum::http::header::{ALLOW, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use crate::api::Problem;
use crate::own_page::HOME;
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::visit::Visit;

/// Renders a page.
#[expect(clippy::unnecessary_wraps, reason = "what handlers end with")]
pub(crate) fn show(template: &impl Template) -> Answer {
    Ok(show_as(StatusCode::OK, template))
}

/// Renders a page with a status.
pub(crate) fn show_as(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Renders the page of a form, with the status of the problem for which it comes back, if there is one.
pub(crate) fn show_form(problem: Option<&Problem>, template: &impl Template) -> Response {
    let status = problem.and_then(|problem| StatusCode::from_u16(problem.status).ok());
    show_as(status.unwrap_or(StatusCode::OK), template)
}

/// Leads on after something was done, so that loading again repeats nothing.
pub(crate) fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The answer of a handler, or the page of what it refused.
pub(crate) fn rendered(visit: &Visit, response: Response) -> Response {
    let Some(refused) = response.extensions().get::<Refused>() else {
        return response;
    };
    match refused {
        Refused::SignedOut if visit.reads && visit.from_elsewhere && visit.session.is_none() => {
            // The browser keeps the cookie back when another site leads here, and sends it from a page of ours.
            onwards(visit, &visit.address)
        }
        // Not a redirect: browsers follow none to another site from a form that searches, nor does the script.
        Refused::SignedOut if visit.reads => {
            let to = format!("/console/sign-in?to={}", crate::api::escaped(&visit.address));
            let page = Page::new(visit, pair(visit, "You are not signed in", "U bent niet aangemeld"));
            show_as(StatusCode::OK, &SignIn { page, to: &to })
        }
        Refused::SignedOut => ended(visit),
        Refused::Problem(problem) => of_problem(visit, problem),
        Refused::NotFound => {
            let page = Page::new(visit, pair(visit, "No such page", "Deze pagina bestaat niet"));
            let says = page.t(
                "There is nothing at this address, or it belongs to somebody else.",
                "Er staat niets op dit adres, of het is van iemand anders.",
            );
            show_as(StatusCode::NOT_FOUND, &NoPage { page, says })
        }
        Refused::WrongMethod => {
            let page = Page::new(visit, pair(visit, "Nothing to see here", "Hier is niets te zien"));
            let says = page.t(
                "This address only takes what a form sends. Nothing was changed.",
                "Dit adres neemt alleen aan wat een formulier verstuurt. Er is niets gewijzigd.",
            );
            let mut page = show_as(StatusCode::METHOD_NOT_ALLOWED, &NoPage { page, says });
            if let Some(allowed) = response.headers().get(ALLOW) {
                page.headers_mut().insert(ALLOW, allowed.clone());
            }
            page
        }
        Refused::Unreachable => {
            let page = Page::new(
                visit,
                pair(visit, "The service does not answer", "De dienst antwoordt niet"),
            );
            let again = visit.reads;
            let back = visit.came_from.as_deref().filter(|_| !visit.reads);
            show_as(StatusCode::BAD_GATEWAY, &Unreachable { page, again, back })
        }
    }
}

fn pair(visit: &Visit, english: &'static str, dutch: &'static str) -> &'static str {
    crate::language::pick(visit.language, english, dutch)
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    page: Page,
    problem: &'a Problem,
    /// Whether to ask for the same page again may help.
    again: bool,
    /// The integration that the address is about.
    integration: Option<String>,
    import: Option<String>,
    /// The page whose form was refused.
    back: Option<&'a str>,
}

fn of_problem(visit: &Visit, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_GATEWAY);
    // No button leads to the very page that did not come.
    let segment = |of: &str| {
        let rest = visit.address.split_once(of)?.1;
        let id = rest.split(['/', '?']).next()?;
        let is_of_this_page = visit.reads && rest.split('?').next() == Some(id);
        (!id.is_empty() && id != "new" && !is_of_this_page).then(|| id.to_owned())
    };
    let page = Page::new(visit, pair(visit, "This did not work", "Dit is niet gelukt"));
    let integration = segment("/console/integrations/");
    let import = problem.fact("import").or_else(|| segment("/console/imports/"));
    show_as(
        status,
        &ProblemPage {
            page,
            problem,
            again: visit.reads && problem.retryable,
            integration,
            import,
            back: visit.came_from.as_deref().filter(|_| !visit.reads),
        },
    )
}

#[derive(Template)]
#[template(path = "no_page.html")]
struct NoPage {
    page: Page,
    says: &'static str,
}

#[derive(Template)]
#[template(path = "unreachable.html")]
struct Unreachable<'a> {
    page: Page,
    /// Whether to ask for the same page again may help.
    again: bool,
    /// The page whose form got no answer.
    back: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "ended.html")]
struct Ended<'a> {
    page: Page,
    /// The page to come back to.
    to: &'a str,
}

/// Somebody sent a form after their session had ended.
fn ended(visit: &Visit) -> Response {
    let page = Page::new(visit, pair(visit, "Your session has ended", "Uw sessie is afgelopen"));
    show_as(
        StatusCode::UNAUTHORIZED,
        &Ended {
            page,
            to: visit.came_from.as_deref().unwrap_or(HOME),
        },
    )
}

#[derive(Template)]
#[template(path = "sign_in_failed.html")]
struct SignInFailed {
    page: Page,
}

/// The sign-in was refused, at the provider or here.
pub(crate) fn sign_in_failed(visit: &Visit) -> Response {
    let page = Page::new(visit, pair(visit, "You are not signed in", "U bent niet aangemeld"));
    show_as(StatusCode::BAD_REQUEST, &SignInFailed { page })
}

#[derive(Template)]
#[template(path = "provider_silent.html")]
struct ProviderSilent<'a> {
    page: Page,
    /// The page that was asked for.
    to: &'a str,
}

/// The provider does not answer: nobody can sign in, and nothing is wrong with those who try.
pub(crate) fn provider_silent(visit: &Visit, to: &str) -> Response {
    let title = pair(
        visit,
        "The sign-in service does not answer",
        "De aanmelddienst antwoordt niet",
    );
    let page = Page::new(visit, title);
    show_as(StatusCode::BAD_GATEWAY, &ProviderSilent { page, to })
}

#[derive(Template)]
#[template(path = "token_too_long.html")]
struct TokenTooLong {
    page: Page,
}

/// The provider's token fits no cookie. Its page leads nowhere by itself: signing in again would come to the same.
pub(crate) fn token_too_long(visit: &Visit) -> Response {
    let page = Page::new(visit, pair(visit, "The token is too long", "Het token is te lang"));
    show_as(StatusCode::BAD_GATEWAY, &TokenTooLong { page })
}

#[derive(Template)]
#[template(path = "sign_in_not_recorded.html")]
struct SignInNotRecorded<'a> {
    page: Page,
    /// What the API says, if it says anything.
    problem: Option<&'a Problem>,
    /// The page that was asked for.
    to: &'a str,
}

/// The provider let somebody in, and the audit trail did not take the sign-in: nobody is signed in.
pub(crate) fn sign_in_not_recorded(visit: &Visit, refused: &Refused, to: &str) -> Response {
    let page = Page::new(visit, pair(visit, "You are not signed in", "U bent niet aangemeld"));
    let problem = match refused {
        Refused::Problem(problem) => Some(problem.as_ref()),
        Refused::SignedOut | Refused::NotFound | Refused::WrongMethod | Refused::Unreachable => None,
    };
    let status = problem.and_then(|problem| StatusCode::from_u16(problem.status).ok());
    let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
    show_as(status, &SignInNotRecorded { page, problem, to })
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    page: Page,
}

/// After signing out; signs nobody in again by itself.
pub(crate) fn signed_out(visit: &Visit) -> Response {
    let page = Page::new(visit, pair(visit, "Signed out", "Afgemeld"));
    show_as(StatusCode::OK, &SignedOut { page })
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    page: Page,
    to: &'a str,
}

#[derive(Template)]
#[template(path = "onwards.html")]
struct Onwards<'a> {
    page: Page,
    to: &'a str,
}

/// A page of ours that goes on by itself: what comes next is then sent from this site.
pub(crate) fn onwards(visit: &Visit, to: &str) -> Response {
    let page = Page::new(visit, pair(visit, "One moment", "Een ogenblik"));
    show_as(StatusCode::OK, &Onwards { page, to })
}
