//! A role in a process of its own, and a client for its socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

pub(crate) struct Role {
    process: Child,
    jobs: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Role {
    pub(crate) fn start(role: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (jobs, reports) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Role { process, jobs, reports: BufReader::new(reports) }
    }

    pub(crate) fn ask(&mut self, job: &Value) -> Value {
        writeln!(self.jobs, "{job}").unwrap();
        self.hear()
    }

    pub(crate) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// What it says on standard error about a job that it cannot do.
    pub(crate) fn fails(mut self, job: &Value) -> String {
        writeln!(self.jobs, "{job}").unwrap();
        let mut told = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(!self.process.wait().unwrap().success());
        told
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Posts a delivery over a connection of its own: the status of the answer.
pub(crate) fn post(address: &str, signature: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /hook HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nGo1-Signature: {signature}\r\nContent-Length: {}",
        body.len()
    );
    write!(stream, "{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
