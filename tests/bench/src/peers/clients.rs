//! The clients that others wrote, and how and when each reads.

use domain::psa::PsaKind;

/// A client from a registry of packages.
pub(crate) struct Client {
    /// Its name in the registry.
    pub package: &'static str,
    pub kind: PsaKind,
    /// What reads with it, in `tests/bench/peers`.
    pub script: &'static str,
    /// How its documentation reads.
    documented: &'static str,
    /// Its best settings.
    best: &'static str,
    /// Whether it has a way of its own to ask only for what changed.
    pub incremental: bool,
    /// What it leaves to its caller.
    pub cannot: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum Settings {
    Documented,
    Best,
}

/// Everything is read once, and once more when nothing has changed.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Round {
    First,
    Unchanged,
}

/// Store rows, resume after a crash, prove that no row is missing, and compare with what was read before.
const ONLY_READS: &str = "store, resume, prove, compare";

pub(crate) const CLIENTS: [Client; 5] = [
    Client {
        package: "pyconnectwise",
        kind: PsaKind::Connectwise,
        script: "pyconnectwise_read.py",
        documented: "pages of 100, a list",
        best: "pages of 1,000, only needed fields, no list",
        incremental: false,
        cannot: ONLY_READS,
    },
    Client {
        package: "connectwise-rest",
        kind: PsaKind::Connectwise,
        script: "connectwise-rest.mjs",
        documented: "its own pages of 1,000",
        best: "pages of 1,000, only needed fields, both lists at once",
        incremental: false,
        cannot: ONLY_READS,
    },
    Client {
        package: "django-connectwise",
        kind: PsaKind::Connectwise,
        script: "django_connectwise_read.py",
        documented: "batches of 50",
        best: "batches of 1,000",
        incremental: true,
        cannot: "resume, prove, see what is gone",
    },
    Client {
        package: "py-autotask",
        kind: PsaKind::Autotask,
        script: "py_autotask_read.py",
        documented: "`query_all`, which ends after its first page",
        best: "by id, pages of 500, only needed fields, no list",
        incremental: false,
        cannot: ONLY_READS,
    },
    Client {
        package: "@apigrate/autotask-restapi",
        kind: PsaKind::Autotask,
        script: "apigrate.mjs",
        documented: "one query, as it has no paging",
        best: "by id, pages of 500, only needed fields, both lists at once, no list",
        incremental: false,
        cannot: ONLY_READS,
    },
];

impl Client {
    pub(crate) const fn settings(&self, settings: Settings) -> &'static str {
        match settings {
            Settings::Documented => self.documented,
            Settings::Best => self.best,
        }
    }
}

impl Settings {
    pub(crate) const BOTH: [Self; 2] = [Self::Documented, Self::Best];

    /// What the scripts call them.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Best => "best",
        }
    }
}

impl Round {
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Unchanged];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unchanged => "unchanged",
        }
    }
}
