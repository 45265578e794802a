//! The project's own commands: `cargo xtask`.

pub mod circles;
pub mod root;
