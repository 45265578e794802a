//! Whatever the order in which several workers, several administrators and repeated messages come, nothing is lost, nothing
//! twice, and nobody writes who has lost the place (R24, R37, R44–R46, R49).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use domain::psa::PsaKind;
use faults::engine::{IMPORTS, RECORDS};
use faults::fence::{Fence, number};
use faults::schedule::Schedule;
use faults::script::{ANA, Script, Step};
use faults::state::State;
use faults::wire::Sabotage;
use faults::world::{MSP, Message, Moment, World, beyond_lease};
use serde_json::{Value, json};

use crate::cores::{alone, on_all_cores};

const BRAM: &str = "bram";
const COMPANIES: usize = 3;
const PEOPLE: usize = 2;
const MOST_STEPS: usize = 5_000;

/// An import in review, what confirms it if anything does, and what it leaves when nobody disturbs it.
struct Stage {
    world: World,
    fence: Arc<Fence>,
    review: Moment,
    confirmation: Option<Message>,
    integration: String,
    right: State,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(sabotage: Option<Sabotage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(PsaKind::Connectwise).await;
        let fence = Arc::<Fence>::default();
        world.sabotage = sabotage;
        world.watch = Some(fence.clone());
        let script = Script::new(&world);
        script.seed().await;
        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(COMPANIES, PEOPLE).await;
        let review = world.keep(folder.path(), "review");
        let confirmation = script.confirmation().await;
        script.take(0, Step::Confirm).await.unwrap();
        script.take(0, Step::CarryOut).await.unwrap();
        let stage = Self::of(world, fence, review, Some(confirmation), folder);
        assert_eq!(
            (stage.right.count("COMPANY#"), stage.right.count("USER")),
            (COMPANIES, COMPANIES * PEOPLE)
        );
        stage
    }

    /// One that the integration's policy decides: everything in the PSA is new and wanted.
    async fn unattended() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(PsaKind::Connectwise).await;
        let fence = Arc::<Fence>::default();
        world.watch = Some(fence.clone());
        let script = Script::new(&world);
        script.seed().await;
        let integration = script.integration().await.unwrap();
        let policy = json!({
            "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 100, "atLeast": 1_000 },
        });
        script
            .expect("PUT", &format!("/integrations/{integration}/policy"), policy)
            .await;
        let occasion = json!({ "msp": MSP, "integration": integration, "token": "night" });
        let started = world.deliver(&Message::Work("FetchFunction", occasion)).await;
        assert_eq!(started.unwrap().unwrap()["outcome"], "started");
        script.take(0, Step::Fetch).await.unwrap();
        let review = world.keep(folder.path(), "review");
        while let Some(import) = Self::all(&world).iter().find(|import| Self::is_working(import)) {
            world.deliver(&Self::work(import)).await.unwrap().unwrap();
        }
        // As at the end of every run; it leaves a filter to be offered again.
        let filter = Self::call(
            BRAM,
            "POST",
            format!("/integrations/{integration}/imports"),
            json!({ "filter": {} }),
        );
        world.deliver(&filter).await.unwrap().unwrap();
        let begun = |import: &&Value| import["state"]["S"] == "fetching";
        let cancel = Self::cancel(Self::all(&world).iter().find(begun).unwrap());
        world.deliver(&cancel).await.unwrap().unwrap();
        let stage = Self::of(world, fence, review, None, folder);
        assert!(stage.right.count("USER") > COMPANIES * PEOPLE);
        stage
    }

    fn of(
        world: World,
        fence: Arc<Fence>,
        review: Moment,
        confirmation: Option<Message>,
        folder: tempfile::TempDir,
    ) -> Self {
        let imports = world.engine.items(IMPORTS);
        let integration = imports.iter().find(|item| item["sk"]["S"] == "IMPORT").unwrap();
        Self {
            integration: integration["integration"]["S"].as_str().unwrap().to_owned(),
            fence,
            review,
            confirmation,
            right: State::read(&world.engine),
            world,
            _folder: folder,
        }
    }

    fn imports(&self) -> Vec<Value> {
        Self::all(&self.world)
    }

    fn all(world: &World) -> Vec<Value> {
        let items = world.engine.items(IMPORTS).into_iter();
        items.filter(|item| item["sk"]["S"] == "IMPORT").collect()
    }

    fn is_working(import: &Value) -> bool {
        import["state"]["S"] == "executing"
            || (import["state"]["S"] == "review" && import["unattended"]["BOOL"] == true)
    }

    fn work(import: &Value) -> Message {
        let give_up = import["abandoned"]["BOOL"] == true;
        let work = json!({ "msp": MSP, "import": import["id"]["S"], "giveUp": give_up });
        Message::Work("ExecuteFunction", work)
    }

    fn call(who: &'static str, method: &'static str, path: String, body: Value) -> Message {
        Message::Call {
            who,
            method,
            path,
            body,
        }
    }

    fn another_import(&self) -> Message {
        let path = format!("/integrations/{}/imports", self.integration);
        Self::call(BRAM, "POST", path, json!({ "filter": {} }))
    }

    fn cancel(import: &Value) -> Message {
        let who = if import["startedBy"]["M"]["subject"]["S"] == ANA {
            ANA
        } else {
            BRAM
        };
        Self::call(
            who,
            "DELETE",
            format!("/imports/{}", import["id"]["S"].as_str().unwrap()),
            Value::Null,
        )
    }

    /// One run; gives the trace and what is wrong.
    async fn run(&self, seed: u64) -> (Vec<String>, Vec<String>) {
        self.world.go_back(&self.review);
        // Of four runs one has a database in which every read shows all writes.
        let lacking = usize::try_from(seed % 4 * 25).unwrap();
        self.world.engine.lag((lacking > 0).then_some(lacking));
        let mut schedule = Schedule::new(&self.world, seed, 6);
        if let Some(confirmation) = &self.confirmation {
            schedule.begin(confirmation.clone());
            if schedule.rng.bool() {
                schedule.begin(confirmation.clone());
            }
        } else {
            schedule.begin(Self::work(&self.imports()[0]));
            schedule.begin(Self::work(&self.imports()[0]));
        }
        if schedule.rng.usize(..3) == 0 {
            schedule.begin(self.another_import());
        }
        if schedule.rng.usize(..4) == 0 {
            schedule.begin(Self::cancel(&self.imports()[0]));
        }
        let mut swept = false;
        let mut duplicates = schedule.rng.usize(..3);
        for _ in 0..MOST_STEPS {
            let ended = schedule.step().await;
            for answered in &ended {
                if let (Message::Work(..), Some(Ok(answer))) = (&answered.message, &answered.answer)
                    && answer["outcome"] == "wait"
                {
                    self.world
                        .ticking
                        .wait_until(answer["until"].as_str().unwrap().parse().unwrap());
                }
            }
            let is_work = |message: &Message| matches!(message, Message::Work(..));
            if ended.is_empty() && !schedule.is_idle() {
                let lapsed = std::mem::take(&mut schedule.lapsed);
                let again = lapsed || (duplicates > 0 && schedule.rng.usize(..20) == 0);
                if again && schedule.at_work(is_work) > 0 {
                    duplicates = duplicates.saturating_sub(1);
                    if let Some(import) = self.imports().iter().find(|import| Self::is_working(import)) {
                        schedule.begin(Self::work(import));
                    }
                }
                continue;
            }
            // The write is the message: whatever is at work is delivered, and again until it has ended.
            let imports = self.imports();
            if let Some(import) = imports.iter().find(|import| Self::is_working(import)) {
                if schedule.at_work(is_work) == 0 {
                    schedule.begin(Self::work(import));
                }
            } else if schedule.is_idle() {
                // Whoever is left waits for an administrator, who does not want it any more.
                let open = |import: &&Value| matches!(import["state"]["S"].as_str(), Some("review" | "fetching"));
                match imports.iter().find(open) {
                    Some(import) => {
                        schedule.disturbances = 0;
                        self.world.ticking.advance(beyond_lease());
                        schedule.begin(Self::cancel(import));
                    }
                    // What a confirmation left behind that died is given back when the next import ends.
                    None if !swept => {
                        swept = true;
                        schedule.disturbances = 0;
                        schedule.begin(self.another_import());
                    }
                    None => return (std::mem::take(&mut schedule.trace), self.wrong(&imports)),
                }
            }
        }
        (
            std::mem::take(&mut schedule.trace),
            vec!["it never comes to an end".to_owned()],
        )
    }

    fn wrong(&self, imports: &[Value]) -> Vec<String> {
        let state = State::read(&self.world.engine);
        let difference = state.difference(&self.right);
        let mut wrong: Vec<String> = difference
            .twice
            .iter()
            .map(|key| format!("twice or too much: {key}"))
            .collect();
        let is_done = imports.iter().any(|import| import["state"]["S"] == "done");
        if is_done && !difference.is_none() {
            wrong.push(format!("done, but not as undisturbed: {difference}"));
        }
        let licences = self.world.engine.items(RECORDS);
        let licences = licences.iter().find(|item| item["sk"]["S"] == "LICENCES").unwrap();
        let users = i64::try_from(state.count("USER")).unwrap();
        if number(&licences["used"]) != users || licences["reservations"]["M"] != json!({}) {
            wrong.push(format!("{users} users, and these licences: {licences}"));
        }
        if state
            .get(&format!("MSP#{MSP}#INTEGRATION#{} LOCK", self.integration))
            .is_some_and(|lock| !lock["held"].is_null())
        {
            wrong.push("the lock is held when all is over".to_owned());
        }
        wrong
    }
}

/// `SEED=n` runs one seed, `SEEDS=n` so many.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(2_000),
    }
}

#[test]
fn r37_r44_in_whatever_order_things_happen_nothing_is_lost_and_nothing_twice() {
    every_order(seeds(), || Stage::new(None));
}

#[test]
fn r48_r46_in_whatever_order_things_happen_to_an_unattended_import_nothing_is_lost_and_nothing_twice() {
    // They take longer: nobody chose a few companies.
    let seeds = seeds();
    every_order(
        seeds.start..seeds.start + (seeds.end - seeds.start).div_ceil(20),
        Stage::unattended,
    );
}

fn every_order<F: Future<Output = Stage>>(seeds: std::ops::Range<u64>, set_up: impl Fn() -> F + Sync) {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let wrong = Mutex::new(Vec::new());
    let totals = <[AtomicUsize; 5]>::default();
    on_all_cores(|| {
        alone(async {
            let stage = set_up().await;
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= seeds.end {
                    break;
                }
                tokio::time::pause();
                let (trace, found) = stage.run(seed).await;
                tokio::time::resume();
                if !found.is_empty() {
                    wrong
                        .lock()
                        .unwrap()
                        .push(format!("SEED={seed}: {}\n{}", found.join("; "), trace.join("\n")));
                }
                totals[0].fetch_add(trace.len(), Ordering::SeqCst);
            }
            let fence = &stage.fence;
            let seen = [&fence.stale, &fence.accepted, &fence.repeated, &fence.unbalanced];
            for (total, seen) in totals[1..].iter().zip(seen) {
                total.fetch_add(seen.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        });
    });
    let [steps, stale, accepted, repeated, unbalanced] = totals.map(AtomicUsize::into_inner);
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{} seeds, {steps} steps, {stale} stale writes tried, {accepted} accepted, {repeated} answered as before, {unbalanced} times unbalanced, {} wrong, {} s",
        seeds.end - seeds.start,
        wrong.len(),
        began.elapsed().as_secs()
    );
    for wrong in &wrong {
        println!("{}", wrong.lines().next().unwrap_or_default());
    }
    assert!(wrong.is_empty(), "the first: {}", wrong[0]);
    assert_eq!((accepted, unbalanced), (0, 0));
}

#[test]
fn a_seed_replays() {
    alone(async {
        let stage = Stage::new(None).await;
        tokio::time::pause();
        for seed in 0..20 {
            let (first, second) = (stage.run(seed).await.0, stage.run(seed).await.0);
            for (step, (first, second)) in first.iter().zip(&second).enumerate() {
                assert_eq!(first, second, "seed {seed}, step {step}");
            }
            assert_eq!(first.len(), second.len(), "seed {seed}");
        }
    });
}

/// The product without its fence, on the wire.
fn unfenced() -> Sabotage {
    Arc::new(|operation, body| {
        if operation == "TransactWriteItems"
            && body["TransactItems"][0]["Update"]["ConditionExpression"] == "epoch = :token"
        {
            let update = body["TransactItems"][0]["Update"].as_object_mut().unwrap();
            update.insert(
                "ConditionExpression".to_owned(),
                json!("attribute_exists(pk) OR epoch = :token"),
            );
        }
    })
}

#[test]
fn r44_without_the_fence_a_worker_that_lost_its_place_does_write() {
    alone(async {
        let stage = Stage::new(Some(unfenced())).await;
        tokio::time::pause();
        for seed in 0..200 {
            stage.run(seed).await;
            if stage.fence.accepted.load(Ordering::SeqCst) > 0 {
                println!("accepted at seed {seed}");
                return;
            }
        }
        panic!("nobody who had lost the place came to write");
    });
}
