//! The rows of the table of bad nights: which fault, from which stage of an import on, for how long.

use faults::night::{Begins, Fault};

/// How long a fault lasts: a name, and seconds.
pub const DURATIONS: [(&str, i64); 5] = [
    ("10 s", 10),
    ("45 s", 45),
    ("2 min", 120),
    ("10 min", 600),
    ("1 h", 3_600),
];

/// Where the fault begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Start,
    Fetch,
    Rows,
    Review,
    Confirm,
    Execute,
    End,
    GivingUp,
}

const STAGES: [Stage; 8] = [
    Stage::Start,
    Stage::Fetch,
    Stage::Rows,
    Stage::Review,
    Stage::Confirm,
    Stage::Execute,
    Stage::End,
    Stage::GivingUp,
];

impl Stage {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Fetch => "fetch",
            Self::Rows => "rows",
            Self::Review => "review",
            Self::Confirm => "confirm",
            Self::Execute => "execute",
            Self::End => "end",
            Self::GivingUp => "giving up",
        }
    }

    /// The call with which the fault begins; `None` if it begins with the stage itself.
    pub const fn begins(self) -> Option<Begins> {
        Some(match self {
            Self::Fetch => |call| call.contains("CHECKPOINT#fetch"),
            Self::Rows => |call| call.contains("ADDRESSES#"),
            Self::Execute => |call| call.contains("PutItem USER"),
            Self::End => |call| call.contains("DATES#"),
            _ => return None,
        })
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub fault: Fault,
    pub duration: usize,
    pub stage: Stage,
    pub is_unattended: bool,
}

impl Case {
    /// The codes with which the import may fail instead of ending as an undisturbed one: only a fetch that an administrator watches
    /// is too short of patience for ten minutes of this. An import that is given up for a defect of the worker ends for that, or, if it is
    /// not confirmed yet, is left to an administrator; unless giving it up has to wait.
    pub fn may_fail_with(self) -> &'static [&'static str] {
        if self.stage == Stage::GivingUp {
            return if self.is_unattended {
                &["internal_error"]
            } else {
                &["import_abandoned"]
            };
        }
        let is_fetched = matches!(self.stage, Stage::Start | Stage::Fetch | Stage::Rows);
        if self.is_unattended || !is_fetched || DURATIONS[self.duration].1 < 600 {
            return &[];
        }
        match self.fault {
            Fault::Psa503 | Fault::Psa500 => &["psa_server_error"],
            fault if fault.is_of_psa() => &["psa_unknown_error"],
            fault if fault.is_of_secrets() || fault == Fault::DirectorySilent => &["internal_error"],
            _ => &[],
        }
    }
}

/// The cases of one PSA of two: every fault from every stage for every duration, an administrator's and an unattended import in turns,
/// so that what is attended for one PSA is unattended for the other. Without `all` a share, of which the PSAs have half each: each fault
/// once for each duration, and once from each stage.
pub fn cases(all: bool, psa: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, fault) in Fault::ALL.into_iter().enumerate() {
        for (number, stage) in STAGES.into_iter().enumerate() {
            let can_be_unattended = !matches!(stage, Stage::Review | Stage::Confirm);
            for duration in 0..DURATIONS.len() {
                let is_of_share = (at + number) % DURATIONS.len() == duration && (at + number / 2) % 2 == psa;
                if all || is_of_share {
                    cases.push(Case {
                        fault,
                        duration,
                        stage,
                        is_unattended: can_be_unattended && (number + duration + psa) % 2 == 1,
                    });
                }
            }
        }
    }
    cases
}
