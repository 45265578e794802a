//! However much a PSA sends, the fetch worker stays far under the memory that its function has: what is allocated is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use domain::psa::PsaKind;
use faults::script::Script;
use faults::world::{MSP, Message, World, beyond_lease};
use flate2::Compression;
use flate2::write::GzEncoder;
use peak_alloc::PeakAlloc;
use psa::HttpPolicy;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;

/// What a worker may need besides what was there before. Its function has eight times as much.
const MOST: usize = 64 * MIB;

const REPLY: usize = 10 * MIB;

/// What is sent for a page of rows.
#[derive(Debug, Clone, Copy)]
enum Large {
    /// A whole page, ten megabytes of fields that nobody asked for.
    Padded,
    /// A whole page, ten megabytes of names.
    Named,
    /// Six of these pages, of which several are read at once.
    ManyNamed,
    /// A whole page, of which the first row has a name of ten megabytes: more than an item of the database holds.
    OneName,
    /// Lists of ten megabytes of empty records, within a row and in the description of fields.
    Empties,
    /// Nothing but the beginning of arrays.
    Nested,
    /// A text of ten megabytes.
    OneText,
    /// An error with ten megabytes of explanation.
    Error,
    /// Ten megabytes that become ten gigabytes.
    Bomb,
    /// The same under an error.
    BombError,
}

const ALL: [(Large, &str); 10] = [
    (Large::Padded, "review"),
    (Large::Named, "review"),
    (Large::ManyNamed, "review"),
    (Large::OneName, "review"),
    (Large::Empties, "review"),
    (Large::Nested, "failed"),
    (Large::OneText, "failed"),
    (Large::Error, "failed"),
    (Large::Bomb, "failed"),
    (Large::BombError, "failed"),
];

impl Large {
    /// How many pages there are of it.
    const fn pages(self) -> usize {
        match self {
            Self::ManyNamed => 6,
            _ => 1,
        }
    }

    /// What announces another page of `ConnectWise`.
    const fn link(self) -> &'static str {
        match self {
            Self::ManyNamed => "link: <http://x/?pageId=1>; rel=\"next\"\r\n",
            _ => "",
        }
    }
}

/// Sends so much that sending it piece by piece takes no memory here.
struct Sender {
    kind: PsaKind,
    address: SocketAddr,
    large: Mutex<Large>,
    /// A gzip of which any number in a row is a gzip again.
    member: Arc<[u8]>,
}

impl Sender {
    async fn start(kind: PsaKind, member: &Arc<[u8]>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sender = Arc::new(Self {
            kind,
            address: listener.local_addr().unwrap(),
            large: Mutex::new(Large::Padded),
            member: Arc::clone(member),
        });
        let own = Arc::clone(&sender);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = Arc::clone(&own);
                // Whoever has read enough hangs up.
                tokio::spawn(async move { drop(own.answer(stream).await) });
            }
        });
        sender
    }

    const fn rows(&self) -> usize {
        match self.kind {
            PsaKind::Connectwise => 1_000,
            PsaKind::Autotask => 500,
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = vec![0; 16 * 1024];
        let read = stream.read(&mut request).await?;
        let asked = String::from_utf8_lossy(&request[..read]).to_lowercase();
        let path = asked.split(' ').nth(1).unwrap_or_default();
        let list = ["/company/companies?", "/company/contacts?"]
            .iter()
            .any(|list| path.contains(list))
            || path.ends_with("/query");
        let around = |body: String| {
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let large = *self.large.lock().unwrap();
        if !list {
            let (rows, address) = (large.pages() * self.rows(), self.address);
            let tenant = sim_autotask::tenant_of(sim_autotask::USERNAME).unwrap();
            let body = match path {
                _ if path.contains("companyinfo") => r#"{"CompanyName":"MSP","Codebase":"v4_6_release/"}"#.to_owned(),
                _ if path.contains("zoneinformation") => format!(r#"{{"zoneName":"Z","url":"http://{address}/ATServicesRest/","webUrl":"","ci":{tenant}}}"#),
                _ if path.contains("/fields") && matches!(large, Large::Empties) => format!(r#"{{"fields":{}}}"#, empties()),
                _ if path.contains("/fields") => r#"{"fields":[]}"#.to_owned(),
                _ if path.contains("thresholdinformation") => r#"{"externalRequestThreshold":10000,"requestThresholdTimeframe":60,"currentTimeframeRequestCount":1}"#.to_owned(),
                _ if path.ends_with("/count") && path.contains("/query") => format!(r#"{{"queryCount":{rows}}}"#),
                _ if path.contains("/count") => format!(r#"{{"count":{rows}}}"#),
                _ => "[]".to_owned(),
            };
            return stream.write_all(around(body).as_bytes()).await;
        }
        let (status, encoding) = match large {
            Large::Padded
            | Large::Named
            | Large::ManyNamed
            | Large::OneName
            | Large::Empties
            | Large::Nested
            | Large::OneText => (200, ""),
            Large::Error => (500, ""),
            Large::Bomb => (200, "content-encoding: gzip\r\n"),
            Large::BombError => (500, "content-encoding: gzip\r\n"),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{encoding}{}\r\n",
            large.link()
        );
        let first = self.first_of(&asked);
        stream.write_all(head.as_bytes()).await?;
        match large {
            Large::Padded => {
                self.page(&mut stream, first, "padding", |_| text(REPLY / self.rows()))
                    .await
            }
            Large::Named | Large::ManyNamed => {
                self.page(&mut stream, first, self.name(), |_| text(REPLY / self.rows()))
                    .await
            }
            Large::Empties => {
                let list = |id| if id == 1 { empties() } else { "[]".to_owned() };
                self.page(&mut stream, first, "types", list).await
            }
            Large::OneName => {
                self.page(&mut stream, first, self.name(), |id| {
                    text(if id == 1 { REPLY } else { 9 })
                })
                .await
            }
            Large::Nested => pieces(&mut stream, b"[", &[b'['; 1024], b"").await,
            Large::OneText => pieces(&mut stream, b"\"", &[b'x'; 1024], b"\"").await,
            Large::Error => pieces(&mut stream, b"{\"message\":\"", &[b'x'; 1024], b"\"}").await,
            Large::Bomb | Large::BombError => {
                for _ in 0..REPLY / self.member.len() {
                    stream.write_all(&self.member).await?;
                }
                Ok(())
            }
        }
    }

    /// Every tenant of Autotask has company 0, and none of ConnectWise has.
    const fn smallest_id(&self) -> usize {
        match self.kind {
            PsaKind::Connectwise => 1,
            PsaKind::Autotask => 0,
        }
    }

    /// The id that the page which is asked for begins with.
    fn first_of(&self, asked: &str) -> usize {
        let (last, ends) = match self.kind {
            PsaKind::Connectwise => ("pageid=", [' ', '&']),
            PsaKind::Autotask => (r#""op":"gt","field":"id","value":"#, ['}', ',']),
        };
        let after = asked.split(last).nth(1).and_then(|text| text.split(ends).next());
        after
            .and_then(|id| id.parse().ok())
            .map_or(self.smallest_id(), |id: usize| id + 1)
    }

    const fn name(&self) -> &'static str {
        match self.kind {
            PsaKind::Connectwise => "name",
            PsaKind::Autotask => "companyName",
        }
    }

    /// A whole page of rows with this value in a field.
    async fn page(
        &self,
        stream: &mut TcpStream,
        first: usize,
        field: &str,
        value: impl Fn(usize) -> String,
    ) -> std::io::Result<()> {
        let end = self.smallest_id() + self.large.lock().unwrap().pages() * self.rows();
        let rows = end.saturating_sub(first).min(self.rows());
        let next = if first + rows < end { r#""http://x/""# } else { "null" };
        let ends = match self.kind {
            PsaKind::Connectwise => ["[".to_owned(), "]".to_owned()],
            PsaKind::Autotask => [
                r#"{"items":["#.to_owned(),
                format!(
                    r#"],"pageDetails":{{"count":{rows},"requestCount":500,"prevPageUrl":null,"nextPageUrl":{next}}}}}"#
                ),
            ],
        };
        stream.write_all(ends[0].as_bytes()).await?;
        for id in first..first + rows {
            let comma = if id == first { "" } else { "," };
            let value = value(id);
            let row = format!(
                r#"{comma}{{"id":{id},"company":{{"id":{id}}},"companyID":{id},"firstName":"A","lastName":"B","{field}":"#
            );
            for part in [row.as_str(), &value, "}"] {
                stream.write_all(part.as_bytes()).await?;
            }
        }
        stream.write_all(ends[1].as_bytes()).await
    }
}

/// Made without a copy, which would count as memory of the worker.
fn text(length: usize) -> String {
    let mut text = String::with_capacity(length + 2);
    text.push('"');
    text.extend(std::iter::repeat_n('x', length));
    text.push('"');
    text
}

/// Made without a copy, too.
fn empties() -> String {
    let mut list = String::with_capacity(REPLY + 4);
    list.push('[');
    list.extend(std::iter::repeat_n("{},", REPLY / 3));
    list.push_str("{}]");
    list
}

async fn pieces(stream: &mut TcpStream, first: &[u8], piece: &[u8], last: &[u8]) -> std::io::Result<()> {
    stream.write_all(first).await?;
    for _ in 0..REPLY / piece.len() {
        stream.write_all(piece).await?;
    }
    stream.write_all(last).await
}

/// Runs a worker to the end of its import; gives how the import ended.
async fn fetch(world: &World) -> String {
    let script = Script::new(world);
    let path = format!("/integrations/{}/imports", script.integration().await.unwrap());
    let started = script.expect("POST", &path, json!({ "filter": {} })).await;
    let work = Message::Work(
        "FetchFunction",
        json!({ "msp": MSP, "import": started["id"], "giveUp": false }),
    );
    for _ in 0..10 {
        let import = script
            .get(&format!("/imports/{}", started["id"].as_str().unwrap()))
            .await;
        if import["state"] != "fetching" {
            return import["state"].as_str().unwrap().to_owned();
        }
        if let Err(error) = world.deliver(&work).await.unwrap() {
            println!("the worker failed: {error}");
            world.ticking.advance(beyond_lease());
        }
    }
    "never ends".to_owned()
}

#[test]
fn r9_ten_megabytes_from_a_psa_keep_the_worker_under_its_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&vec![b' '; 32 * MIB]).unwrap();
    let member: Arc<[u8]> = gzip.finish().unwrap().into();
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        for (large, end) in ALL {
            runtime.block_on(async {
                let sender = Sender::start(kind, &member).await;
                let origin = format!("http://{}", sender.address);
                let world = World::among(kind, std::slice::from_ref(&origin), HttpPolicy::default()).await;
                Script::new(&world).seed().await;
                world.move_psa(&origin);
                *sender.large.lock().unwrap() = large;
                let before = ALLOCATED.current_usage();
                ALLOCATED.reset_peak_usage();
                let ended = fetch(&world).await;
                let peak = ALLOCATED.peak_usage() - before;
                println!("{kind:?} {large:?}: {ended}, {} KiB more at its most", peak / 1024);
                assert_eq!(ended, end, "{kind:?} {large:?}");
                assert!(peak < MOST, "{kind:?} {large:?}: {peak}");
            });
        }
    }
}
