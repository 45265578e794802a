//! Every fault of a PSA has its one code, is asked again only if that can help, and leaves no snapshot, a free lock and
//! untouched mappings (R9, R42, R43). The table is `matrix/psa.tsv`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::script::{ANA, STEPS, Script, name};
use faults::state::State;
use faults::world::{MSP, Message, Moment, World, beyond_lease};
use psa::HttpPolicy;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::cores::alone;
use crate::replies::replies;
use crate::server::{self, KINDS, Reply, Server, plain, untrusted};

const TABLE: &str = include_str!("../../matrix/psa.tsv");

/// The import is looked at so often.
const PATIENCE: usize = 80;

/// What the PSA says there is of everything: more than any page here holds, so that the next one is asked for.
const ROWS: u64 = 9;

struct Row {
    group: &'static str,
    case: &'static str,
    replies: &'static str,
    /// What comes of it with `ConnectWise`, and with Autotask: the code, and how often rows were asked for.
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
    places: Vec<(&'static str, String)>,
    imported: Moment,
    _folder: tempfile::TempDir,
    _bound: TcpSocket,
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
        let (bound, closed) = server::closed();
        let places = vec![
            ("here", format!("http://{}", server.address)),
            ("closed", format!("http://{closed}")),
            ("no TLS", format!("https://{}", plain().await)),
            ("untrusted", format!("https://{}", untrusted().await)),
            ("nowhere", "https://no-such-psa.invalid".to_owned()),
        ];
        let origins: Vec<String> = places.iter().map(|(_, origin)| origin.clone()).collect();
        let policy = HttpPolicy {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            largest_reply: 100_000,
            ..HttpPolicy::default()
        };
        let world = World::among(kind, &origins, policy).await;
        let script = Script::new(&world);
        script.furnish().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        world.move_psa(&places[0].1);
        Self {
            kind,
            imported: world.keep(folder.path(), "imported"),
            world,
            server,
            replies,
            places,
            _folder: folder,
            _bound: bound,
        }
    }

    /// Imports against these replies; gives the outcome as the table writes it.
    async fn outcome(&self, words: &str) -> String {
        self.world.go_back(&self.imported);
        let asked = self.server.asked().len();
        match words.strip_prefix("at ") {
            Some(place) => {
                let (_, origin) = self.places.iter().find(|(name, _)| *name == place).unwrap();
                self.world.move_psa(origin);
            }
            None => *self.replies.lock().unwrap() = replies(self.kind, words),
        }
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
                let requests = if words.starts_with("at ") {
                    0
                } else {
                    self.server.asked().len() - asked
                };
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
        let difference = State::read(&self.world.engine).difference(before);
        assert!(difference.is_none(), "a failed fetch changed what lasts: {difference}");
        let rows = self.world.engine.items(IMPORTS).into_iter().filter(|item| {
            let of_import = item["pk"]["S"].as_str().unwrap().ends_with(id.as_str().unwrap());
            of_import && item["sk"]["S"].as_str().unwrap().starts_with("ROW#")
        });
        assert_eq!(rows.count(), 0, "a failed fetch left rows");
        let show = Message::Call {
            who: ANA,
            method: "GET",
            path: format!("/imports/{}", id.as_str().unwrap()),
            body: Value::Null,
        };
        let shown = self.world.deliver(&show).await.unwrap().unwrap();
        let shown: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
        assert!(shown["lock"].is_null(), "{shown}");
        shown["error"]["code"].as_str().unwrap().to_owned()
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
