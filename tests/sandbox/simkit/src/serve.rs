//! Serves a simulator so that faults can break its connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::wire::{WireHandle, WireListener};

/// Answers still under way when the server stops get this long.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// A server at work; dropping it lets it run on until the process ends.
#[derive(Debug)]
pub struct Served {
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Served {
    /// Stops listening, and waits a limited time for the answers under way.
    pub async fn stop(self) {
        // A server that has ended by itself no longer listens for this.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if tokio::time::timeout(STOP_LIMIT, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Serves on this address; port 0 takes a free one. Answers the address taken.
pub async fn serve(router: Router, address: SocketAddr) -> io::Result<(SocketAddr, Served)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let service = router.into_make_service_with_connect_info::<WireHandle>();
    let server = axum::serve(WireListener(listener), service).with_graceful_shutdown(async move {
        if stopped.await.is_err() {
            // The handle was dropped, which is not a wish to stop.
            std::future::pending::<()>().await;
        }
    });
    let task = tokio::spawn(server.into_future());
    Ok((bound, Served { stop, task }))
}
