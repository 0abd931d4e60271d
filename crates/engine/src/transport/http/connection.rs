//! One connection: a request on it, and as much of the answer as is kept.
//!
//! The connection is driven by whoever uses it, not by a task of its own: an exchange costs no hand-over between
//! tasks, and what waits in the pool costs nothing. That its peer closed it is noticed when it is taken out again.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use ::http::response;
use bytes::{Buf, Bytes};
use domain::delivery::{ANSWER_BYTES_MAX, Failure};
use futures_util::future::poll_fn;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::polite::Polite;
use super::{Message, tls};

/// How large the head of an answer may be.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A socket, with or without TLS.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

type Driver = http1::Connection<TokioIo<Polite>, Full<Bytes>>;

/// A connection to a receiver.
pub(super) struct Connection {
    /// Where it leads: this address was judged.
    pub(super) address: SocketAddr,
    pub(super) opened_at: Instant,
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is closed.
    driver: Option<Driver>,
}

/// An answer, and the connection if it can serve again.
pub(super) struct Exchanged {
    pub(super) head: response::Parts,
    pub(super) body: Vec<u8>,
    pub(super) truncated: bool,
    pub(super) connection: Option<Box<Connection>>,
}

/// Why there is no answer.
pub(super) enum Broken {
    /// Nothing of the request was sent.
    NotSent(Box<Message>, Failure),
    /// Perhaps all of it was.
    Sent(Failure),
}

impl Connection {
    pub(super) async fn open(socket: Box<dyn Socket>, address: SocketAddr) -> Result<Box<Self>, Failure> {
        let mut builder = http1::Builder::new();
        // As published samples write them; names of headers have no case.
        builder.title_case_headers(true).max_buf_size(HEAD_BYTES_MAX);
        let socket = TokioIo::new(Polite::new(socket));
        let (sender, driver) = builder.handshake(socket).await.map_err(|error| tls::broken(&error))?;
        Ok(Box::new(Connection { address, opened_at: Instant::now(), sender, driver: Some(driver) }))
    }

    /// Whether it can take a request: its peer has neither closed it nor said anything unasked.
    pub(super) async fn is_ready(&mut self) -> bool {
        poll_fn(|context| {
            self.drive(context);
            Poll::Ready(self.driver.is_some() && self.sender.is_ready())
        })
        .await
    }

    /// Sends a request and reads the answer, no more than [`ANSWER_BYTES_MAX`] of its body.
    pub(super) async fn exchange(mut self: Box<Self>, message: Message) -> Result<Exchanged, Broken> {
        let mut answer = pin!(self.sender.try_send_request(message));
        let answered = poll_fn(|context| {
            self.drive(context);
            let answer = answer.as_mut().poll(context);
            crash::point!("engine/request-written");
            answer
        });
        let (head, body) = match answered.await {
            Ok(answer) => answer.into_parts(),
            Err(mut error) => {
                let failure = tls::broken(error.error());
                let message = error.take_message();
                return Err(match message {
                    Some(message) => Broken::NotSent(Box::new(message), failure),
                    None => Broken::Sent(failure),
                });
            }
        };
        crash::point!("engine/head-read");
        let (body, truncated) = self.read(body).await.map_err(|error| Broken::Sent(tls::broken(&error)))?;
        crash::point!("engine/body-read");
        // What was not read to its end is not read at all: closing is cheaper than an endless body.
        let again = !truncated && self.is_ready().await;
        Ok(Exchanged { head, body, truncated, connection: again.then_some(self) })
    }

    async fn read(&mut self, mut body: Incoming) -> Result<(Vec<u8>, bool), hyper::Error> {
        let mut kept = Vec::new();
        while let Some(frame) = poll_fn(|context| self.poll_frame(&mut body, context)).await {
            let Ok(data) = frame?.into_data() else { continue };
            let room = ANSWER_BYTES_MAX - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if data.remaining() > room {
                return Ok((kept, true));
            }
        }
        Ok((kept, false))
    }

    fn poll_frame(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>> {
        // Asking first tells the driver that more is wanted.
        match Pin::new(&mut *body).poll_frame(context) {
            Poll::Pending => {
                self.drive(context);
                Pin::new(body).poll_frame(context)
            }
            ready => ready,
        }
    }

    /// Moves bytes. What goes wrong is told to whoever waits for the answer.
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(context).is_ready()
        {
            // Dropping it is what tells a request that it never took.
            self.driver = None;
        }
    }
}
