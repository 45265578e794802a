//! How long a plan takes to be carried out at least, where another system sets the pace (R87): said before it is confirmed.

use std::time::Duration;

use directory::Directory;
use directory::lastpass::Pace;
use domain::plan::{PlanSummary, Step};
use schemars::JsonSchema;
use serde::Serialize;

/// LastPass shows a company that was asked for only later: it is looked for after this time at the earliest.
const FIRST_LOOK: Duration = Duration::from_secs(3);

/// Steps for each of which LastPass is asked.
const ASKED_FOR: [Step; 5] = [
    Step::CreateCompany,
    Step::LinkCompany,
    Step::HandOverCompany,
    Step::CreateUser,
    Step::ChangeAddress,
];

/// The shortest time in which the directory can apply a plan.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeastTime {
    /// How many requests the plan takes at least.
    requests: u64,
    /// How many seconds these requests take at least.
    seconds: u64,
}

impl LeastTime {
    /// What a plan takes in a directory that sets the pace.
    pub fn with(directory: &dyn Directory, summary: &PlanSummary, pace: &Pace) -> Option<Self> {
        let is_remote = directory.capabilities().creation_waits;
        is_remote.then(|| Self::of(summary, pace))
    }

    /// What the steps of a plan take at this pace: one request for each at least.
    fn of(summary: &PlanSummary, pace: &Pace) -> Self {
        let requests = ASKED_FOR.map(|step| summary.count(step)).iter().sum();
        let waits = match summary.count(Step::CreateCompany) {
            0 => Duration::ZERO,
            _ => FIRST_LOOK,
        };
        Self {
            requests,
            seconds: pace.least(requests).max(waits).as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(companies: usize, users: usize) -> LeastTime {
        let mut summary = PlanSummary::default();
        summary.add([Step::CreateCompany].repeat(companies));
        summary.add([Step::CreateUser].repeat(users));
        LeastTime::of(&summary, &Pace::per_second(5))
    }

    #[test]
    fn r87_a_plan_takes_as_long_as_its_requests() {
        assert_eq!(
            of(100, 900),
            LeastTime {
                requests: 1_000,
                seconds: 200
            }
        );
        assert_eq!(
            of(1, 0),
            LeastTime {
                requests: 1,
                seconds: 3
            }
        );
        assert_eq!(
            of(0, 1),
            LeastTime {
                requests: 1,
                seconds: 0
            }
        );
    }
}
