//! Servers that speak what rustls does not: `openssl s_server`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rcgen::KeyPair;
use tempfile::TempDir;

use crate::tls::Authority;

/// Old versions and ciphers are switched off in today's libraries unless one insists.
const INSIST: [&str; 2] = ["-cipher", "ALL:@SECLEVEL=0"];

/// An `openssl s_server` with a good certificate of an authority.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Server {
    /// Starts one with these arguments.
    pub(crate) fn start(authority: &Authority, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let certificate = authority.certify(&key, |_| {});
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("key", key.serialize_pem().as_bytes());
        write("certificate", &certificate);
        let mut command = Command::new("openssl");
        command.current_dir(folder.path()).args(["s_server", "-accept", "127.0.0.1:0", "-key", "key"]);
        command.args(["-cert", "certificate", "-certform", "DER"]).args(args);
        // Its input stays open: at its end it would hang up.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("openssl is there: `cargo xtask test` installs it");
        let said = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let address = said.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
        Server { address: address.expect("it says where it listens"), process, _folder: folder }
    }

    /// Whether a client of its own kind, with these arguments, gets along with it.
    pub(crate) fn serves(&self, args: &[&str]) -> bool {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &self.address.to_string()]).args(INSIST).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    /// Asks whoever is connected, or is the next to be, to shake hands anew (TLS 1.2).
    pub(crate) fn renegotiate(&mut self) {
        let input = self.process.stdin.as_mut().expect("it is piped");
        input.write_all(b"R\n").expect("it listens to its input");
    }

    /// The arguments of a server of this version, or with this cipher, that insists.
    pub(crate) fn insisting<'a>(args: &[&'a str]) -> Vec<&'a str> {
        if args.contains(&"-cipher") { args.to_vec() } else { [args, &INSIST].concat() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
