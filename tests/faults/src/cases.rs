//! Every case of a disturbed import: which effect, and what happens there.

use std::collections::HashMap;

use tempfile::TempDir;

use crate::effects::Disturbance;
use crate::left_open::{self, LeftOpen};
use crate::script::{STEPS, Script, Step};
use crate::state::{Difference, State};
use crate::world::{Moment, World};

/// How many imports one script has.
pub const CYCLES: usize = 2;

/// An effect of the undisturbed script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The step it belongs to, counted over both imports.
    pub at: usize,
    /// Its number within the step.
    pub number: usize,
    /// What it is.
    pub name: String,
}

impl Effect {
    /// Whether it can change anything.
    pub fn writes(&self) -> bool {
        [
            "TransactWriteItems",
            "UpdateItem",
            "PutItem",
            "DeleteItem",
            "POST /business",
            "PATCH /business",
        ]
        .iter()
        .any(|write| self.name.starts_with(write))
    }

    /// The step, and whether it is of the first or the second import.
    pub const fn step(&self) -> (usize, Step) {
        (self.at / STEPS.len(), STEPS[self.at % STEPS.len()])
    }
}

/// One disturbed run.
#[derive(Debug, Clone)]
pub struct Case {
    /// Where.
    pub effect: Effect,
    /// What.
    pub disturbance: Disturbance,
}

/// Takes a step in the same order each time. tokio has a task yield after so many operations, counted from before the step; and which
/// transactions of a worker are committed together depends on who yields when.
async fn alike<T>(step: impl Future<Output = T>) -> T {
    tokio::task::unconstrained(step).await
}

/// What an undisturbed run does and leaves, to compare disturbed ones with.
pub struct Oracle {
    world: World,
    begins: Vec<Moment>,
    whole: Vec<String>,
    ends: Vec<State>,
    effects: Vec<Effect>,
    /// What runs have left open.
    left_open: LeftOpen,
    /// What came of states that no undisturbed run has: followed to the end of the import once.
    followed: HashMap<(usize, String), Difference>,
    _folder: TempDir,
}

impl Oracle {
    /// Runs the script undisturbed.
    pub async fn new(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut begins, mut whole, mut ends, mut effects) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Script::new(&world).seed().await;
        for at in 0..CYCLES * STEPS.len() {
            if let Some(lastpass) = world.lastpass.as_ref().filter(|_| at == STEPS.len()) {
                lastpass.let_people_enrol().await;
            }
            begins.push(world.keep(folder.path(), &at.to_string()));
            world.effects.begin();
            let (cycle, step) = (at / STEPS.len(), STEPS[at % STEPS.len()]);
            alike(Script::new(&world).take(cycle, step)).await.unwrap();
            let names = world.effects.names().into_iter().enumerate();
            effects.extend(names.map(|(number, name)| Effect { at, number, name }));
            whole.push(world.whole().await);
            if step == Step::CarryOut {
                ends.push(world.state().await);
            }
        }
        Self {
            world,
            begins,
            whole,
            ends,
            effects,
            left_open: LeftOpen::default(),
            followed: HashMap::new(),
            _folder: folder,
        }
    }

    /// All effects of the undisturbed script.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// What an import leaves, the first (0) or the second (1).
    pub fn end(&self, cycle: usize) -> &State {
        &self.ends[cycle]
    }

    /// What runs have left open.
    pub const fn left_open(&self) -> LeftOpen {
        self.left_open
    }

    /// How many states there were that no undisturbed run has.
    pub fn followed(&self) -> usize {
        self.followed.len()
    }

    /// Runs a case from the beginning of its step to the end of its import. As soon as everything is as it would be
    /// undisturbed, or as it was in a case before, the rest is known.
    pub async fn run(&mut self, case: &Case) -> Difference {
        let at = case.effect.at;
        self.world.rest().await;
        self.world.go_back(&self.begins[at]);
        self.world.effects.begin();
        self.world.effects.arm(case.effect.number, case.disturbance);
        if let Err(stuck) = self.take(at).await {
            return Difference::stuck(stuck);
        }
        assert!(!self.world.effects.is_armed(), "{case:?} never came to its effect");
        let mut passed = Vec::new();
        let mut now = at;
        let difference = loop {
            if STEPS[now % STEPS.len()] == Step::CarryOut {
                break self.ended(now / STEPS.len()).await;
            }
            let whole = self.world.whole().await;
            if whole == self.whole[now] {
                break Difference::default();
            }
            if let Some(known) = self.followed.get(&(now, whole.clone())) {
                break known.clone();
            }
            passed.push((now, whole));
            now += 1;
            if let Err(stuck) = self.take(now).await {
                break Difference::stuck(stuck);
            }
        };
        self.followed
            .extend(passed.into_iter().map(|state| (state, difference.clone())));
        difference
    }

    /// How the end of an import differs from what is right.
    async fn ended(&mut self, cycle: usize) -> Difference {
        let right = &self.ends[cycle];
        if self.world.lastpass.is_none() {
            return self.world.state().await.difference(right);
        }
        let (difference, left_open) = alike(left_open::settled(&self.world, cycle, right)).await;
        self.left_open.add(left_open);
        difference
    }

    async fn take(&self, at: usize) -> Result<(), String> {
        let script = Script::new(&self.world);
        alike(script.take(at / STEPS.len(), STEPS[at % STEPS.len()])).await
    }
}
