//! The people that the integrator knows, as their list says: a table for spreadsheets, with a column for each of these.
//!
//! ```text
//! external_id,email,name,portal_id
//! HR-42,ada@customer.example,Ada Lovelace,
//! ```

use std::collections::HashMap;

use contract::time::Millis;
use mail::message::Address;
use serde::Serialize;

use crate::learner::selector::EXTERNAL_ID_CHARS_MAX;
use crate::people::table::{Line, TableError};

mod table;

/// The most people in one list.
pub(crate) const PEOPLE_MAX: usize = 100_000;
/// The longest list, in bytes.
pub(crate) const PEOPLE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest name, address or id of a portal, in characters.
const TEXT_CHARS_MAX: usize = 320;
/// How many faults of a list are told of at once.
const FAULTS_MAX: usize = 10;

/// Somebody that the integrator knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// In which portal they are known by that id; `None` in all.
    pub(crate) portal_id: Option<String>,
    pub(crate) external_id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

/// The same, as `GET /people` tells it.
#[derive(Debug, Serialize)]
pub(crate) struct KnownPerson {
    pub(crate) external_id: String,
    pub(crate) portal_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) imported_at: Millis,
}

/// What an import came to.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Imported {
    /// How many people the list has now.
    pub(crate) people: i64,
    /// How many of them it did not have before.
    pub(crate) added: i64,
    /// How many it has no more.
    pub(crate) removed: usize,
    /// How many learners were looked for and are recognised now.
    pub(crate) matched: usize,
}

/// Where the columns are.
struct Columns {
    external_id: usize,
    email: Option<usize>,
    name: Option<usize>,
    portal_id: Option<usize>,
}

/// Reads a list: all of it, or what is wrong with it, line by line.
pub(crate) fn read(text: &str) -> Result<Vec<Person>, String> {
    let mut lines = table::read(text);
    let head = lines.next().transpose().map_err(|error| error.to_string())?;
    let columns = Columns::read(&head.ok_or("the list is empty")?.cells)?;
    let (mut people, mut seen, mut faults) = (Vec::new(), HashMap::new(), Vec::new());
    for line in lines {
        match line.and_then(|line| columns.person(&line)) {
            Ok((number, person)) => {
                if let Some(first) = seen.insert((person.external_id.clone(), person.portal_id.clone()), number) {
                    faults.push(format!("line {number}: external_id: it stands in line {first} already"));
                }
                people.push(person);
            }
            Err(fault) => faults.push(fault.to_string()),
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
        if people.len() > PEOPLE_MAX {
            return Err(format!("there are more than {PEOPLE_MAX} people"));
        }
    }
    match (faults.is_empty(), people.is_empty()) {
        (false, _) => Err(faults.join("; ")),
        (true, true) => Err("there is nobody in the list".to_owned()),
        (true, false) => Ok(people),
    }
}

impl Columns {
    fn read(head: &[String]) -> Result<Self, String> {
        let mut found = [None; 4];
        let names = ["external_id", "email", "name", "portal_id"];
        for (index, cell) in head.iter().enumerate() {
            let place = names.iter().position(|name| cell.trim().eq_ignore_ascii_case(name));
            let place =
                place.ok_or_else(|| format!("the column {cell:?} is not known; known are {}", names.join(", ")))?;
            if found[place].replace(index).is_some() {
                return Err(format!("the column {cell:?} is there twice"));
            }
        }
        let [external_id, email, name, portal_id] = found;
        let external_id = external_id.ok_or("the first line must name the columns, external_id among them")?;
        Ok(Columns { external_id, email, name, portal_id })
    }

    fn person(&self, line: &Line) -> Result<(usize, Person), TableError> {
        let Line { number, cells } = line;
        let fault = |problem: &str| Err(TableError { line: *number, problem: problem.to_owned() });
        let columns = 1 + [self.email, self.name, self.portal_id].into_iter().flatten().count();
        if cells.len() != columns {
            return fault(&format!("it has {} cells, not {columns}", cells.len()));
        }
        let cell = |index: usize| Some(cells[index].trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(external_id) = cell(self.external_id) else { return fault("external_id: it is empty") };
        let person = Person {
            external_id,
            email: self.email.and_then(cell),
            name: self.name.and_then(cell),
            portal_id: self.portal_id.and_then(cell),
        };
        if person.external_id.chars().count() > EXTERNAL_ID_CHARS_MAX {
            return fault(&format!("external_id: it is longer than {EXTERNAL_ID_CHARS_MAX} characters"));
        }
        if person.email.as_ref().is_some_and(|email| email.parse::<Address>().is_err()) {
            return fault("email: it is no mail address such as ada@example.com");
        }
        if person.portal_id.as_ref().is_some_and(|id| !id.bytes().all(|byte| byte.is_ascii_digit())) {
            return fault("portal_id: it is no portal id, which is a decimal number");
        }
        for (column, text) in [("email", &person.email), ("name", &person.name), ("portal_id", &person.portal_id)] {
            if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
                return fault(&format!("{column}: it is longer than {TEXT_CHARS_MAX} characters"));
            }
        }
        Ok((*number, person))
    }
}

#[cfg(test)]
mod tests;
