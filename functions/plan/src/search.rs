//! Searching in names.

use domain::name::NameKey;

/// Whether a name holds what is searched for, however either is spelled.
pub fn contains(name: &str, search: &str) -> bool {
    NameKey::of(name).as_str().contains(NameKey::of(search).as_str())
}
