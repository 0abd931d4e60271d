//! Logs and metrics: set up once, by the binary.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tracing::field::Field;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::config::log::{LogFormat, LogSection};

/// Latencies, in seconds: from what a local database takes to what a receiver may take.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0];

/// How many connections may wait to be accepted. For one that finds no place the caller's kernel tries again after a second, then
/// after two more, so that a burst would be seconds late; 128 is what it would be otherwise. The system may allow fewer.
const BACKLOG: u32 = 4_096;

/// Writes logs to standard error from now on.
pub(crate) fn log(section: &LogSection) -> Result<()> {
    let builder = tracing_subscriber::fmt().with_env_filter(section.lines()?).with_writer(io::stderr);
    let installed = match section.format {
        LogFormat::Text if io::stderr().is_terminal() => builder.try_init(),
        LogFormat::Text => builder.with_ansi(false).fmt_fields(debug_fn(write_field).delimited(" ")).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("setting up the log: {error}"))
}

/// Writes a field as the library does, but in one piece where nothing has to be escaped: it goes character by character.
fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let mut writer = Escaping(writer);
    match field.name() {
        "message" => write!(writer, "{value:?}"),
        name => write!(writer, "{name}={value:?}"),
    }
}

/// Writes what could steer a terminal as text.
struct Escaping<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|char| match char {
            '\n' | '\t' => self.0.write_char(char),
            char if char.is_control() => write!(self.0, "{}", char.escape_default()),
            char => self.0.write_char(char),
        })
    }
}

/// Collects metrics from now on, and serves them at `/metrics` until `shutdown`.
pub(crate) async fn metrics(address: SocketAddr, shutdown: CancellationToken) -> Result<SocketAddr> {
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder().context("setting up metrics")?;
    let listener = listen(address, "metrics").await?;
    let address = listener.local_addr()?;
    let render = move || {
        let handle: PrometheusHandle = handle.clone();
        async move {
            handle.run_upkeep();
            ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], handle.render())
        }
    };
    let app = Router::new().route("/metrics", get(render));
    tokio::spawn(gateway::serve::serve(listener, app, gateway::serve::Limits::default(), shutdown));
    Ok(address)
}

/// Listens, or says which address is taken and what to do.
pub(crate) async fn listen(address: SocketAddr, what: &str) -> Result<TcpListener> {
    bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("the address {address} for the {what} is taken by another program: choose another one")
        }
        _ => anyhow::anyhow!("listening on {address} for the {what}: {error}"),
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As all listeners do: one that was stopped a moment ago does not keep its successor waiting.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn many_who_come_at_once_find_room_before_they_are_accepted() {
        let listener = listen("127.0.0.1:0".parse().unwrap(), "test").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(500));
        let connected: Result<Vec<TcpStream>, io::Error> = (0..400).map(connect).collect();
        assert_eq!(connected.unwrap().len(), 400);
    }

    #[test]
    fn what_could_steer_a_terminal_is_written_as_text() {
        let mut line = String::new();
        let mut writer = Writer::new(&mut line);
        write!(Escaping(&mut writer), "a\x1b[2J\u{9b}é\n\x7f plain").unwrap();
        assert_eq!(line, "a\\u{1b}[2J\\u{9b}é\n\\u{7f} plain");
    }
}
