//! The TCP connection under a simulator, which a fault can break from inside a request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of the answer that is about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Whole,
    /// No byte goes out and the peer gets a TCP reset.
    Reset,
    /// The head goes out, then this many bytes of the body, then the connection is closed.
    Cut {
        head: HeadEnd,
        body_bytes: usize,
    },
}

/// How many bytes of the blank line that ends a response's head have gone out in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadEnd(usize);

impl HeadEnd {
    const MARK: &[u8; 4] = b"\r\n\r\n";

    fn reached(self) -> bool {
        self.0 == Self::MARK.len()
    }

    fn after(self, byte: u8) -> Self {
        match Self::MARK.get(self.0) {
            Some(expected) if *expected == byte => Self(self.0 + 1),
            _ => Self(usize::from(byte == b'\r')),
        }
    }
}

impl Fate {
    pub(crate) fn cut(body_bytes: usize) -> Self {
        Self::Cut {
            head: HeadEnd::default(),
            body_bytes,
        }
    }

    /// How many of these bytes may go out.
    fn allows(self, bytes: &[u8]) -> usize {
        match self {
            Self::Whole => bytes.len(),
            Self::Reset => 0,
            Self::Cut { mut head, body_bytes } => {
                let mut head_bytes = 0;
                while !head.reached() && head_bytes < bytes.len() {
                    head = head.after(bytes[head_bytes]);
                    head_bytes += 1;
                }
                head_bytes + body_bytes.min(bytes.len() - head_bytes)
            }
        }
    }

    fn after(self, written: &[u8]) -> Self {
        let Self::Cut {
            mut head,
            mut body_bytes,
        } = self
        else {
            return self;
        };
        for byte in written {
            if head.reached() {
                body_bytes = body_bytes.saturating_sub(1);
            } else {
                head = head.after(*byte);
            }
        }
        Self::Cut { head, body_bytes }
    }
}

/// Lets a request decide the fate of its own answer; travels as the request's connect info.
#[derive(Clone, Debug)]
pub(crate) struct WireHandle(Arc<Mutex<Fate>>);

impl WireHandle {
    pub(crate) fn set(&self, fate: Fate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fate;
    }

    fn fate(&self) -> Fate {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, WireListener>> for WireHandle {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        stream.io().handle.clone()
    }
}

pub(crate) struct WireListener(pub(crate) TcpListener);

impl Listener for WireListener {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Small answers on a kept-alive connection would otherwise wait for the peer's delayed acknowledgement. A
        // failure means that the peer has gone already, which the first read reports.
        let _ = stream.set_nodelay(true);
        (
            Wire {
                stream,
                handle: WireHandle(Arc::new(Mutex::new(Fate::Whole))),
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub(crate) struct Wire {
    stream: TcpStream,
    handle: WireHandle,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let fate = self.handle.fate();
        let allowed = fate.allows(bytes);
        if allowed == 0 && !bytes.is_empty() {
            if fate == Fate::Reset {
                // With no time to linger, closing sends RST instead of FIN.
                self.stream.set_zero_linger()?;
            }
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]))?;
        if fate != Fate::Whole {
            self.handle.set(fate.after(&bytes[..written]));
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_answer_keeps_its_head_and_loses_the_body_after_the_given_bytes() {
        let answer = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\nbody";
        for at_once in 1..=answer.len() {
            let mut fate = Fate::cut(2);
            let mut sent = Vec::new();
            for piece in answer.chunks(at_once) {
                let allowed = &piece[..fate.allows(piece)];
                sent.extend_from_slice(allowed);
                fate = fate.after(allowed);
            }
            assert_eq!(sent, answer[..answer.len() - 2], "in pieces of {at_once}");
        }
    }
}
