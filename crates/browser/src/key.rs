//! Keys, as a page is told of them.

use serde_json::{Value, json};

/// Name, virtual key code, and the text that it enters.
const NAMED: &[(&str, u32, &str)] = &[
    ("Enter", 13, "\r"),
    ("Tab", 9, ""),
    ("Escape", 27, ""),
    ("Backspace", 8, ""),
    ("Delete", 46, ""),
    ("Home", 36, ""),
    ("End", 35, ""),
    ("PageUp", 33, ""),
    ("PageDown", 34, ""),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowRight", 39, ""),
    ("ArrowDown", 40, ""),
];

const MODIFIERS: &[(&str, u32)] = &[("Alt", 1), ("Control", 2), ("Meta", 4), ("Shift", 8)];

/// Down and up of a key, with the modifiers named before it held.
pub(crate) fn events(pressed: &str) -> [Value; 2] {
    let mut names: Vec<&str> = pressed.split('+').collect();
    let last = names.pop().unwrap_or_default();
    let modifiers: u32 = names.iter().map(|name| modifier(name)).sum();
    let (key, code, number, text) = key(last);
    let event = |kind: &str, text: &str| {
        json!({
            "type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers, "text": text,
        })
    };
    let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
    [event(down, &text), event("keyUp", "")]
}

fn modifier(name: &str) -> u32 {
    let found = MODIFIERS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no modifier {name}")).1
}

fn key(name: &str) -> (String, String, u32, String) {
    if name == "Space" {
        return (" ".to_owned(), name.to_owned(), 32, " ".to_owned());
    }
    if let Some((name, number, text)) = NAMED.iter().find(|(known, ..)| *known == name) {
        return ((*name).to_owned(), (*name).to_owned(), *number, (*text).to_owned());
    }
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_alphanumeric() => {
            let upper = letter.to_ascii_uppercase();
            let code = if letter.is_ascii_digit() { format!("Digit{letter}") } else { format!("Key{upper}") };
            (letter.to_string(), code, u32::from(upper), letter.to_string())
        }
        _ => panic!("there is no key {name}"),
    }
}
