//! One HTTP server on a free loopback port.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Answers still under way when the server stops get this long.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A server at work. Dropping it frees the port at once and closes idle connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves the router on a free port of 127.0.0.1; connections are taken from now on.
    pub async fn start(router: Router) -> io::Result<Self> {
        Self::start_on(0, router).await
    }

    /// Serves the router on this port of 127.0.0.1; 0 takes a free one.
    pub async fn start_on(port: u16, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        Self::spawn(listener, |listener, stop| async move {
            // Small answers must not wait for the acknowledgement of the one before.
            let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
            // It ends by the token alone: `axum::serve` outlives every fault of a connection.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stop).await;
        })
    }

    /// Runs a server that is handed its listener and the wish to stop.
    pub(crate) fn spawn<S, F>(listener: TcpListener, serve: S) -> io::Result<Self>
    where
        S: FnOnce(TcpListener, tokio_util::sync::WaitForCancellationFutureOwned) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, stop.clone().cancelled_owned()));
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections and waits a limited time for the answers under way.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // What is not finished by then is cut off when `self` is dropped.
        let _ = tokio::time::timeout(STOP_LIMIT, &mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
