//! A real server, with and without TLS.

use std::path::PathBuf;

use mail::message::{Mailbox, Message};
use mail::smtp::{Credentials, SEND_FOR, SendError, Smtp, SmtpConfig, Tls};
use mail::testing::MailServer;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

pub(crate) fn mailbox(address: &str) -> Mailbox {
    Mailbox { name: None, address: address.parse().unwrap() }
}

pub(crate) fn message(to: &str) -> Message {
    Message {
        from: mailbox("notices@example.com"),
        to: mailbox(to),
        subject: "Webhook \"Zoë\" fails".to_owned(),
        text: "Line one\n.\n..\nLine four: ✓\n".to_owned(),
        html: None,
        message_id: "abc.7@example.com".to_owned(),
        date: "2026-03-01T10:00:00Z".parse().unwrap(),
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
    }
}

pub(crate) fn config(port: u16) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        credentials: None,
        hello: "sender.example.com".to_owned(),
        authorities: None,
        send_for: SEND_FOR,
    }
}

/// A certificate for `localhost` that signs itself, as files and as text.
struct Certificate {
    pem: String,
    certificate: PathBuf,
    key: PathBuf,
    _folder: TempDir,
}

impl Certificate {
    fn make() -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
        let folder = TempDir::new().unwrap();
        let [certificate_path, key_path] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&certificate_path, &pem).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        Certificate { pem, certificate: certificate_path, key: key_path, _folder: folder }
    }

    fn config(&self, port: u16, tls: Tls) -> SmtpConfig {
        SmtpConfig { host: "localhost".to_owned(), tls, authorities: Some(self.pem.clone()), ..config(port) }
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let mut server = MailServer::plain().await;
    Smtp::new(config(server.port)).unwrap().send(&message("ada@example.com")).await.unwrap();
    let taken = server.taken().await;
    assert_eq!((taken.from.as_str(), taken.to), ("notices@example.com", vec!["ada@example.com".to_owned()]));
    assert_eq!((taken.hello.as_str(), taken.tls, taken.user), ("sender.example.com", false, None));
    let content = taken.content;
    for line in ["Message-ID: <abc.7@example.com>\r\n", "Auto-Submitted: auto-generated\r\n"] {
        assert!(content.contains(line), "{content}");
    }
    // Lines that begin with a dot are the end of a message, unless both sides know better.
    assert!(content.contains("Line one\r\n.\r\n..\r\nLine four: =E2=9C=93"), "{content}");
}

#[tokio::test]
async fn refusals_are_told_apart_by_what_can_be_done() {
    let mut server = MailServer::plain().await;
    let smtp = Smtp::new(config(server.port)).unwrap();
    let send = async |to: &str| smtp.send(&message(&format!("{to}@example.com"))).await;
    for (to, part) in [("refused", "no such user"), ("full", "mailbox full"), ("spam", "not wanted")] {
        let error = send(to).await.unwrap_err();
        assert!(matches!(&error, SendError::Permanent(said) if said.contains(part)), "{to}: {error:?}");
    }
    for (to, part) in [("later", "try again"), ("busy", "no space"), ("once", "try again")] {
        let error = send(to).await.unwrap_err();
        assert!(matches!(&error, SendError::Temporary(said) if said.contains(part)), "{to}: {error:?}");
    }
    send("once").await.unwrap();
    assert_eq!(server.taken().await.to, ["once@example.com"]);
    // This one says that it takes addresses that are not ASCII.
    send("zoë").await.unwrap();
    assert_eq!(server.taken().await.to, ["zoë@example.com"]);
}

#[tokio::test]
async fn tls_from_the_first_byte_and_by_starttls() {
    let certificate = Certificate::make();
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let mut server =
            MailServer::with_tls(mode, &certificate.certificate, &certificate.key, Some("ada:s3cret")).await;
        let credentials = Credentials { user: "ada".to_owned(), password: "s3cret".to_owned() };
        let config = certificate.config(server.port, tls);
        let smtp = Smtp::new(SmtpConfig { credentials: Some(credentials), ..config.clone() }).unwrap();
        smtp.check().await.unwrap();
        smtp.send(&message("ada@example.com")).await.unwrap();
        let taken = server.taken().await;
        assert_eq!((taken.tls, taken.user.as_deref()), (true, Some("ada")), "{mode}");

        // A wrong password says nothing about the message: once it is right, the message is taken.
        let wrong = Credentials { user: "ada".to_owned(), password: "wrong".to_owned() };
        let smtp = Smtp::new(SmtpConfig { credentials: Some(wrong), ..config.clone() }).unwrap();
        let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
        assert!(matches!(&error, SendError::Unreachable(said) if said.contains("535")), "{mode}: {error:?}");
        assert_eq!(smtp.check().await.unwrap_err(), error);
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_trusted() {
    let certificate = Certificate::make();
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let server = MailServer::with_tls(mode, &certificate.certificate, &certificate.key, None).await;
        let trusting = certificate.config(server.port, tls);
        Smtp::new(trusting.clone()).unwrap().send(&message("ada@example.com")).await.unwrap();
        let other = SmtpConfig { authorities: Some(Certificate::make().pem), ..trusting.clone() };
        let misnamed = SmtpConfig { host: "127.0.0.1".to_owned(), ..trusting };
        for config in [other, misnamed] {
            let error = Smtp::new(config).unwrap().send(&message("ada@example.com")).await.unwrap_err();
            assert!(matches!(error, SendError::Unreachable(_)), "{mode}: {error:?}");
        }
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_said_in_the_clear() {
    let certificate = Certificate::make();
    let server = MailServer::plain().await;
    let smtp = Smtp::new(certificate.config(server.port, Tls::StartTls)).unwrap();
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    assert!(matches!(&error, SendError::Unreachable(said) if said.contains("STARTTLS")), "{error:?}");
}
