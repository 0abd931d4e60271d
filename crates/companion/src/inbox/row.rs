//! How instants and states stand in a row.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;

use crate::inbox::State;

pub(crate) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    to_instant(row.get(column)?)
}

pub(crate) fn instant_if_any(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(to_instant).transpose()
}

pub(crate) fn state(row: &Row<'_>) -> rusqlite::Result<State> {
    spelled(row.get("state")?)
}

/// A word of ours.
pub(crate) fn spelled<T: FromStr<Err = String>>(text: String) -> rusqlite::Result<T> {
    text.parse().map_err(|error: String| strange(Type::Text, error))
}

fn to_instant(millis: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|error| strange(Type::Integer, error))
}

pub(crate) fn strange(kind: Type, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, kind, error.into())
}
