//! The schema refuses what the types refuse.

use companion::inbox::State;
use rusqlite::Connection;

/// A database with one entry in each of three states, and one completion.
fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(companion::inbox::MIGRATIONS[0].sql).unwrap();
    connection
        .execute_batch(
            "INSERT INTO inbox (number, event_id, event_type, body, headers, received_at, last_received_at,
                attempt_number_max, portal_id, enrollment_id, event_time, state, due_at, settled_at, reason)
            VALUES
                (1, 'e1', 'enrollment.complete', x'7b7d', '{}', 0, 0, 1, '2', '3', 0, 'new', 0, NULL, NULL),
                (2, 'e2', 'enrollment.create', x'7b7d', '{}', 0, 0, 1, '2', NULL, NULL, 'noted', NULL, 0, NULL),
                (3, NULL, NULL, x'7b7d', '{}', 0, 0, NULL, NULL, NULL, NULL, 'unreadable', NULL, 0, 'r');
            INSERT INTO completions (enrollment_id, cursor, event_id, event_time, portal_id, lo_id, user_id, email,
                status, pass, result, completed_at, updated_time, recorded_at)
            VALUES ('3', 1, 'e1', 0, '2', '4', '5', NULL, 'completed', 1, NULL, 0, 0, 0)",
        )
        .unwrap();
    connection
}

#[track_caller]
fn check(change: &str, allowed: bool) {
    let changed = database().execute(change, []);
    assert_eq!(changed.is_ok(), allowed, "{change}: {changed:?}");
    if let Err(error) = changed {
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation), "{change}: {error}");
    }
}

#[test]
fn a_state_comes_with_its_data() {
    check("UPDATE inbox SET state = 'waiting', fetches = 1, reason = 'r' WHERE number = 1", true);
    check("UPDATE inbox SET state = 'waiting', fetches = 1 WHERE number = 1", false);
    check("UPDATE inbox SET reason = 'r' WHERE number = 1", false);
    check("UPDATE inbox SET due_at = NULL WHERE number = 1", false);
    check("UPDATE inbox SET settled_at = 0 WHERE number = 1", false);
    check("UPDATE inbox SET portal_id = NULL WHERE number = 1", false);
    check("UPDATE inbox SET state = 'recorded', due_at = NULL, settled_at = 0 WHERE number = 1", true);
    check("UPDATE inbox SET state = 'recorded' WHERE number = 1", false);
    check("UPDATE inbox SET state = 'unresolved', due_at = NULL, settled_at = 0, reason = 'r' WHERE number = 1", true);
    check("UPDATE inbox SET state = 'unresolved', due_at = NULL, settled_at = 0 WHERE number = 1", false);
    check("UPDATE inbox SET state = 'recorded' WHERE number = 2", false);
    check("UPDATE inbox SET due_at = 0 WHERE number = 2", false);
    check("UPDATE inbox SET event_id = NULL WHERE number = 2", false);
    check("UPDATE inbox SET event_type = 't' WHERE number = 3", false);
    check("UPDATE inbox SET state = 'lost' WHERE number = 3", false);
}

#[test]
fn counts_are_counts_and_ids_are_ids() {
    check("UPDATE inbox SET misses = 1 WHERE number = 1", false);
    check("UPDATE inbox SET misses = 1, fetches = 1 WHERE number = 1", true);
    check("UPDATE inbox SET received_count = 0 WHERE number = 1", false);
    check("UPDATE inbox SET event_id = '' WHERE number = 1", false);
    check("UPDATE inbox SET event_id = 'e1' WHERE number = 2", false);
    check("UPDATE inbox SET headers = 'text' WHERE number = 2", false);
}

#[test]
fn there_is_one_completion_an_enrollment_and_it_is_one() {
    let insert = |enrollment_id: &str, cursor: i64| {
        format!(
            "INSERT INTO completions SELECT '{enrollment_id}', {cursor}, event_id, event_time, portal_id, lo_id, user_id,
                email, status, pass, result, completed_at, updated_time, recorded_at FROM completions"
        )
    };
    check(&insert("9", 2), true);
    check(&insert("3", 2), false);
    check(&insert("9", 1), false);
    check("UPDATE completions SET status = 'in-progress'", false);
    check("UPDATE completions SET pass = 2", false);
    check("UPDATE completions SET pass = NULL", false);
}

#[test]
fn the_database_knows_every_state_that_the_program_knows() {
    let sql = companion::inbox::MIGRATIONS[0].sql;
    for state in State::ALL {
        assert!(sql.contains(&format!("'{}'", state.as_str())), "{state:?}");
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        assert_eq!(state.as_str().parse(), Ok(state));
    }
}
