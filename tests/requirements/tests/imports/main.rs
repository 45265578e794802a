//! Whole imports, first and later ones, undisturbed and disturbed.

mod directory;
mod later;
mod run;
mod survival;
