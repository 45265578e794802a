//! `/console/imports/{x}`: where it stands, the download, and what can be done with the import as a whole.

use std::borrow::Cow;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::import::ImportState;

use super::frame::{Frame, OF_ONE_VISIT, Step, api, path, query};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::own_page;
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Import, List};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}", get(lead))
        .route("/console/imports/{x}/download", get(download))
        .route("/console/imports/{x}/cancel", post(cancel))
        .route("/console/imports/{x}/keep", post(keep))
}

/// Leads to the page that fits the state of the import, with what failed in the import before it.
async fn lead(caller: Caller, Path(import): Path<String>) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let failed = failed_before(&caller, &frame).await?;
    let page = match frame.import.state {
        ImportState::Fetching => "download",
        ImportState::Review => "companies",
        ImportState::Failed if frame.import.counts.is_none() => "download",
        ImportState::Executing | ImportState::Done | ImportState::Failed | ImportState::Cancelled => "result",
    };
    let address = format!("{}/{page}", path(&import));
    Ok(redirect(&match failed {
        Some(failed) => format!("{address}?{}", query(&[("failed", &failed)])),
        None => address,
    }))
}

/// The import that wrote last before this one, if rows of it failed and this administrator may still select them (R75).
async fn failed_before(caller: &Caller, frame: &Frame) -> Result<Option<String>, Refused> {
    let import = &frame.import;
    if !frame.mine || !matches!(import.state, ImportState::Fetching | ImportState::Review) {
        return Ok(None);
    }
    let history = format!("/integrations/{}/imports?limit=20", escaped(&import.integration));
    let history: List<Import> = caller.api.get(&history).await?;
    let before = history.items.into_iter().skip_while(|other| other.id != import.id);
    let mut wrote = before.filter_map(|other| Some((other.id, other.counts?.failed())));
    let last = wrote.next().filter(|(_, failed)| *failed > 0);
    Ok(last.map(|(id, _)| id))
}

#[derive(Template)]
#[template(path = "download.html")]
struct Download {
    page: Page,
    frame: Frame,
    path: String,
}

async fn download(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let title = match frame.import.state {
        ImportState::Fetching => ("Downloading", "Bezig met ophalen"),
        ImportState::Failed => ("The download failed", "Het ophalen is mislukt"),
        ImportState::Review => {
            let failed = query(&[("failed", fields.text("failed"))]);
            return Ok(redirect(&format!("{}/companies?{failed}", path(&import))));
        }
        ImportState::Executing | ImportState::Done | ImportState::Cancelled => {
            return Ok(redirect(&format!("{}/result", path(&import))));
        }
    };
    let mut page = frame.page(&caller, Step::Download, title, &fields);
    page.again = (frame.import.state == ImportState::Fetching).then_some(2);
    show(&Download {
        page,
        path: path(&import),
        frame,
    })
}

async fn cancel(caller: Caller, Path(import): Path<String>) -> Answer {
    caller.api.send(Method::DELETE, &api(&import), None).await?;
    Ok(redirect(&path(&import)))
}

/// Reading does not renew the lock (R72): an administrator who needs longer says so (WCAG 2.2.1).
async fn keep(caller: Caller, Path(import): Path<String>, Form(form): Form) -> Answer {
    caller
        .api
        .send(Method::POST, &format!("{}/keep", api(&import)), None)
        .await?;
    let back = own_page(form.get("back"));
    let (page, asked) = back.split_once('?').unwrap_or((&back, ""));
    let asked: Vec<(Cow<str>, Cow<str>)> = url::form_urlencoded::parse(asked.as_bytes()).collect();
    let kept = asked.iter().filter(|(name, _)| !OF_ONE_VISIT.contains(&&**name));
    let kept = kept.map(|(name, value)| (&**name, &**value));
    let asked: Vec<(&str, &str)> = kept.chain([("saved", "keep")]).collect();
    Ok(redirect(&format!("{page}?{}", query(&asked))))
}
