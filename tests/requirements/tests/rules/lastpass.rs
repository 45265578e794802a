//! Section U: LastPass as the directory.

mod choice;
mod creating;
mod limits;
mod reading;
mod statuses;
