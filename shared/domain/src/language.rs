//! The languages of administrators.

/// A language of the texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English, also for everyone who asks for a language there is no text in.
    #[default]
    English,
    /// Dutch.
    Dutch,
}

impl Language {
    /// The best of `Accept-Language`: the range with the highest weight for which there are texts.
    pub fn accepted(header: &str) -> Self {
        let weighted = header.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next()?.to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            let language = match tag.split('-').next()? {
                "nl" => Self::Dutch,
                "en" | "*" => Self::English,
                _ => return None,
            };
            (weight > 0.0).then_some((weight, language))
        });
        // The first of equal weight wins, as written.
        weighted
            .fold(
                (0.0, Self::English),
                |best, next| if next.0 > best.0 { next } else { best },
            )
            .1
    }

    /// The language tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Dutch => "nl",
        }
    }

    /// The text in this language.
    pub const fn pick<'a>(self, english: &'a str, dutch: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Dutch => dutch,
        }
    }
}
