//! What an import may cost at most, and what it did cost.

use domain::psa::PsaKind;
use simkit::msp::Size;

use crate::failure::Failure;
use crate::stage::name;

/// One thing that is limited, with its limits for 5,000 companies and for 25,000.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    what: &'static str,
    large: f64,
    extreme: f64,
    decimals: usize,
    /// Whether it depends on how the worker was built.
    of_release: bool,
}

/// What changed is read, which is nothing, and nobody decides.
pub(crate) const UNCHANGED_REQUESTS: Target = count("unchanged, unattended: requests to the PSA", 6.0, 6.0);
pub(crate) const UNCHANGED_WRITES: Target = count("unchanged, unattended: write units", 100.0, 100.0);
pub(crate) const UNCHANGED_READS: Target = count("unchanged, unattended: read units", 3_000.0, 15_000.0);
pub(crate) const FULL_WRITES: Target = count("unchanged, read in full: write units", 100.0, 250.0);
pub(crate) const FULL_READS: Target = count("unchanged, read in full: read units", 4_000.0, 20_000.0);
pub(crate) const CHANGED_WRITES: Target = count("100 changed addresses in 80 companies: write units", 1_500.0, 1_500.0);
pub(crate) const CHANGED_REQUESTS: Target =
    count("100 changed addresses in 80 companies: requests to the PSA", 8.0, 8.0);
pub(crate) const CREATED_ROW: Target = Target {
    decimals: 2,
    ..count("first import: write units of each created row", 2.0, 2.0)
};
pub(crate) const SELECT_COMPANIES: Target = count("select all companies: write units", 10.0, 10.0);
pub(crate) const SELECT_PEOPLE: Target = count("then tick all active people: write units", 10.0, 10.0);
pub(crate) const TICK_READS: Target = count("one tick in the largest company: read units", 40.0, 60.0);
pub(crate) const TICK_WRITES: Target = count("one tick in the largest company: write units", 6.0, 6.0);
/// One request for each company and user that is created, and two walks through all companies and the users of each (R82).
pub(crate) const LASTPASS_REQUESTS: Target = Target {
    decimals: 2,
    ..count(
        "first import into LastPass: requests, as a multiple of the least",
        1.15,
        1.15,
    )
};
pub(crate) const PLAN_UNCHANGED: Target = Target {
    decimals: 2,
    of_release: true,
    ..count("plan, first answer, unchanged: processor seconds", 1.0, 5.0)
};
pub(crate) const PLAN_EVERYBODY: Target = Target {
    decimals: 2,
    of_release: true,
    ..count("plan, first answer, everybody ticked: processor seconds", 2.0, 10.0)
};
pub(crate) const PLAN_PAGE: Target = count("a further page of a plan: read units", 100.0, 300.0);
pub(crate) const MEMORY: Target = Target {
    of_release: true,
    ..count("peak memory of a worker or a plan: MiB", 64.0, 96.0)
};

const fn count(what: &'static str, large: f64, extreme: f64) -> Target {
    Target {
        what,
        large,
        extreme,
        decimals: 0,
        of_release: false,
    }
}

/// All targets, in the order of the table.
const ALL: [Target; 17] = [
    UNCHANGED_REQUESTS,
    UNCHANGED_WRITES,
    UNCHANGED_READS,
    FULL_WRITES,
    FULL_READS,
    CHANGED_REQUESTS,
    CHANGED_WRITES,
    CREATED_ROW,
    LASTPASS_REQUESTS,
    SELECT_COMPANIES,
    SELECT_PEOPLE,
    TICK_READS,
    TICK_WRITES,
    PLAN_UNCHANGED,
    PLAN_EVERYBODY,
    PLAN_PAGE,
    MEMORY,
];

/// What was measured of each target: the most of it, if several times.
pub(crate) struct Measured {
    size: Size,
    of: Vec<(Target, PsaKind, f64)>,
}

impl Measured {
    pub(crate) const fn new(size: Size) -> Self {
        Self { size, of: Vec::new() }
    }

    pub(crate) fn add(&mut self, target: Target, kind: PsaKind, measured: f64) {
        self.of.push((target, kind, measured));
    }

    /// Prints the table; an error names what is over its limit. In an unoptimised build that is only what is counted.
    pub(crate) fn print(&self, kinds: &[PsaKind]) -> Result<(), Failure> {
        let names: Vec<&str> = kinds.iter().map(|kind| name(*kind)).collect();
        println!("\n| what | at most | {} |", names.join(" | "));
        println!("|---|---:|{}", "---:|".repeat(kinds.len()));
        let mut over = Vec::new();
        for target in ALL {
            let limit = self.limit(target);
            if kinds.iter().all(|kind| self.most(target, *kind).is_none()) {
                continue;
            }
            let is_judged = !(target.of_release && cfg!(debug_assertions));
            let cells = kinds.iter().map(|kind| match self.most(target, *kind) {
                Some(most) => format!("{most:.*}", target.decimals),
                None => "–".to_owned(),
            });
            println!(
                "| {} | {limit} | {} |",
                target.what,
                cells.collect::<Vec<_>>().join(" | ")
            );
            if is_judged && kinds.iter().any(|kind| self.most(target, *kind) > Some(limit)) {
                over.push(target.what);
            }
        }
        if over.is_empty() {
            Ok(())
        } else {
            Err(format!("over the limit: {}", over.join("; ")).into())
        }
    }

    const fn limit(&self, target: Target) -> f64 {
        match self.size {
            Size::Extreme => target.extreme,
            Size::Small | Size::Large => target.large,
        }
    }

    fn most(&self, target: Target, kind: PsaKind) -> Option<f64> {
        let of = self.of.iter().filter(|of| of.0 == target && of.1 == kind);
        of.map(|of| of.2).max_by(f64::total_cmp)
    }
}
