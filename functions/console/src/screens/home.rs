//! `/console`: the integrations, first of all those that wait for a person; and the licences.

use askama::Template;
use axum::Router;
use axum::routing::get;
use domain::import::ImportState;

use crate::Console;
use crate::answer_page::show;
use crate::caller::Caller;
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Integration, Licences, List};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console", get(home)).route("/console/", get(home))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    me: String,
    integrations: Vec<Integration>,
    licences: Licences,
}

impl Home {
    /// Unattended imports that stopped, and wait for somebody.
    fn waiting(&self) -> impl Iterator<Item = (&Integration, &str, &str)> {
        self.integrations.iter().filter_map(|integration| {
            let last = integration.last_import.as_ref()?;
            // An import that has stopped no longer counts as unattended.
            let stopped = last.stopped.as_ref().filter(|_| last.state == ImportState::Review)?;
            Some((integration, last.id.as_str(), stopped.detail.as_str()))
        })
    }
}

async fn home(caller: Caller) -> Answer {
    let (integrations, licences) = futures::try_join!(
        caller.api.get::<List<Integration>>("/integrations?limit=500"),
        caller.api.get("/licences")
    )?;
    show(&Home {
        page: Page::titled(&caller.visit, ("Integrations", "Integraties")),
        me: caller.name,
        integrations: integrations.items,
        licences,
    })
}
