//! How somebody looks at a page.

/// Each is a way in which every page must be usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// The light scheme.
    Light,
    /// The dark scheme.
    Dark,
    /// 320 px wide, as at 400 % zoom.
    Narrow,
    /// Text twice as large.
    Large,
}

impl Looks {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Light, Self::Dark, Self::Narrow, Self::Large];

    /// As it stands in the names of pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Narrow => "narrow",
            Self::Large => "large",
        }
    }
}
