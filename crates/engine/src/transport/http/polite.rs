//! A socket that lets others have their turn, however much its peer has to say.
//!
//! The engine's loop runs without tokio's budget, and hyper reads for as long as there is something to read: a receiver
//! that never stops sending interim answers would otherwise keep the thread from every other lane, and from its own deadline.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Socket;

/// How much may be read in a row before the others have their turn, in bytes; the last read of a turn may go beyond. Small
/// things are dear: this much is several hundred interim answers, each of which costs a parse.
const TURN_BYTES_MAX: usize = 16 * 1024;

pub(super) struct Polite {
    socket: Box<dyn Socket>,
    /// Read in this turn.
    bytes: usize,
}

impl Polite {
    pub(super) fn new(socket: Box<dyn Socket>) -> Self {
        Polite { socket, bytes: 0 }
    }
}

impl AsyncRead for Polite {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.bytes >= TURN_BYTES_MAX {
            self.bytes = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        self.bytes = if read.is_ready() { self.bytes + buffer.filled().len() - before } else { 0 };
        read
    }
}

impl AsyncWrite for Polite {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
