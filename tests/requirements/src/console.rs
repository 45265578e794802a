//! The console as somebody uses it: a browser without a screen and without script, which checks every page that it shows.

pub mod browser;
mod checks;
mod html;
pub mod page;
