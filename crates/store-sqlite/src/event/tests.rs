use sqlite::rusqlite::Connection;

use super::{list, prune};
use crate::webhook::history;

/// What SQLite does for a statement, step by step.
fn plan(sql: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    for migration in crate::MIGRATIONS {
        connection.execute_batch(migration.sql).unwrap();
    }
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // What is not bound is null, which is no matter to the plan.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

/// No step reads a whole table of what grows with history.
#[track_caller]
fn check(sql: &str) {
    let plan = plan(sql);
    let tables = ["events", "deliveries", "attempts", "webhook_history", "history", "webhooks", "replays", "portals"];
    for table in tables {
        let whole = format!("SCAN {table}");
        assert!(!plan.iter().any(|step| *step == whole || step.starts_with(&format!("{whole} "))), "{sql}\n{plan:#?}");
    }
    assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{sql}\n{plan:#?}");
}

#[test]
fn nothing_about_events_reads_all_of_them() {
    for sql in [list::NEWEST, list::NEWEST_TOTAL, list::ABOUT, list::ABOUT_TOTAL, list::FIND, history::STANDINGS] {
        check(sql);
    }
}

#[test]
fn pruning_finds_what_belongs_to_an_event_by_seeking() {
    for sql in [prune::LOOK, prune::SETTLED, prune::ATTEMPTS, prune::DELIVERIES] {
        check(sql);
    }
}

#[test]
#[should_panic(expected = "SCAN events")]
fn a_statement_that_reads_all_events_is_noticed() {
    check("SELECT no FROM events WHERE created_at < 5 AND EXISTS (SELECT 1 FROM webhooks WHERE no = 5)");
}
