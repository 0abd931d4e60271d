//! What callers of the reader API give: parameters, bodies, texts. What cannot be used is refused by name.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use http::StatusCode;

use crate::http::answer::Refusal;

/// The longest text that a person gives, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 500;

/// The parameters of a question. One that is misspelled is refused: to ignore it would be to answer another question.
pub(crate) fn parameters<'q>(query: Option<&'q str>, known: &[&str]) -> Result<Vec<(&'q str, &'q str)>, Refusal> {
    let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    let parameters = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
    let is_known = |(name, value): (&'q str, &'q str)| {
        let problem = || format!("there is no such parameter; known are {}", known.join(", "));
        if known.contains(&name) { Ok((name, value)) } else { Err(field(name, &problem())) }
    };
    parameters.map(is_known).collect()
}

/// What was sent, or why it cannot be read. JSON alone: pages of others cannot send that unasked.
pub(crate) fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refusal> {
    body.map(|Json(body)| body)
        .map_err(|rejection| Refusal::new(rejection.status(), in_plain_words(&rejection.body_text())))
}

/// What is wrong, without what the library says of the program.
fn in_plain_words(said: &str) -> String {
    let said = said.strip_prefix("Failed to deserialize the JSON body into the target type: ").unwrap_or(said);
    match said.split_once(", expected struct ") {
        Some((before, _)) => format!("{before}, expected an object"),
        None => said.to_owned(),
    }
}

pub(crate) fn field(name: &str, problem: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, format!("{name}: {problem}"))
}

pub(crate) fn within(name: &str, value: &str, min: u32, max: u32) -> Result<u32, Refusal> {
    let number = value.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| field(name, &format!("it must be a number from {min} to {max}")))
}

/// One line that says something.
pub(crate) fn check_text(name: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(field(name, "it is empty"));
    }
    if text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(field(name, &format!("it must be one line of at most {TEXT_CHARS_MAX} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, expected: &str) {
        #[derive(Debug, serde::Deserialize)]
        struct Sent {
            #[serde(rename = "muted")]
            _muted: bool,
        }
        let rejection = Json::<Sent>::from_bytes(sent.as_bytes()).unwrap_err();
        assert_eq!(in_plain_words(&rejection.body_text()), expected, "{sent}");
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_without_the_names_of_a_program() {
        check("{\"muted\": 1}", "muted: invalid type: integer `1`, expected a boolean at line 1 column 11");
        check("7", "invalid type: integer `7`, expected an object");
    }
}
