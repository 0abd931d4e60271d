//! Bringing a schema up to date: each migration in one transaction with the note that it was applied.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::Error;

/// A step of the schema. Never edited once released.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub number: i64,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

pub(crate) fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Error> {
    // The lock is taken at once: of two processes that start together, the second sees what the first did.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            number INTEGER PRIMARY KEY,                            -- counts from 1
            name TEXT NOT NULL,                                    -- what it does
            sql TEXT NOT NULL,                                     -- its statements, to notice when they are edited
            applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP     -- when this database took it
        ) STRICT",
    )?;
    let applied = applied(&transaction)?;
    for (number, name, sql) in &applied {
        match migrations.iter().find(|migration| migration.number == *number) {
            None => return Err(Error::Newer { number: *number, name: name.clone() }),
            Some(known) if known.sql != sql => return Err(Error::Drifted { number: *number, name: name.clone() }),
            Some(_) => {}
        }
    }
    for migration in migrations.iter().skip(applied.len()) {
        transaction.execute_batch(migration.sql)?;
        crash::point!("migrate/before-note");
        transaction.execute(
            "INSERT INTO schema_migrations (number, name, sql) VALUES (?1, ?2, ?3)",
            params![migration.number, migration.name, migration.sql],
        )?;
        crash::point!("migrate/between");
    }
    crash::point!("migrate/before-commit");
    transaction.commit()?;
    crash::point!("migrate/after-commit");
    Ok(())
}

fn applied(connection: &Connection) -> Result<Vec<(i64, String, String)>, Error> {
    let mut statement = connection.prepare("SELECT number, name, sql FROM schema_migrations ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
