//! Finds managed companies that could be meant although they have another name (R23): by similar names, by the domain of their
//! e-mail addresses and by their web site. The result is a suggestion; an administrator decides.

mod domains;
mod index;
mod legal_forms;
mod like;
mod likeness;
mod words;

pub use domains::{Domain, main_domain, of_web_site};
pub use index::{Suggestions, Traits};
pub use like::Like;

/// The most suggestions that a row has.
pub const MAX_SUGGESTIONS: usize = 5;

#[cfg(test)]
mod tests;
