//! From columns to the types of `domain` and back.

use jiff::Timestamp;
use sqlite::rusqlite::Row;
use sqlite::rusqlite::types::FromSql;

use crate::error::VerbError;

/// Reads columns by name, as what they mean.
pub(crate) trait RowExt {
    /// A column as it is.
    fn of<T: FromSql>(&self, column: &str) -> Result<T, VerbError>;

    /// A column of Unix milliseconds.
    fn at(&self, column: &str) -> Result<Timestamp, VerbError> {
        timestamp(self.of(column)?, column)
    }

    /// A column of Unix milliseconds that may be null.
    fn at_or_null(&self, column: &str) -> Result<Option<Timestamp>, VerbError> {
        self.of::<Option<i64>>(column)?.map(|millis| timestamp(millis, column)).transpose()
    }

    /// A column of text that means something.
    fn read<T>(&self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, VerbError> {
        let text: String = self.of(column)?;
        read(&text).ok_or_else(|| unreadable(column))
    }

    /// A column of text that is an id.
    fn id<T: std::str::FromStr>(&self, column: &str) -> Result<T, VerbError> {
        self.read(column, |text| text.parse().ok())
    }
}

impl RowExt for Row<'_> {
    fn of<T: FromSql>(&self, column: &str) -> Result<T, VerbError> {
        Ok(self.get(column)?)
    }
}

/// An error for a column that holds what it must not.
pub(crate) fn unreadable(column: &str) -> VerbError {
    VerbError::Unreadable(format!("column {column} holds what this version cannot read"))
}

fn timestamp(millis: i64, column: &str) -> Result<Timestamp, VerbError> {
    Timestamp::from_millisecond(millis).map_err(|_| unreadable(column))
}
