//! One order of events, drawn from a seed: calls of several processes wait at a gate, and one of them at a time is let
//! through, disturbed now and then. Nothing else is random, so that a seed is the same run each time.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::wire::{Call, Gate, Verdict};
use crate::world::{Message, World, beyond_lease};

/// Lambda ends a worker after this many seconds, and an HTTP call long before.
const LONGEST_RUN: i64 = 330;

/// How long an administrator keeps an integration without using it, and a little.
const BEYOND_REVIEW: i64 = 31 * 60;

#[derive(Clone, Default)]
struct Queue(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    calls: Vec<Pending>,
    /// Requests of which every repetition fails.
    failing: HashSet<String>,
}

struct Pending {
    seat: usize,
    name: String,
    request: String,
    go: oneshot::Sender<Verdict>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Seat {
    queue: Queue,
    number: usize,
}

impl Gate for Seat {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let (go, gone) = oneshot::channel();
        {
            let mut waiting = self.queue.lock();
            if waiting.failing.contains(call.request) {
                return std::future::ready(Verdict::Fail).boxed();
            }
            waiting.calls.push(Pending {
                seat: self.number,
                name: call.name.to_owned(),
                request: call.request.to_owned(),
                go,
            });
        }
        async move {
            match gone.await {
                Ok(verdict) => verdict,
                Err(_) => pending().await,
            }
        }
        .boxed()
    }
}

/// What a process was given, and what it answered.
#[derive(Debug)]
pub struct Answered {
    /// The message.
    pub message: Message,
    /// The answer; `None` if the process is gone without one.
    pub answer: Option<Result<Value, String>>,
}

struct Actor {
    seat: usize,
    message: Message,
    born: i64,
    /// Calls of it are not let through before this many more steps.
    paused: usize,
    task: JoinHandle<Result<Value, String>>,
}

/// Processes at work in one world.
pub struct Schedule<'a> {
    /// What decides.
    pub rng: Rng,
    /// How many disturbances are left.
    pub disturbances: usize,
    /// Somebody was paused beyond the lease: whoever delivers may do so again.
    pub lapsed: bool,
    /// Every step, for comparing and for people.
    pub trace: Vec<String>,
    world: &'a World,
    queue: Queue,
    actors: Vec<Actor>,
    seats: usize,
}

impl<'a> Schedule<'a> {
    /// A schedule from a seed, with at most so many disturbances.
    pub fn new(world: &'a World, seed: u64, disturbances: usize) -> Self {
        // The waits before the product tries again have a random part, by which calls that failed together come back in one order or another.
        fastrand::seed(seed);
        Self {
            rng: Rng::with_seed(seed),
            disturbances,
            lapsed: false,
            trace: Vec::new(),
            world,
            queue: Queue::default(),
            actors: Vec::new(),
            seats: 0,
        }
    }

    /// A new process begins to handle a message.
    pub fn begin(&mut self, message: Message) {
        let handled = message.clone();
        self.begin_with(message, |world, gate| {
            let process = world.process_behind(gate);
            async move { process.handle(&handled).await }.boxed()
        });
    }

    /// Somebody begins with work of another kind; the message is its name.
    pub fn begin_with(
        &mut self,
        message: Message,
        work: impl FnOnce(&World, Arc<dyn Gate>) -> BoxFuture<'static, Result<Value, String>>,
    ) {
        let seat = self.seats;
        self.seats += 1;
        let gate = Seat {
            queue: self.queue.clone(),
            number: seat,
        };
        self.trace.push(format!("{seat} begins {message:?}"));
        self.actors.push(Actor {
            seat,
            message,
            born: self.world.ticking.seconds(),
            paused: 0,
            task: tokio::spawn(work(self.world, Arc::new(gate))),
        });
    }

    /// Whether nobody is at work.
    pub fn is_idle(&self) -> bool {
        self.actors.is_empty()
    }

    /// How many work on messages like this.
    pub fn at_work(&self, is_like: impl Fn(&Message) -> bool) -> usize {
        self.actors.iter().filter(|actor| is_like(&actor.message)).count()
    }

    /// One step; gives those who ended.
    pub async fn step(&mut self) -> Vec<Answered> {
        // Whoever was let through comes to its next call.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let ended = self.reap().await;
        if !ended.is_empty() {
            return ended;
        }
        if self.disturbances > 0 && self.rng.usize(..20) == 0 {
            self.disturbances -= 1;
            return self.disturb_time().await;
        }
        for actor in &mut self.actors {
            actor.paused = actor.paused.saturating_sub(1);
        }
        let Some(call) = self.draw() else {
            // Somebody waits before trying again.
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Vec::new();
        };
        self.let_through(call).await
    }

    /// Somebody's call whose turn it is; of those who are paused only if all are.
    fn draw(&mut self) -> Option<Pending> {
        let mut waiting = self.queue.lock();
        let paused: HashSet<usize> = self
            .actors
            .iter()
            .filter(|actor| actor.paused > 0)
            .map(|actor| actor.seat)
            .collect();
        let mut able: Vec<usize> = (0..waiting.calls.len())
            .filter(|at| !paused.contains(&waiting.calls[*at].seat))
            .collect();
        if able.is_empty() {
            able = (0..waiting.calls.len()).collect();
        }
        let at = *able.get(self.rng.usize(..able.len().max(1)))?;
        Some(waiting.calls.remove(at))
    }

    async fn let_through(&mut self, call: Pending) -> Vec<Answered> {
        let disturbed = self.disturbances > 0 && self.rng.usize(..12) == 0;
        if !disturbed {
            self.trace.push(format!("{} {}", call.seat, call.name));
            let _ = call.go.send(Verdict::Answer);
            return Vec::new();
        }
        self.disturbances -= 1;
        let which = self.rng.usize(..5);
        self.trace
            .push(format!("{} {} disturbed {which}", call.seat, call.name));
        match which {
            0 => drop(call.go.send(Verdict::ApplyAndFail)),
            1 | 2 => {
                self.queue.lock().failing.insert(call.request);
                let verdict = if which == 1 {
                    Verdict::ApplyAndFail
                } else {
                    Verdict::Fail
                };
                let _ = call.go.send(verdict);
            }
            3 => return self.stop(|actor| actor.seat == call.seat).await,
            _ => {
                let _ = call.go.send(Verdict::ApplyAndHang);
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
                return self.stop(|actor| actor.seat == call.seat).await;
            }
        }
        Vec::new()
    }

    /// Somebody is paused beyond the lease, or the clock jumps.
    async fn disturb_time(&mut self) -> Vec<Answered> {
        let seconds = match self.rng.usize(..8) {
            0..4 => {
                if !self.actors.is_empty() {
                    let at = self.rng.usize(..self.actors.len());
                    self.actors[at].paused = 5 + self.rng.usize(..100);
                    self.lapsed = true;
                }
                beyond_lease()
            }
            4 => -self.rng.i64(1..60),
            5 => self.rng.i64(1..60),
            6 => LONGEST_RUN,
            _ => BEYOND_REVIEW,
        };
        self.trace.push(format!("the clock moves by {seconds} s"));
        self.world.ticking.advance(seconds);
        let now = self.world.ticking.seconds();
        self.stop(|actor| now - actor.born >= LONGEST_RUN).await
    }

    /// Processes are gone, and their calls with them.
    async fn stop(&mut self, who: impl Fn(&Actor) -> bool) -> Vec<Answered> {
        let mut gone = Vec::new();
        let mut at = 0;
        while at < self.actors.len() {
            if !who(&self.actors[at]) {
                at += 1;
                continue;
            }
            let actor = self.actors.remove(at);
            actor.task.abort();
            // Only when it is dropped is it gone.
            let _ = actor.task.await;
            self.queue.lock().calls.retain(|call| call.seat != actor.seat);
            self.trace.push(format!("{} is gone", actor.seat));
            gone.push(Answered {
                message: actor.message,
                answer: None,
            });
        }
        gone
    }

    async fn reap(&mut self) -> Vec<Answered> {
        let mut ended = Vec::new();
        let mut at = 0;
        while at < self.actors.len() {
            if !self.actors[at].task.is_finished() {
                at += 1;
                continue;
            }
            let actor = self.actors.remove(at);
            let answer = actor.task.await.unwrap();
            self.trace.push(format!("{} ends", actor.seat));
            ended.push(Answered {
                message: actor.message,
                answer: Some(answer),
            });
        }
        ended
    }
}
