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

/// Reads columns in the order in which they are selected. On the hot path only: to find one by its name, each name before it is
/// compared.
pub(crate) struct InOrder<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> InOrder<'r> {
    /// From the column at `first` on, counted from 0.
    pub(crate) fn from(row: &'r Row<'r>, first: usize) -> Self {
        InOrder { row, next: first }
    }

    /// The next column as it is.
    pub(crate) fn of<T: FromSql>(&mut self) -> Result<T, VerbError> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    /// The next column, of Unix milliseconds.
    pub(crate) fn at(&mut self) -> Result<Timestamp, VerbError> {
        let millis = self.of()?;
        Timestamp::from_millisecond(millis).map_err(|_| self.unreadable())
    }

    /// The next column, of Unix milliseconds that may be null.
    pub(crate) fn at_or_null(&mut self) -> Result<Option<Timestamp>, VerbError> {
        let millis: Option<i64> = self.of()?;
        millis.map(|millis| Timestamp::from_millisecond(millis).map_err(|_| self.unreadable())).transpose()
    }

    /// The next column, of text that means something.
    pub(crate) fn read<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, VerbError> {
        self.next += 1;
        let text = self.row.get_ref(self.next - 1)?.as_str().map_err(|_| self.unreadable())?;
        read(text).ok_or_else(|| self.unreadable())
    }

    /// The next column, of text that is an id.
    pub(crate) fn id<T: std::str::FromStr>(&mut self) -> Result<T, VerbError> {
        self.read(|text| text.parse().ok())
    }

    /// An error for the column that was read last.
    fn unreadable(&self) -> VerbError {
        unreadable(self.row.as_ref().column_name(self.next - 1).unwrap_or("that is not there"))
    }
}

/// An error for a column that holds what it must not.
pub(crate) fn unreadable(column: &str) -> VerbError {
    VerbError::Unreadable(format!("column {column} holds what this version cannot read"))
}

fn timestamp(millis: i64, column: &str) -> Result<Timestamp, VerbError> {
    Timestamp::from_millisecond(millis).map_err(|_| unreadable(column))
}
