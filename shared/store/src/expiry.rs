//! When the imports table forgets what an import left there.

use domain::import::Import;

/// How long the work of an import is kept; its line in the history is kept for good.
const KEPT_DAYS: i64 = 90;

/// The attribute by which the imports table forgets.
pub(crate) const EXPIRES: &str = "expires";

/// When the work of an import is forgotten, in seconds of Unix time.
pub(crate) fn expires(import: &Import) -> i64 {
    import.started_at.as_second() + KEPT_DAYS * 24 * 3600
}
