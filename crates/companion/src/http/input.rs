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
    body.map(|Json(body)| body).map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))
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
