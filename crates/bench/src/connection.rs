//! A client as bare as hyper makes it: one HTTP/1.1 connection, kept.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How much of an answer is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How much of a refusal is shown.
const SHOWN_BYTES_MAX: usize = 400;

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, driver) = Builder::new().title_case_headers(true).handshake(TokioIo::new(stream)).await?;
        // What goes wrong is told to whoever waits for the answer.
        tokio::spawn(driver);
        Ok(Connection { sender, host: HeaderValue::try_from(address.to_string())? })
    }

    /// The body of the answer; an error unless its status is a success.
    pub(crate) async fn exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Bytes> {
        request.headers_mut().insert(HOST, self.host.clone());
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        refuse(head.status, &body)?;
        Ok(body)
    }
}

fn refuse(status: StatusCode, body: &[u8]) -> Result<()> {
    if !status.is_success() {
        bail!("answered {status}: {}", String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES_MAX)]));
    }
    Ok(())
}
