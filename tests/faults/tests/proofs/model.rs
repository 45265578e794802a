//! The protocol of lock and licences in small, in every state it can come to: two imports of two companies, three licences,
//! two workers, of whom each can be paused for as long as it likes, die, or be called again (R24, R37, R44, R46).

use stateright::{Checker, Model, Property};

const LICENCES: u8 = 3;
const COMPANIES: u8 = 2;
const WORKERS: usize = 2;
const IMPORTS: usize = 2;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Import {
    Review,
    Executing,
    Done,
    Cancelled,
}

/// What a worker is about to do; it knows its import and the epoch at which it was hired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Worker {
    Idle,
    /// Creates the user of this company, or finds it created: the call carries a token.
    Create {
        import: usize,
        epoch: u8,
        company: u8,
    },
    /// Writes mapping, outcome and lease, all or nothing.
    Write {
        import: usize,
        epoch: u8,
        company: u8,
    },
    /// Gives back what was not used, if it is still set aside.
    Settle {
        import: usize,
        epoch: u8,
    },
    /// Ends the import and frees the lock, all or nothing.
    End {
        import: usize,
        epoch: u8,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    free: i8,
    used: i8,
    /// Set aside for each import.
    reserved: [Option<i8>; IMPORTS],
    imports: [Import; IMPORTS],
    /// Which import has the lock, and the number that grows.
    holder: Option<usize>,
    epoch: u8,
    /// Users there are, by import and company.
    created: [[bool; COMPANIES as usize]; IMPORTS],
    /// Outcomes written.
    written: [[bool; COMPANIES as usize]; IMPORTS],
    workers: [Worker; WORKERS],
    /// A write of somebody who had lost the place got through.
    stale: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    /// An administrator confirms: licences are set aside, then the import is set to work, if it still may be.
    Reserve(usize),
    Confirm(usize),
    /// An administrator cancels in review; then what was set aside is given back.
    Cancel(usize),
    GiveBack(usize),
    /// A worker is called for an import, perhaps while another one is paused beyond its lease.
    Hire(usize, usize),
    /// A worker takes its next step.
    Step(usize),
    /// A worker is gone.
    Die(usize),
}

struct Protocol {
    /// Without it, a write does not prove the epoch.
    fenced: bool,
}

impl Protocol {
    fn step(&self, state: &mut State, worker: usize) {
        let proves = |state: &State, import: usize, epoch: u8| state.holder == Some(import) && state.epoch == epoch;
        state.workers[worker] = match state.workers[worker] {
            Worker::Idle => Worker::Idle,
            Worker::Create { import, epoch, company } => {
                state.created[import][usize::from(company)] = true;
                Worker::Write { import, epoch, company }
            }
            Worker::Write { import, epoch, company } => {
                let is_current = proves(state, import, epoch);
                if self.fenced && !is_current {
                    Worker::Idle
                } else {
                    state.stale |= !is_current;
                    state.written[import][usize::from(company)] = true;
                    Self::next(state, import, epoch)
                }
            }
            Worker::Settle { import, epoch } => {
                if let Some(reserved) = state.reserved[import].take() {
                    let used = state.created[import]
                        .iter()
                        .map(|created| i8::from(*created))
                        .sum::<i8>()
                        .min(reserved);
                    state.used += used;
                    state.free += reserved - used;
                }
                Worker::End { import, epoch }
            }
            Worker::End { import, epoch } => {
                let is_current = proves(state, import, epoch);
                if is_current || !self.fenced {
                    state.stale |= !is_current;
                    state.imports[import] = Import::Done;
                    state.holder = None;
                }
                Worker::Idle
            }
        };
    }

    fn next(state: &State, import: usize, epoch: u8) -> Worker {
        let open = (0..COMPANIES).find(|company| !state.written[import][usize::from(*company)]);
        open.map_or(Worker::Settle { import, epoch }, |company| Worker::Create {
            import,
            epoch,
            company,
        })
    }
}

/// Enough for every worker to be replaced several times; without an end there would be no last state.
const MOST_EPOCHS: u8 = 6;

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            free: LICENCES.cast_signed(),
            used: 0,
            reserved: [None; IMPORTS],
            imports: [Import::Review; IMPORTS],
            holder: Some(0),
            epoch: 0,
            created: [[false; COMPANIES as usize]; IMPORTS],
            written: [[false; COMPANIES as usize]; IMPORTS],
            workers: [Worker::Idle; WORKERS],
            stale: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for import in 0..IMPORTS {
            actions.extend([
                Action::Reserve(import),
                Action::Confirm(import),
                Action::Cancel(import),
                Action::GiveBack(import),
            ]);
            actions.extend((0..WORKERS).map(|worker| Action::Hire(worker, import)));
        }
        let busy = (0..WORKERS).filter(|worker| state.workers[*worker] != Worker::Idle);
        actions.extend(busy.flat_map(|worker| [Action::Step(worker), Action::Die(worker)]));
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Reserve(import) => {
                let need = COMPANIES.cast_signed();
                let can =
                    state.imports[import] == Import::Review && state.reserved[import].is_none() && state.free >= need;
                if !can {
                    return None;
                }
                state.free -= need;
                state.reserved[import] = Some(need);
            }
            Action::Confirm(import) => {
                let holds = state.holder == Some(import);
                if state.imports[import] != Import::Review || state.reserved[import].is_none() || !holds {
                    return None;
                }
                state.imports[import] = Import::Executing;
            }
            Action::Cancel(import) => {
                if state.imports[import] != Import::Review {
                    return None;
                }
                state.imports[import] = Import::Cancelled;
                if state.holder == Some(import) {
                    state.holder = None;
                    state.epoch += 1;
                }
            }
            Action::GiveBack(import) => {
                let leftover = matches!(state.imports[import], Import::Cancelled | Import::Done);
                state.free += state.reserved[import].filter(|_| leftover)?;
                state.reserved[import] = None;
            }
            Action::Hire(worker, import) => {
                let free = state.holder.is_none() && state.imports[import] == Import::Review;
                if free && state.epoch < MOST_EPOCHS {
                    // The other import begins: it takes the lock.
                    state.holder = Some(import);
                    state.epoch += 1;
                } else if state.workers[worker] == Worker::Idle
                    && state.imports[import] == Import::Executing
                    && state.holder == Some(import)
                    && state.epoch < MOST_EPOCHS
                {
                    state.epoch += 1;
                    state.workers[worker] = Self::next(&state, import, state.epoch);
                } else {
                    return None;
                }
            }
            Action::Step(worker) => self.step(&mut state, worker),
            Action::Die(worker) => state.workers[worker] = Worker::Idle,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("licences add up and none is below zero", |_, state: &State| {
                let reserved = state.reserved.iter().flatten().sum::<i8>();
                state.free >= 0 && state.used >= 0 && state.free + state.used + reserved == LICENCES.cast_signed()
            }),
            Property::always("nobody writes who has lost the place", |_, state: &State| !state.stale),
            Property::always("what is done is done whole, and paid", |_, state: &State| {
                let done = (0..IMPORTS).filter(|import| state.imports[*import] == Import::Done);
                let whole = done
                    .clone()
                    .all(|import| state.written[import] == [true; COMPANIES as usize]);
                let users = done.count() * usize::from(COMPANIES);
                let settled = state.used == i8::try_from(users).unwrap_or(i8::MAX);
                let executing = state.imports.contains(&Import::Executing);
                whole && (settled || executing)
            }),
            Property::sometimes("an import is done", |_, state: &State| {
                state.imports.contains(&Import::Done)
            }),
            Property::sometimes("too few licences are left for the second", |_, state: &State| {
                state.imports[0] == Import::Done && state.free < COMPANIES.cast_signed()
            }),
        ]
    }
}

#[test]
fn r46_the_protocol_holds_in_every_state_of_a_small_model() {
    let checker = Protocol { fenced: true }.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} of them different",
        checker.state_count(),
        checker.unique_state_count()
    );
    checker.assert_properties();
    assert!(checker.unique_state_count() > 1_000);
}

#[test]
fn r44_without_the_fence_the_model_finds_a_write_of_somebody_who_has_lost_the_place() {
    let checker = Protocol { fenced: false }.checker().spawn_bfs().join();
    assert!(checker.discovery("nobody writes who has lost the place").is_some());
}
