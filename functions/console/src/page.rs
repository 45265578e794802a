//! What every page has in common, as its template reads it.

use domain::language::Language;
use jiff::Timestamp;

use crate::api;
use crate::language::{self, Pair};
use crate::visit::Visit;
use crate::words::Word;

/// A link of a path or a list of steps.
#[derive(Debug, Clone)]
pub(crate) struct Crumb {
    pub href: String,
    pub name: String,
}

/// A step of the wizard.
#[derive(Debug, Clone)]
pub(crate) struct StepLink {
    pub name: &'static str,
    pub href: Option<String>,
    pub state: StepState,
}

impl StepLink {
    /// The class of its looks.
    pub(crate) fn class(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Current => "current",
            StepState::Ahead => "ahead",
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == StepState::Done
    }

    pub(crate) fn is_current(&self) -> bool {
        self.state == StepState::Current
    }
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    Done,
    Current,
    Ahead,
}

/// A count as templates hand it over: by reference, however deep.
pub(crate) trait Number {
    fn value(&self) -> u64;
}

impl Number for u64 {
    fn value(&self) -> u64 {
        *self
    }
}

impl<N: Number> Number for &N {
    fn value(&self) -> u64 {
        (**self).value()
    }
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    language: Language,
    pub title: String,
    pub who: Option<String>,
    pub keys: bool,
    pub crumbs: Vec<Crumb>,
    pub steps: Vec<StepLink>,
    /// Said once, on the page after something was done.
    pub saved: Option<String>,
    /// Asks to be looked at again after so many seconds, while something goes on.
    pub again: Option<u8>,
    address: String,
}

impl Page {
    pub(crate) fn new(visit: &Visit, title: impl Into<String>) -> Self {
        Self {
            language: visit.language,
            title: title.into(),
            who: visit.session.as_ref().map(|session| session.name.clone()),
            keys: visit.keys,
            crumbs: Vec::new(),
            steps: Vec::new(),
            saved: None,
            again: None,
            address: visit.page().to_owned(),
        }
    }

    /// With a title in both languages.
    pub(crate) fn titled(visit: &Visit, title: (&'static str, &'static str)) -> Self {
        Self::new(visit, language::pick(visit.language, title.0, title.1))
    }

    #[must_use]
    pub(crate) fn crumb(mut self, href: impl Into<String>, name: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            href: href.into(),
            name: name.into(),
        });
        self
    }

    #[cfg(test)]
    pub(crate) fn of_test(language: Language) -> Self {
        Self {
            language,
            title: String::new(),
            who: None,
            keys: true,
            crumbs: Vec::new(),
            steps: Vec::new(),
            saved: None,
            again: None,
            address: String::new(),
        }
    }

    /// The one of a pair.
    pub(crate) fn t(&self, english: &'static str, dutch: &'static str) -> &'static str {
        language::pick(self.language, english, dutch)
    }

    /// The one of a pair, for one thing or for many.
    pub(crate) fn many(&self, count: impl Number, one: &Pair, many: &Pair) -> String {
        let &(english, dutch) = if count.value() == 1 { one } else { many };
        format!("{} {}", self.n(count), self.t(english, dutch))
    }

    /// A word of a pair that comes with its looks.
    pub(crate) fn w(&self, word: &Word) -> &'static str {
        self.t(word.0, word.1)
    }

    /// A number.
    pub(crate) fn n(&self, number: impl Number) -> String {
        language::number(self.language, number.value())
    }

    /// The least time that something takes, rounded down: in seconds below one minute, in minutes below two hours, then in hours.
    pub(crate) fn lasts_at_least(&self, seconds: impl Number) -> String {
        let seconds = seconds.value();
        let (minute, minutes) = (("minute", "minuut"), ("minutes", "minuten"));
        match seconds {
            0..60 => self.many(seconds, &("second", "seconde"), &("seconds", "seconden")),
            60..7_200 => self.many(seconds / 60, &minute, &minutes),
            _ => self.many(seconds / 3_600, &("hour", "uur"), &("hours", "uur")),
        }
    }

    /// A moment.
    pub(crate) fn moment(&self, moment: &Timestamp) -> String {
        language::moment(self.language, moment)
    }

    /// The language, as HTML names it.
    pub(crate) fn lang(&self) -> &'static str {
        self.t("en", "nl")
    }

    /// This very page; after a form was sent, the one that it was on.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The same, as the value of a field.
    pub(crate) fn here(&self) -> String {
        api::escaped(&self.address)
    }
}
