//! Every fault of a PSA has its one code, is asked again only if that can help, and leaves no snapshot, a free lock and
//! untouched mappings (R9, R42, R43). The table is `matrix/psa.tsv`.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::script::{ANA, STEPS, Script, name};
use faults::state::State;
use faults::world::{MSP, Message, Moment, World, beyond_lease};
use psa::HttpPolicy;
use serde_json::{Value, json};

use crate::cores::alone;
use crate::replies::replies;
use crate::server::{self, KINDS, Reply, Server};
use crate::tls::{self, Authority, Place};

const TABLE: &str = include_str!("../../matrix/psa.tsv");

/// The import is looked at so often.
const PATIENCE: usize = 80;

/// What the PSA says there is of everything: more than any page here holds, so that the next one is asked for.
const ROWS: u64 = 9;

struct Row {
    group: &'static str,
    case: &'static str,
    replies: &'static str,
    /// What comes of it with `ConnectWise`, and with Autotask: the code, and how often rows were asked for or a place was tried.
    expected: [&'static str; 2],
}

fn table() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [group, case, replies, connectwise, autotask] = cells[..] else {
            panic!("{line}")
        };
        Row {
            group,
            case,
            replies,
            expected: [connectwise, autotask],
        }
    });
    rows.collect()
}

struct Stage {
    kind: PsaKind,
    world: World,
    server: Server,
    replies: Arc<Mutex<Vec<Reply>>>,
    places: Vec<Place>,
    imported: Moment,
    _folder: tempfile::TempDir,
    _taken: Box<dyn Any>,
}

impl Stage {
    async fn new(kind: PsaKind) -> Self {
        let replies = Arc::<Mutex<Vec<Reply>>>::default();
        let all = Arc::clone(&replies);
        // Each case takes from the front what it has not used up.
        let server = Server::start_with(kind, ROWS, move |_| {
            let mut all = all.lock().unwrap();
            if all.len() > 1 { all.remove(0) } else { all[0].clone() }
        });
        let server = server.await;
        let authority = Authority::new();
        let mut places = tls::places(&authority, server.address).await;
        let (bound, closed) = server::closed();
        let (queue, full) = tls::full().await;
        let uncounted = [
            ("closed", format!("http://{closed}")),
            ("full", format!("http://{full}")),
            ("nowhere", "https://no-such-psa.invalid".to_owned()),
        ];
        places.extend(uncounted.map(|(name, origin)| Place {
            name,
            origin,
            connections: Arc::default(),
        }));
        let here = format!("http://{}", server.address);
        let origins = places.iter().map(|place| &place.origin).chain([&here]);
        let origins: Vec<String> = origins.cloned().collect();
        let policy = HttpPolicy {
            extra_roots: vec![authority.root],
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            largest_reply: 100_000,
            ..HttpPolicy::default()
        };
        let mut world = World::among(kind, &origins, policy).await;
        // What a failure is, not how long it is waited for: `bad_night` shows that.
        world.patience.attended_fetch = Duration::ZERO;
        let script = Script::new(&world);
        script.seed().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        world.move_psa(&here);
        Self {
            kind,
            imported: world.keep(folder.path(), "imported"),
            world,
            server,
            replies,
            places,
            _folder: folder,
            _taken: Box::new((bound, queue)),
        }
    }

    /// Imports against these replies; gives the outcome as the table writes it.
    async fn outcome(&self, words: &str) -> String {
        self.world.go_back(&self.imported);
        let asked = self.server.asked().len();
        let place = words
            .strip_prefix("at ")
            .map(|name| self.places.iter().find(|place| place.name == name).unwrap());
        let words = if let Some(place) = place {
            self.world.move_psa(&place.origin);
            "page 1..10"
        } else {
            let another = words.strip_prefix("another tenant ");
            let words = another
                .inspect(|_| self.server.be_another_tenant(true))
                .unwrap_or(words);
            words
                .strip_prefix("cloud ")
                .inspect(|_| self.server.be_in_the_cloud(true))
                .unwrap_or(words)
        };
        *self.replies.lock().unwrap() = replies(self.kind, words);
        let before = State::read(&self.world.engine);
        let integration = Script::new(&self.world).integration().await.unwrap();
        let start = Message::Call {
            who: ANA,
            method: "POST",
            path: format!("/integrations/{integration}/imports"),
            body: json!({ "filter": {} }),
        };
        let started = self.world.deliver(&start).await.unwrap().unwrap();
        assert_eq!(started["statusCode"], 202, "{started}");
        let id = serde_json::from_str::<Value>(started["body"].as_str().unwrap()).unwrap()["id"].take();
        let work = Message::Work("FetchFunction", json!({ "msp": MSP, "import": id, "giveUp": false }));
        for _ in 0..PATIENCE {
            let import = self.import(&id);
            if import["state"]["S"] != "fetching" {
                let code = self.code(&id, &import, &before).await;
                self.server.be_in_the_cloud(false);
                self.server.be_another_tenant(false);
                let requests = place.map_or_else(
                    || self.server.asked().len() - asked,
                    |place| place.connections.swap(0, Ordering::SeqCst),
                );
                return format!("{code} {requests}");
            }
            match self.world.deliver(&work).await.unwrap() {
                Ok(answer) if answer["outcome"] == "wait" => {
                    self.world
                        .ticking
                        .wait_until(answer["until"].as_str().unwrap().parse().unwrap());
                }
                Ok(_) => {}
                Err(_) => self.world.ticking.advance(beyond_lease()),
            }
        }
        "never ends".to_owned()
    }

    fn import(&self, id: &Value) -> Value {
        let items = self.world.engine.items(IMPORTS).into_iter();
        let mut imports = items.filter(|item| item["sk"]["S"] == "IMPORT" && item["id"]["S"] == *id);
        imports.next().unwrap()
    }

    /// The code that an administrator reads; and that a failed fetch has left nothing behind.
    async fn code(&self, id: &Value, import: &Value, before: &State) -> String {
        if import["state"]["S"] == "review" {
            return "snapshot".to_owned();
        }
        let shown = Script::new(&self.world)
            .get(&format!("/imports/{}", id.as_str().unwrap()))
            .await;
        let code = shown["error"]["code"].as_str().unwrap().to_owned();
        let (mut now, mut before) = (State::read(&self.world.engine), before.clone());
        // Of another tenant not even where it answers is stored (R51).
        if code != "psa_other_tenant" {
            (now, before) = (now.without_systems(), before.without_systems());
        }
        let difference = now.difference(&before);
        assert!(difference.is_none(), "a failed fetch changed what lasts: {difference}");
        let rows = self.world.engine.items(IMPORTS).into_iter().filter(|item| {
            let of_import = item["pk"]["S"].as_str().unwrap().ends_with(id.as_str().unwrap());
            of_import && item["sk"]["S"] == "INDEX"
        });
        assert_eq!(rows.count(), 0, "a failed fetch left rows");
        assert!(shown["lock"].is_null(), "{shown}");
        code
    }
}

#[test]
fn r42_every_fault_of_a_psa_has_its_code_and_leaves_nothing_behind() {
    let began = Instant::now();
    let table = table();
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (column, kind) in KINDS.into_iter().enumerate() {
            let (table, wrong) = (&table, &wrong);
            scope.spawn(move || {
                alone(async {
                    let stage = Stage::new(kind).await;
                    for row in table {
                        let outcome = stage.outcome(row.replies).await;
                        if outcome != row.expected[column] {
                            let expected = row.expected[column];
                            let seen =
                                format!("{}\t{}\t{}\t{outcome}\tnot {expected}", name(kind), row.group, row.case);
                            wrong.lock().unwrap().push(seen);
                        }
                    }
                });
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{} rows, {} wrong, {} s",
        table.len() * 2,
        wrong.len(),
        began.elapsed().as_secs()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.len() * 2 >= 194);
}
