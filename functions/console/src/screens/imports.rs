//! `/console/imports/{x}`: where it stands, the download, and what can be done with the import as a whole.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::import::ImportState;

use super::frame::{Frame, Step, api, path, query};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::own_page;
use crate::page::Page;
use crate::refused::Answer;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}", get(lead))
        .route("/console/imports/{x}/download", get(download))
        .route("/console/imports/{x}/cancel", post(cancel))
        .route("/console/imports/{x}/keep", post(keep))
}

/// Leads to the page that fits the state of the import.
async fn lead(caller: Caller, Path(import): Path<String>) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let page = match frame.import.state {
        ImportState::Fetching => "download",
        ImportState::Review => "companies",
        ImportState::Failed if frame.import.counts.is_none() => "download",
        ImportState::Executing | ImportState::Done | ImportState::Failed | ImportState::Cancelled => "result",
    };
    Ok(redirect(&format!("{}/{page}", path(&import))))
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
    let mark = if back.contains('?') { '&' } else { '?' };
    Ok(redirect(&format!("{back}{mark}saved=keep")))
}
