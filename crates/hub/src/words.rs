//! Sentences of the platform in which instants stand: shown in the reader's zone like every other time.

use jiff::Timestamp;

use crate::when::When;

/// A sentence, part by part.
pub(crate) struct Words(pub(crate) Vec<Word>);

/// A part of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Text(String),
    At(When),
}

impl Words {
    /// Finds the instants in a text, such as `2022-03-29T01:29:36.676Z`.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Vec::new();
        let mut said = String::new();
        for token in text.split_inclusive(char::is_whitespace) {
            let core = token.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | ')'));
            match instant(core) {
                Some(at) => {
                    words.push(Word::Text(std::mem::take(&mut said)));
                    words.push(Word::At(When(at)));
                    said.push_str(&token[core.len()..]);
                }
                None => said.push_str(token),
            }
        }
        words.push(Word::Text(said));
        words.retain(|word| *word != Word::Text(String::new()));
        Words(words)
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let could_be =
        text.ends_with('Z') && (17..=30).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_digit());
    could_be.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_found_and_nothing_is_lost() {
        let at: Timestamp = "2022-03-29T01:29:36.676Z".parse().unwrap();
        let text = |text: &str| Word::Text(text.to_owned());
        for (sentence, expected) in [
            (
                "It arrived at 2022-03-29T01:29:36.676Z, with attempt 2.",
                vec![text("It arrived at "), Word::At(When(at)), text(", with attempt 2.")],
            ),
            ("2022-03-29T01:29:36.676Z", vec![Word::At(When(at))]),
            ("No time at all: 9999-99-99T00:00:00Z.", vec![text("No time at all: 9999-99-99T00:00:00Z.")]),
            ("", vec![]),
        ] {
            assert_eq!(Words::of(sentence).0, expected);
        }
    }
}
