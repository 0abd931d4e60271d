//! The server that notices are mailed by.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mail::message::{Address, Mailbox};
use mail::smtp::{Credentials, Smtp, SmtpConfig, Tls};
use serde::{Deserialize, Serialize};

use super::companion::Hidden;
use crate::mailer::SmtpMailer;

/// What mails are from, besides the address.
const FROM_NAME: &str = "Schoolbell";
/// The longest time that a mail may take, in milliseconds: less than the engine waits for one.
const TIMEOUT_MS_MAX: u64 = 50_000;

/// Section `[mail]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailSection {
    /// The mail server. Default: none, and then no mail is sent.
    pub(crate) host: Option<String>,
    /// Its port. Default: 587 for `starttls`, 465 for `implicit`, 25 for `none`.
    pub(crate) port: Option<u16>,
    /// `starttls` (a server that does not offer it is refused), `implicit` (TLS from the first byte) or `none`. Default:
    /// `starttls`.
    pub(crate) tls: MailTls,
    /// As whom to send. Default: nobody.
    pub(crate) user: Option<String>,
    /// The password of that user; sent to this machine only, or over TLS.
    pub(crate) password: Option<Hidden>,
    /// A file with that password alone in it.
    pub(crate) password_file: Option<PathBuf>,
    /// The address that mails are from. Needed with `host`.
    pub(crate) from: Option<String>,
    /// A PEM file with the authorities to trust. Default: those that this machine trusts.
    pub(crate) authorities_file: Option<PathBuf>,
    /// How long a mail may take, connecting and all, in milliseconds. Default: 30,000.
    pub(crate) timeout_ms: u64,
}

/// How the way to the mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailTls {
    /// Not at all.
    None,
    /// By a connection that begins in the clear and changes to TLS.
    StartTls,
    /// By TLS from the first byte.
    Implicit,
}

impl Default for MailSection {
    fn default() -> Self {
        MailSection {
            host: None,
            port: None,
            tls: MailTls::StartTls,
            user: None,
            password: None,
            password_file: None,
            from: None,
            authorities_file: None,
            timeout_ms: 30_000,
        }
    }
}

impl MailSection {
    /// What sends mail, if any is to be sent.
    pub(crate) fn mailer(&self) -> Result<Option<SmtpMailer>> {
        let Some(host) = &self.host else {
            ensure!(
                *self == MailSection { tls: self.tls, timeout_ms: self.timeout_ms, ..Default::default() },
                "mail.host is missing"
            );
            return Ok(None);
        };
        let from = self.from.as_deref().context("mail.from is missing: the address that mails are from")?;
        let address: Address = from.parse().context("mail.from")?;
        ensure!(
            (1..=TIMEOUT_MS_MAX).contains(&self.timeout_ms),
            "mail.timeout_ms must lie between 1 and {TIMEOUT_MS_MAX}"
        );
        let tls = match self.tls {
            MailTls::None => Tls::None,
            MailTls::StartTls => Tls::StartTls,
            MailTls::Implicit => Tls::Implicit,
        };
        let config = SmtpConfig {
            host: host.clone(),
            port: self.port.unwrap_or(tls.port()),
            tls,
            credentials: self.credentials()?,
            hello: address.host().to_owned(),
            authorities: self.authorities_file.as_ref().map(read).transpose().context("mail.authorities_file")?,
            send_for: Duration::from_millis(self.timeout_ms),
        };
        let smtp = Smtp::new(config).context("mail")?;
        Ok(Some(SmtpMailer { smtp, from: Mailbox { name: Some(FROM_NAME.to_owned()), address } }))
    }

    fn credentials(&self) -> Result<Option<Credentials>> {
        let password = match (&self.password, &self.password_file) {
            (Some(_), Some(_)) => anyhow::bail!("one of mail.password and mail.password_file will do"),
            (Some(password), None) => Some(password.0.clone()),
            (None, Some(file)) => {
                Some(read(file).context("mail.password_file")?.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => None,
        };
        match (&self.user, password) {
            (Some(user), Some(password)) => Ok(Some(Credentials { user: user.clone(), password })),
            (None, None) => Ok(None),
            (Some(_), None) => anyhow::bail!("mail.user needs mail.password_file or mail.password"),
            (None, Some(_)) => anyhow::bail!("mail.user is missing: whose password it is"),
        }
    }
}

fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> MailSection {
        toml::from_str(text).unwrap()
    }

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let error = format!("{:#}", section(text).mailer().unwrap_err());
        assert!(error.contains(part), "{error}");
    }

    const SERVER: &str = "host = \"127.0.0.1\"\ntls = \"none\"\nfrom = \"notices@example.com\"\n";

    #[test]
    fn without_a_server_there_is_no_mail() {
        assert!(section("").mailer().unwrap().is_none());
        assert!(section("timeout_ms = 5\ntls = \"implicit\"").mailer().unwrap().is_none());
        assert!(section(SERVER).mailer().unwrap().is_some());
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        check_refused("from = \"notices@example.com\"", "mail.host is missing");
        check_refused("host = \"smtp.example.com\"", "mail.from is missing");
        check_refused(
            "host = \"smtp.example.com\"\nfrom = \"a <notices@example.com>\"",
            "mail.from: it is no mail address",
        );
        check_refused(&format!("{SERVER}timeout_ms = 50001"), "mail.timeout_ms");
        check_refused(&format!("{SERVER}timeout_ms = 0"), "mail.timeout_ms");
        check_refused(&format!("{SERVER}user = \"ada\""), "mail.user needs");
        check_refused(&format!("{SERVER}password = \"s3cret\""), "mail.user is missing");
        check_refused(&format!("{SERVER}user = \"ada\"\npassword = \"a\"\npassword_file = \"b\""), "one of");
        check_refused(
            &format!("{SERVER}user = \"ada\"\npassword_file = \"/nowhere/at/all\""),
            "mail.password_file: reading",
        );
        check_refused(&format!("{SERVER}authorities_file = \"/nowhere/at/all\""), "mail.authorities_file: reading");
        let abroad = SERVER.replace("127.0.0.1", "smtp.example.com");
        check_refused(
            &format!("{abroad}user = \"ada\"\npassword = \"a\""),
            "mail: a password is sent to this machine only",
        );
    }

    #[test]
    fn a_password_in_a_file_ends_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "s3cret \r\n").unwrap();
        let section = section(&format!("{SERVER}user = \"ada\"\npassword_file = {file:?}"));
        assert_eq!(section.credentials().unwrap().unwrap().password, "s3cret ");
    }

    #[test]
    fn a_password_is_not_shown() {
        let section = section(&format!("{SERVER}user = \"ada\"\npassword = \"s3cret\""));
        let shown = toml::to_string(&section).unwrap() + &format!("{section:?} {:?}", section.mailer().unwrap());
        assert!(shown.contains("ada") && !shown.contains("s3cret"), "{shown}");
    }
}
