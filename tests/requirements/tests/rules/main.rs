//! The requirements, a file for each of their sections and for what deserves one of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod addresses;
mod adoption;
mod advice;
mod alarms;
mod attributes;
mod audit;
mod bad_input;
mod billed_by_use;
mod bulk;
mod bulk_failed;
mod bulk_targets;
mod by_hand;
mod changed_address;
mod clocks;
mod companies;
mod dangling;
mod decisions;
mod directory;
mod document;
mod dropped;
mod due_at_once;
mod events;
mod exclusions;
mod expiring;
mod fair_share;
mod fetch;
mod filter;
mod find;
mod former_company;
mod hand_over;
mod hidden_rows;
mod impossible;
mod incremental;
mod integrations;
mod kept_plan;
mod large;
mod large_company;
mod licences;
mod limits;
mod lock;
mod mappings;
mod mass_change;
mod messages;
mod never;
mod night;
mod not_in_rows;
mod nothing_to_do;
mod one_to_one;
mod operation;
mod overdue;
mod people;
mod people_rules;
mod plan;
mod progress;
mod removal;
mod result;
mod retention;
mod roster;
mod rows;
mod rules_table;
mod same_address;
mod schedules;
mod shared_address;
mod status;
mod stopping;
mod successor;
mod suggestions;
mod survival;
mod suspicious;
mod tabs;
mod tenant;
mod throttled;
mod tick;
mod triggers;
mod unattended;
mod unclean;
mod write_units;
