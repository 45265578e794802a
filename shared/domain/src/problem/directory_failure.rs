//! Why a directory fails.

/// Why a directory that is another system cannot be used (R81).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryFailure {
    /// It rejects the key.
    Unauthorized,
    /// The key lacks a right.
    Forbidden,
    /// The key is another account's.
    OtherAccount,
    /// No answer, or one that cannot be used.
    Unavailable,
}
