//! Servers whose TLS is right, or wrong in one way. What signs their certificates is trusted, so that nothing but the one
//! thing is the matter.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Signs certificates, and is trusted by whoever has its root.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub root: Vec<u8>,
}

/// How a server behaves once there is a connection.
#[derive(Clone)]
pub enum Manner {
    /// Speaks TLS, and hands what is said to a server that does not.
    Tls(Arc<ServerConfig>, SocketAddr),
    /// Speaks TLS until something is asked, and then something else.
    Broken(Arc<ServerConfig>),
    /// Answers the greeting of TLS with these bytes.
    Bytes(Vec<u8>),
    /// Resets the connection after the greeting.
    Reset,
    /// Closes the connection after the greeting.
    Close,
    /// Never answers the greeting.
    Silent,
}

/// A place to which a client may try to connect.
pub struct Place {
    pub name: &'static str,
    pub origin: String,
    /// How often somebody did.
    pub connections: Arc<AtomicUsize>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, key);
        Self { issuer, root }
    }

    /// A server's certificate for this name, valid from and until the first day of a year.
    fn server(&self, name: &str, years: [i32; 2]) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years[0], 1, 1);
        params.not_after = date_time_ymd(years[1], 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// Every way of connecting that goes wrong, and one that does not: it leads to the server behind.
pub async fn places(authority: &Authority, behind: SocketAddr) -> Vec<Place> {
    let tls = |config| Manner::Tls(config, behind);
    let here = "127.0.0.1";
    let ways = [
        ("TLS", tls(authority.server(here, [2020, 2090]))),
        ("expired", tls(authority.server(here, [2020, 2021]))),
        ("not yet valid", tls(authority.server(here, [2089, 2090]))),
        ("wrong host", tls(authority.server("psa.msp.example", [2020, 2090]))),
        ("untrusted", tls(Authority::new().server(here, [2020, 2090]))),
        ("old TLS alert", Manner::Bytes(PROTOCOL_VERSION.into())),
        ("old TLS hello", Manner::Bytes(hello_of_tls_1_1())),
        ("no TLS", Manner::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".into())),
        ("reset in handshake", Manner::Reset),
        ("closed in handshake", Manner::Close),
        ("silent in handshake", Manner::Silent),
        (
            "broken after the handshake",
            Manner::Broken(authority.server(here, [2020, 2090])),
        ),
    ];
    let mut places = Vec::new();
    for (name, manner) in ways {
        places.push(place(name, manner).await);
    }
    places
}

async fn place(name: &'static str, manner: Manner) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(greet(stream, manner.clone()));
        }
    });
    Place {
        name,
        origin,
        connections,
    }
}

async fn greet(mut stream: TcpStream, manner: Manner) {
    if let Manner::Tls(config, behind) = manner {
        // Of a client that hangs up in the middle, as most should here, nothing is left to answer.
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
            let mut behind = TcpStream::connect(behind).await.unwrap();
            drop(copy_bidirectional(&mut stream, &mut behind).await);
        }
        return;
    }
    let mut greeting = [0; 4_096];
    if let Manner::Broken(config) = manner {
        if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await
            && stream.read(&mut greeting).await.is_ok_and(|read| read > 0)
        {
            let (stream, _) = stream.get_mut();
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
            while stream.read(&mut greeting).await.is_ok_and(|read| read > 0) {}
        }
        return;
    }
    if !stream.read(&mut greeting).await.is_ok_and(|read| read > 0) {
        return;
    }
    match manner {
        Manner::Bytes(bytes) => {
            drop(stream.write_all(&bytes).await);
            // Until the client has read them and hangs up: closing with unread bytes would be a reset.
            while stream.read(&mut greeting).await.is_ok_and(|read| read > 0) {}
        }
        Manner::Reset => stream.set_zero_linger().unwrap(),
        Manner::Silent => while stream.read(&mut greeting).await.is_ok_and(|read| read > 0) {},
        Manner::Close | Manner::Tls(..) | Manner::Broken(_) => stream.shutdown().await.unwrap_or_default(),
    }
}

/// A fatal alert: none of the versions in the greeting will do (RFC 8446, 6).
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 2, 0, 2, 2, 70];

/// The answer of a server that knows TLS 1.1 at best (RFC 4346, 7.4.1.3).
fn hello_of_tls_1_1() -> Vec<u8> {
    let version = [3, 2];
    let (random, no_session, cipher, no_compression) = ([7; 32], 0, [0xc0, 0x14], 0);
    let mut hello = [&version[..], &random, &[no_session], &cipher, &[no_compression]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    hello.splice(0..0, [2, 0, 0, length]);
    hello.splice(0..0, [22, 3, 2, 0, length + 4]);
    hello
}

/// An address where connecting never comes to an end, for as long as what comes with it is there: nobody accepts, and the
/// one place in the queue is taken.
pub async fn full() -> (impl Sized, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let first = TcpStream::connect(address).await.unwrap();
    ((listener, first), address)
}
