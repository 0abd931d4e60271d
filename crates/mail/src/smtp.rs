//! A server that takes mail.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials as Known, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use tokio::time::timeout;

use crate::message::Message;

/// How long connecting may take, for each address of the server.
pub const CONNECT_FOR: Duration = Duration::from_secs(10);
/// How long a message may take, connecting and all; a server that is slower than this has not taken it.
pub const SEND_FOR: Duration = Duration::from_secs(30);
/// How long a server that has taken a message is listened to for its farewell.
const QUIT_FOR: Duration = Duration::from_secs(2);
/// How much is repeated of what a server says, in characters.
const DETAIL_CHARS_MAX: usize = 300;

/// How the way to the server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a server on this machine, or where somebody has said that it may be so.
    None,
    /// The connection begins in the clear and is refused if the server cannot change to TLS.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

impl Tls {
    /// The port that servers listen on for it.
    pub const fn port(self) -> u16 {
        match self {
            Tls::None => 25,
            Tls::StartTls => 587,
            Tls::Implicit => 465,
        }
    }
}

/// As whom to send.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password; never shown by `Debug`.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Which server, and how to talk to it.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Its name or address.
    pub host: String,
    /// Its port; see [`Tls::port`].
    pub port: u16,
    /// How the way to it is kept from others.
    pub tls: Tls,
    /// As whom to send; nobody, if the server wants no name.
    pub credentials: Option<Credentials>,
    /// What this machine calls itself.
    pub hello: String,
    /// The authorities to trust, as PEM, instead of those that this machine trusts.
    pub authorities: Option<String>,
    /// How long a message may take, connecting and all. [`SEND_FOR`] will do.
    pub send_for: Duration,
}

/// What keeps a configuration from being used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// Everybody on the way could read it.
    #[error("a password is sent to this machine only, or over TLS")]
    PasswordInTheClear,
    /// It would not be one word in a command.
    #[error("the name that this machine calls itself must be a host name")]
    Hello,
    /// No certificate in them, or none can be had.
    #[error("the authorities to trust cannot be read: {0}")]
    Authorities(String),
}

/// What came of a message that was not taken. What the server said may name a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server cannot be talked to, or not as whom it should be: nothing is said about the message.
    #[error("the mail server cannot be used: {0}")]
    Unreachable(String),
    /// It does not take the message now, and perhaps later.
    #[error("the mail server does not take it now: {0}")]
    Temporary(String),
    /// It will never take it.
    #[error("the mail server refuses it: {0}")]
    Permanent(String),
}

/// A server that takes mail. A connection for each message: notices are few.
#[derive(Clone)]
pub struct Smtp {
    config: SmtpConfig,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Prepares to send; connects to nobody yet. Reads the authorities that this machine trusts, if it is them that count.
    pub fn new(config: SmtpConfig) -> Result<Self, BadConfig> {
        if config.tls == Tls::None && config.credentials.is_some() && !is_this_machine(&config.host) {
            return Err(BadConfig::PasswordInTheClear);
        }
        let hello = hello(&config.hello)?;
        let tls = match config.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(tls_parameters(&config)?),
        };
        Ok(Smtp { config, hello, tls })
    }

    /// Hands the message over. `Ok` says that the server has taken it upon itself to deliver it; an error that it has not, or that
    /// it did not say so in time.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let written = message.written();
        let written = written.map_err(|error| SendError::Permanent(format!("it cannot be written: {error}")))?;
        let (connection, came) = self
            .in_time(async {
                let mut connection = self.connect().await?;
                let came = hand_over(&mut connection, &written).await;
                Ok((connection, came))
            })
            .await?;
        quit(connection).await;
        came.map_err(refused)
    }

    /// Whether the server can be talked to, as whom it should be.
    pub async fn check(&self) -> Result<(), SendError> {
        quit(self.in_time(self.connect()).await?).await;
        Ok(())
    }

    async fn in_time<T>(&self, what: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
        match timeout(self.config.send_for, what).await {
            Ok(came) => came,
            Err(_) => Err(SendError::Unreachable(format!("it took longer than {:?}", self.config.send_for))),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let config = &self.config;
        let at_once = self.tls.clone().filter(|_| config.tls == Tls::Implicit);
        let server = (config.host.as_str(), config.port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_FOR), &self.hello, at_once, None).await;
        let mut connection = connected.map_err(unreachable)?;
        if config.tls == Tls::StartTls
            && let Some(tls) = self.tls.clone()
        {
            connection.starttls(tls, &self.hello).await.map_err(unreachable)?;
        }
        if let Some(Credentials { user, password }) = &config.credentials {
            let known = Known::new(user.clone(), password.clone());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &known).await.map_err(unreachable)?;
        }
        Ok(connection)
    }
}

/// The library does the same, but says goodbye to a server that refuses before it passes the refusal on, and that may take for ever.
async fn hand_over(connection: &mut AsyncSmtpConnection, message: &lettre::Message) -> Result<(), smtp::Error> {
    let envelope = message.envelope();
    let is_ascii = envelope.from().into_iter().chain(envelope.to()).all(|address| address.to_string().is_ascii());
    // A server that does not know the parameter refuses it, and with it an address that it could not take.
    let parameters = if is_ascii { vec![] } else { vec![MailParameter::SmtpUtfEight] };
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), vec![])).await?;
    }
    connection.command(Data).await?;
    connection.message(&message.formatted()).await?;
    Ok(())
}

/// Whether the message is taken is settled, whatever the server says now.
async fn quit(mut connection: AsyncSmtpConnection) {
    let _ = timeout(QUIT_FOR, connection.quit()).await;
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn hello(name: &str) -> Result<ClientId, BadConfig> {
    match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ok(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => Ok(ClientId::Ipv6(address)),
        Err(_) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) => {
            Ok(ClientId::Domain(name.to_owned()))
        }
        Err(_) => Err(BadConfig::Hello),
    }
}

fn tls_parameters(config: &SmtpConfig) -> Result<TlsParameters, BadConfig> {
    let unreadable = |error: smtp::Error| BadConfig::Authorities(error.to_string());
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.authorities {
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(BadConfig::Authorities("there is no certificate in them".to_owned()));
        }
        let authorities = Certificate::from_pem(pem.as_bytes()).map_err(unreadable)?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authorities);
    }
    builder.build_rustls().map_err(unreadable)
}

/// Whatever went wrong before the message was spoken of says nothing about the message.
fn unreachable(error: smtp::Error) -> SendError {
    SendError::Unreachable(detail(&error))
}

fn refused(error: smtp::Error) -> SendError {
    if error.is_transient() {
        SendError::Temporary(detail(&error))
    } else if error.is_permanent() {
        SendError::Permanent(detail(&error))
    } else {
        SendError::Unreachable(detail(&error))
    }
}

/// One line, not too long, of what a server or the library has to say.
fn detail(error: &smtp::Error) -> String {
    let text = error.to_string();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DETAIL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SmtpConfig {
        SmtpConfig {
            host: "smtp.example.com".to_owned(),
            port: Tls::None.port(),
            tls: Tls::None,
            credentials: None,
            hello: "example.com".to_owned(),
            authorities: None,
            send_for: SEND_FOR,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut SmtpConfig), expected: Result<(), BadConfig>) {
        let mut config = config();
        change(&mut config);
        assert_eq!(Smtp::new(config).map(drop), expected);
    }

    fn credentials() -> Option<Credentials> {
        Some(Credentials { user: "ada".to_owned(), password: "s3cret".to_owned() })
    }

    #[test]
    fn a_password_does_not_leave_this_machine_in_the_clear() {
        for (host, expected) in [
            ("smtp.example.com", Err(BadConfig::PasswordInTheClear)),
            ("192.0.2.1", Err(BadConfig::PasswordInTheClear)),
            ("localhost.example.com", Err(BadConfig::PasswordInTheClear)),
            ("localhost", Ok(())),
            ("127.0.0.1", Ok(())),
            ("::1", Ok(())),
        ] {
            check(|config| (config.host, config.credentials) = (host.to_owned(), credentials()), expected);
        }
    }

    #[test]
    fn the_name_of_this_machine_is_one_word() {
        for hello in ["example.com", "a-b.example", "192.0.2.1", "[192.0.2.1]", "::1"] {
            check(|config| config.hello = hello.to_owned(), Ok(()));
        }
        for hello in ["", "a b", "a\r\nMAIL FROM:<eve@example.com>", "é.example"] {
            check(|config| config.hello = hello.to_owned(), Err(BadConfig::Hello));
        }
    }

    #[test]
    fn authorities_that_are_none_are_refused() {
        for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"] {
            let mut config = config();
            (config.tls, config.authorities) = (Tls::Implicit, Some(pem.to_owned()));
            let refused = Smtp::new(config).unwrap_err();
            assert!(matches!(refused, BadConfig::Authorities(_)), "{pem}: {refused:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown =
            format!("{:?}", Smtp::new(SmtpConfig { host: "::1".to_owned(), credentials: credentials(), ..config() }));
        assert!(shown.contains("ada") && !shown.contains("s3cret"), "{shown}");
    }
}
