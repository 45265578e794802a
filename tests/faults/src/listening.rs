//! A server that can be brought to rest, so that no request of a process that is gone reaches it in a later run.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server on a port of its own. Clones are the same.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    router: Router,
    running: Arc<Mutex<Option<Running>>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Listening {
    /// Starts to listen.
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            running: Arc::new(Mutex::new(Some(serve(listener, router.clone())))),
            router,
        }
    }

    /// Answers the requests that are still open, closes all connections, and listens again. To be called once all clients are gone.
    pub async fn rest(&self) {
        let running = self.running.lock().unwrap().take();
        if let Some(Running { stop, ended }) = running {
            stop.send(()).unwrap();
            ended.await.unwrap();
        }
        let listener = TcpListener::bind(self.address).await.unwrap();
        *self.running.lock().unwrap() = Some(serve(listener, self.router.clone()));
    }
}

fn serve(listener: TcpListener, router: Router) -> Running {
    let (stop, stopped) = oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        // The world that is dropped stops it, too.
        drop(stopped.await);
    });
    let ended = tokio::spawn(async move { server.await.unwrap() });
    Running { stop, ended }
}
