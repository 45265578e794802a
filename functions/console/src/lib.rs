//! The console: the wizard in a browser (R90–R94). Pages are rendered here from what the JSON API answers to the administrator's own
//! token. Every page is links and forms; the one script only makes it quicker.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "templates hand fields over by reference, however small"
)]

mod answer;
mod answer_page;
mod api;
mod assets;
mod caller;
mod charts;
mod console;
mod fields;
mod form;
mod guard;
mod language;
mod own_page;
mod page;
mod refused;
mod screens;
mod session;
mod settings;
mod views;
mod visit;
mod words;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http_client::NoClient;
use lambda::Function;

pub(crate) use console::Console;
pub use settings::{ReadSecret, Settings, SettingsError, TokenKind};

/// The function.
pub fn function(settings: Settings) -> Result<Function, NoClient> {
    let console = Console::new(settings)?;
    let router = screens::routes(Router::new())
        .merge(session::routes())
        .merge(assets::routes())
        .fallback(screens::no_such_page)
        .method_not_allowed_fallback(screens::wrong_method)
        .layer(from_fn_with_state(console.clone(), session::open))
        .layer(from_fn(guard::watch))
        .with_state(console);
    Ok(Function::new(answer::answer(router)))
}
