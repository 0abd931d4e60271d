//! Lists: conditions that narrow, an order, a page, and how many there are in all.

use sqlite::rusqlite::types::Value;
use sqlite::rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, params_from_iter};
use store::page::{Listed, Order, PageRequest};

use crate::error::VerbError;

/// Conditions, all of which must hold.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// `clause` without a value of its own.
    pub(crate) fn holds(&mut self, clause: &str) {
        self.clauses.push(clause.to_owned());
    }

    /// `clause`, whose `?` stands for `value`; nothing if there is none.
    pub(crate) fn with(&mut self, clause: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.values.push(value.into());
            self.clauses.push(clause.replace('?', &format!("?{}", self.values.len())));
        }
    }

    /// `clause`, whose `?` stand for `values` in their order; nothing if there are none.
    pub(crate) fn with_all<const N: usize>(&mut self, clause: &str, values: Option<[Value; N]>) {
        let Some(values) = values else { return };
        let mut numbered = String::new();
        let mut parts = clause.split('?');
        numbered.push_str(parts.next().unwrap_or_default());
        for (value, part) in values.into_iter().zip(parts) {
            self.values.push(value);
            numbered.push_str(&format!("?{}{part}", self.values.len()));
        }
        self.clauses.push(numbered);
    }

    /// The column is one of `values`; nothing if there is no such list.
    pub(crate) fn one_of<V: Into<Value>>(&mut self, column: &str, values: Option<impl IntoIterator<Item = V>>) {
        if let Some(values) = values {
            let before = self.values.len();
            self.values.extend(values.into_iter().map(Into::into));
            let places: Vec<String> = (before + 1..=self.values.len()).map(|n| format!("?{n}")).collect();
            self.clauses.push(format!("{column} IN ({})", places.join(", ")));
        }
    }

    /// The column, a list separated by commas, names one of `names`; nothing if there is no such list.
    pub(crate) fn names_one_of(&mut self, column: &str, names: Option<impl IntoIterator<Item = &'static str>>) {
        if let Some(names) = names {
            let before = self.values.len();
            self.values.extend(names.into_iter().map(|name| Value::from(format!("%,{name},%"))));
            let places = before + 1..=self.values.len();
            let named: Vec<String> = places.map(|n| format!("',' || {column} || ',' LIKE ?{n}")).collect();
            self.clauses.push(if named.is_empty() { "FALSE".to_owned() } else { format!("({})", named.join(" OR ")) });
        }
    }

    /// The text stands somewhere in one of `columns`, whatever its case.
    pub(crate) fn contains(&mut self, columns: &str, text: Option<&str>) {
        let escaped = text.map(|text| text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let clause = columns
            .split(' ')
            .map(|column| format!("{column} LIKE '%' || ? || '%' ESCAPE '\\'"))
            .collect::<Vec<_>>()
            .join(" OR ");
        self.with(&format!("({clause})"), escaped);
    }

    fn sql(&self) -> String {
        if self.clauses.is_empty() { String::new() } else { format!("WHERE {}", self.clauses.join("\n AND ")) }
    }
}

/// What is listed.
pub(crate) struct Listing<'a> {
    /// The verb, which names the statement.
    pub(crate) verb: &'static str,
    /// What follows `SELECT`.
    pub(crate) columns: &'a str,
    /// What follows `FROM`.
    pub(crate) from: &'a str,
    /// Which rows.
    pub(crate) conditions: Conditions,
    /// What follows `ORDER BY`.
    pub(crate) order: String,
}

impl Listing<'_> {
    /// One page, and how many rows there are on all of them.
    pub(crate) fn page<T>(
        self,
        connection: &Connection,
        page: PageRequest,
        decode: impl Fn(&Row<'_>) -> Result<T, VerbError>,
    ) -> Result<Listed<T>, VerbError> {
        let Listing { verb, columns, from, conditions, order } = self;
        let narrowed = format!("FROM {from}\n{}", conditions.sql());
        let count = format!("-- {verb} (total)\nSELECT count(*)\n{narrowed}");
        let total: i64 =
            connection.prepare_cached(&count)?.query_row(params_from_iter(&conditions.values), |row| row.get(0))?;
        let places = conditions.values.len();
        let select = format!(
            "-- {verb}\nSELECT {columns}\n{narrowed}\nORDER BY {order}\nLIMIT ?{} OFFSET ?{}",
            places + 1,
            places + 2
        );
        let bounds = [page.limit, page.offset].map(|bound| Value::from(i64::from(bound)));
        let values = params_from_iter(conditions.values.iter().chain(&bounds));
        let items = rows(connection, &select, values, decode)?;
        Ok(Listed { total: total.unsigned_abs(), items })
    }
}

/// The spelling of an order.
pub(crate) fn direction(order: Order) -> &'static str {
    match order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    }
}

/// Every row, decoded.
pub(crate) fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl Fn(&Row<'_>) -> Result<T, VerbError>,
) -> Result<Vec<T>, VerbError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(decode(row)?);
    }
    Ok(items)
}

/// The one row, decoded, if there is one.
pub(crate) fn row<T>(
    connection: &Connection,
    sql: &str,
    params: &[&dyn ToSql],
    decode: impl Fn(&Row<'_>) -> Result<T, VerbError>,
) -> Result<Option<T>, VerbError> {
    connection.prepare_cached(sql)?.query_row(params, |row| Ok(decode(row))).optional()?.transpose()
}
