use super::*;

fn mailbox(name: Option<&str>, address: &str) -> Mailbox {
    Mailbox { name: name.map(str::to_owned), address: address.parse().unwrap() }
}

fn message() -> Message {
    Message {
        from: mailbox(Some("Schoolbell"), "notices@example.com"),
        to: mailbox(None, "ada@example.com"),
        subject: "Webhook \"Main\" fails".to_owned(),
        text: "Line one\n.\nLine three".to_owned(),
        html: None,
        message_id: "abc.7@example.com".to_owned(),
        date: "2026-03-01T10:00:00.5Z".parse().unwrap(),
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
    }
}

fn written(message: &Message) -> String {
    String::from_utf8(message.written().unwrap().formatted()).unwrap()
}

#[test]
fn a_message_has_the_headers_that_mail_wants() {
    let written = written(&message());
    for line in [
        "From: Schoolbell <notices@example.com>\r\n",
        "To: ada@example.com\r\n",
        "Subject: Webhook \"Main\" fails\r\n",
        "Message-ID: <abc.7@example.com>\r\n",
        "Date: Sun, 01 Mar 2026 10:00:00 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
    ] {
        assert!(written.contains(line), "{line:?} is not in\n{written}");
    }
    assert!(written.trim_end().ends_with("\r\n\r\nLine one\r\n.\r\nLine three"), "{written}");
}

#[test]
fn the_same_message_is_the_same_bytes() {
    assert_eq!(written(&message()), written(&message()));
}

#[test]
fn what_is_not_ascii_is_encoded() {
    let message = Message { subject: "Zoë's webhook ✓".to_owned(), text: "é ✓".to_owned(), ..message() };
    let written = written(&message);
    assert!(written.is_ascii());
    assert!(written.contains("=?utf-8?"), "{written}");
}

#[test]
fn html_stands_beside_the_text() {
    let written = written(&Message { html: Some("<p>Line one</p>".to_owned()), ..message() });
    assert!(written.contains("multipart/alternative") && written.contains("<p>Line one</p>"), "{written}");
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Message), expected: &str) {
    let mut message = message();
    change(&mut message);
    assert_eq!(message.written().unwrap_err().to_string(), expected);
}

#[test]
fn no_header_can_be_smuggled_in() {
    for smuggled in
        ["x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: eve@example.com", "\r\n\r\nbody", "x\0"]
    {
        let control = |field: &str| format!("{field} must not hold control characters");
        check_refused(|message| message.subject = smuggled.to_owned(), &control("subject"));
        check_refused(|message| message.from.name = Some(smuggled.to_owned()), &control("from"));
        check_refused(|message| message.to.name = Some(smuggled.to_owned()), &control("to"));
        check_refused(|message| message.headers = vec![("X-A", smuggled.to_owned())], &control("X-A"));
        let id = "a message id has letters, digits and a few other characters, and an @ in it";
        check_refused(|message| message.message_id = format!("a@{smuggled}"), id);
        assert_eq!(smuggled.parse::<Address>(), Err(NotAnAddress));
        assert_eq!(format!("{smuggled}@example.com").parse::<Address>(), Err(NotAnAddress));
        assert_eq!(format!("a@example.com{smuggled}").parse::<Address>(), Err(NotAnAddress));
    }
    for id in ["", "@", "a@", "@b", "a", "a@b>", "<a@b>", "a b@c", "a@b@c"] {
        check_refused(
            |message| message.message_id = id.to_owned(),
            "a message id has letters, digits and a few other characters, and an @ in it",
        );
    }
    for name in ["", "X A", "X:A", "X\r\nBcc", "X\tA", "Ü", "Bcc", "TO", "date", "Content-Type"] {
        check_refused(
            |message| message.headers = vec![(name, String::new())],
            &format!("{name} is no name of a further header"),
        );
    }
}

#[test]
fn quotes_and_commas_in_a_name_stay_in_it() {
    let mut message = message();
    message.to.name = Some("Ada\" <eve@example.com>, \"x".to_owned());
    let made = message.written().unwrap();
    assert_eq!(made.envelope().to().len(), 1);
    assert_eq!(made.envelope().to()[0].to_string(), "ada@example.com");
    let written = String::from_utf8(made.formatted()).unwrap();
    let to = written.lines().find(|line| line.starts_with("To: ")).unwrap();
    assert!(to.ends_with(" <ada@example.com>") && !to.contains("eve@"), "{to}");
}

#[test]
fn addresses_are_those_that_smtp_takes() {
    for text in ["ada@example.com", "a.b+c@sub.example.com", "ada@[192.0.2.1]", "zoë@example.com"] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    for text in
        ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@example.com", "a>b@example.com", "ada@exa mple.com"]
    {
        assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
    }
}
