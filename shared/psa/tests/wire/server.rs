//! A PSA made of bytes: it answers discovery and metadata as it should, and its lists as a test says.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use jiff::Timestamp;
use psa::{Connector, Credentials, HttpPolicy, Psa, RetryPolicy, vendor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What is sent back, byte by byte.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Written, then the connection is closed.
    Bytes(Vec<u8>),
    /// Written, then nothing more happens.
    Stall(Vec<u8>),
    /// The connection is reset after these bytes.
    Reset(Vec<u8>),
}

/// One request for rows, as what answers it sees it.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Path and query.
    pub path: &'a str,
    pub body: &'a str,
    /// How many requests for rows came before.
    pub before: usize,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub head: String,
    pub at: Instant,
}

pub struct Server {
    pub address: SocketAddr,
    pub kind: PsaKind,
    seen: Arc<Mutex<Vec<Seen>>>,
    around: Arc<Around>,
}

/// What it says of itself.
struct Around {
    address: SocketAddr,
    count: u64,
    cloud: AtomicBool,
    /// The number of the tenant (Autotask).
    tenant: AtomicI64,
}

/// The number of the simulated tenant, so that an integration can move from the simulator to this server.
const TENANT: i64 = 513_558;

pub const KINDS: [PsaKind; 2] = [PsaKind::Connectwise, PsaKind::Autotask];

/// The company statuses: in no order, one of them twice, some inactive. The ids are those of an int32.
pub const STATUSES: &str = r#"[{"id":20,"name":"On hold"},{"id":3,"name":"Gone","inactiveFlag":true},{"id":0,"inactiveFlag":true},
    {"id":3,"name":"Gone","inactiveFlag":true},{"id":1,"name":"Active","inactiveFlag":false},{"name":"None"},
    {"id":-2147483648,"inactiveFlag":true},{"id":2147483647,"inactiveFlag":null}]"#;

/// The fields of an Autotask company, with odd ones among them.
const FIELDS: &str = r#"{"fields":[{"name":null},{"isPickList":true},{"name":"territoryID","isPickList":true,
    "picklistValues":[{"value":null}]},{"name":"CompanyType","isPickList":true,"picklistValues":[
    {"value":"1","label":"Customer","isActive":true},{"value":3,"label":"Prospect"},{"value":null,"label":"Odd"}]}]}"#;

/// A complete reply.
pub fn reply(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    bytes.reserve(body.len());
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

pub fn json(body: impl AsRef<[u8]>) -> Reply {
    reply(200, "content-type: application/json\r\n", body)
}

/// Rows as the product sends them.
pub fn rows(kind: PsaKind, count: usize, rows: &str) -> String {
    match kind {
        PsaKind::Connectwise => rows.to_owned(),
        PsaKind::Autotask => format!(
            r#"{{"items":{rows},"pageDetails":{{"count":{count},"requestCount":500,"prevPageUrl":null,"nextPageUrl":null}}}}"#
        ),
    }
}

impl Server {
    /// Answers the n-th request for rows (from 0) with `lists(n)`.
    pub async fn start(kind: PsaKind, lists: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(kind, 0, lists).await
    }

    /// The same, and says that there are so many rows of everything.
    pub async fn start_with(kind: PsaKind, count: u64, lists: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_by(kind, count, move |asked| lists(asked.before)).await
    }

    /// The same, by what is asked for.
    pub async fn start_by(
        kind: PsaKind,
        count: u64,
        lists: impl Fn(&Asked<'_>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let around = Arc::new(Around {
            address,
            count,
            cloud: AtomicBool::new(false),
            tenant: AtomicI64::new(TENANT),
        });
        let (log, lists, own) = (Arc::clone(&seen), Arc::new(lists), Arc::clone(&around));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&own), Arc::clone(&log), Arc::clone(&lists)));
            }
        });
        Self {
            address,
            kind,
            seen,
            around,
        }
    }

    /// Whether it answers as another tenant than the one that it is, and that the simulator is.
    pub fn be_another_tenant(&self, another: bool) {
        self.around.tenant.store(TENANT + i64::from(another), Ordering::SeqCst);
    }

    /// Whether it says to be in the vendor's cloud, where it can be elsewhere.
    pub fn be_in_the_cloud(&self, cloud: bool) {
        self.around.cloud.store(cloud, Ordering::SeqCst);
    }

    /// Every request for rows so far.
    pub fn asked(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| is_list(&seen.path))
            .cloned()
            .collect()
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn connect(&self, policy: &HttpPolicy, deadline: Duration) -> Arc<dyn Psa> {
        connect(self.kind, &format!("http://{}", self.address), policy, deadline)
    }
}

/// Opens a PSA at this origin, which is made exempt.
pub fn connect(kind: PsaKind, origin: &str, policy: &HttpPolicy, deadline: Duration) -> Arc<dyn Psa> {
    connect_by(Timestamp::now, kind, origin, policy, deadline)
}

/// The same by another clock.
pub fn connect_by(
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    kind: PsaKind,
    origin: &str,
    policy: &HttpPolicy,
    deadline: Duration,
) -> Arc<dyn Psa> {
    let policy = HttpPolicy {
        allowed_origins: [&policy.allowed_origins[..], &[origin.parse().unwrap()]].concat(),
        ..policy.clone()
    };
    let connector = Connector::new(policy).unwrap().with_clock(clock);
    let target = connector.target(kind.into(), origin, Some("msp")).unwrap();
    connector
        .connect(&target, &credentials(kind), Instant::now() + deadline)
        .unwrap()
}

pub fn credentials(kind: PsaKind) -> Credentials {
    let json = match kind {
        PsaKind::Connectwise => r#"{"publicKey":"pub","privateKey":"priv","clientId":"3b8f-client"}"#,
        PsaKind::Autotask => r#"{"username":"api@msp.example","secret":"s3cret","integrationCode":"CODE"}"#,
    };
    Credentials::from_secret_json(vendor(kind).credential_fields, json).unwrap()
}

/// Impatient: two repetitions, a few milliseconds apart.
pub fn impatient() -> HttpPolicy {
    HttpPolicy {
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(5),
        largest_reply: 100_000,
        retry: RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
            repeats: 2,
        },
        ..HttpPolicy::default()
    }
}

fn is_list(path: &str) -> bool {
    path.contains("/company/companies?") || path.contains("/company/contacts?") || path.ends_with("/query")
}

async fn answer(
    mut stream: TcpStream,
    own: Arc<Around>,
    log: Arc<Mutex<Vec<Seen>>>,
    lists: Arc<impl Fn(&Asked<'_>) -> Reply>,
) {
    let Some((head, body)) = request(&mut stream).await else {
        return;
    };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    if path.ends_with("/Companies/query") && body.contains(r#""value":[0]"#) {
        return stream.write_all(&own_company()).await.unwrap_or_default();
    }
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|seen: &&Seen| is_list(&seen.path)).count();
        log.push(Seen {
            path: path.clone(),
            head,
            at: Instant::now(),
        });
        before
    };
    let reply = if is_list(&path) {
        lists(&Asked {
            path: &path,
            body: &body,
            before,
        })
    } else {
        json(around(&path, &own))
    };
    match reply {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Stall(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        Reply::Reset(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            stream.flush().await.unwrap();
            // What has been written must arrive before the reset overtakes it.
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.set_zero_linger().unwrap();
        }
    }
}

/// Reads one request: its head and its body.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}

/// Company 0, which is the MSP's own: an API user who does not get it is not shown every company.
fn own_company() -> Vec<u8> {
    let page = r#"{"items":[{"id":0,"companyName":"MSP","companyType":1,"isActive":true}],"pageDetails":{"count":1,"nextPageUrl":null}}"#;
    match json(page) {
        Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Reset(bytes) => bytes,
    }
}

/// Everything but the rows.
fn around(path: &str, own: &Around) -> String {
    let (address, count) = (own.address, own.count);
    if path.contains("/companyinfo/") {
        let cloud = own.cloud.load(Ordering::SeqCst);
        format!(r#"{{"CompanyName":"MSP","Codebase":"v4_6_release/","IsCloud":{cloud}}}"#)
    } else if path.contains("/zoneInformation") {
        format!(
            r#"{{"zoneName":"Z","url":"http://{address}/ATServicesRest/","webUrl":"","ci":{}}}"#,
            own.tenant.load(Ordering::SeqCst)
        )
    } else if path.contains("/fields") {
        FIELDS.to_owned()
    } else if path.contains("/statuses") {
        STATUSES.to_owned()
    } else if path.ends_with("/query/count") {
        format!(r#"{{"queryCount":{count}}}"#)
    } else if path.contains("/count") {
        format!(r#"{{"count":{count}}}"#)
    } else if path.contains("/ThresholdInformation") {
        r#"{"externalRequestThreshold":10000,"requestThresholdTimeframe":60,"currentTimeframeRequestCount":1}"#
            .to_owned()
    } else {
        "[]".to_owned()
    }
}

/// An address at which nobody listens, for as long as the socket is there: no other test can come to listen there.
pub fn closed() -> (TcpSocket, SocketAddr) {
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.local_addr().unwrap();
    (bound, address)
}
