//! How somebody uses a page.

/// What they have at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// A mouse.
    Mouse,
    /// A keyboard alone.
    Keyboard,
}
