//! The schema refuses what the types refuse.

use companion::inbox::{Inbox, State};
use companion::learner::{LearnerState, MatchedBy, Source};
use rusqlite::Connection;
use sqlite::{Database, Durability};

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

/// A database with everything, in which one learner is looked for, and the completion of [`database`] is theirs.
fn database_with_people() -> Connection {
    let connection = database();
    for migration in &companion::inbox::MIGRATIONS[1..] {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection
        .execute_batch(
            "INSERT INTO people (portal_id, external_id, email, name, import, imported_at) VALUES ('', 'HR-42', NULL, NULL, 1, 0);
            INSERT INTO learners (number, portal_id, key_kind, key, user_id, state, reason, first_at, last_at)
            VALUES (1, '2', 'user_id', '5', '5', 'open', 'r', 0, 0);
            UPDATE completions SET learner = 1",
        )
        .unwrap();
    connection
}

#[track_caller]
fn check_people(change: &str, allowed: bool) {
    let changed = database_with_people().execute(change, []);
    assert_eq!(changed.is_ok(), allowed, "{change}: {changed:?}");
    if let Err(error) = changed {
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ConstraintViolation), "{change}: {error}");
    }
}

#[test]
fn a_completion_is_somebodys_for_a_reason() {
    check_people("UPDATE completions SET person = 'HR-42', matched_by = 'link'", true);
    check_people("UPDATE completions SET person = 'HR-42'", false);
    check_people("UPDATE completions SET matched_by = 'link'", false);
    check_people("UPDATE completions SET person = 'HR-42', matched_by = 'name'", false);
    check_people("UPDATE completions SET external_id = 'a', details_from = 'learning-activity'", true);
    check_people("UPDATE completions SET external_id = 'a'", false);
    check_people("UPDATE completions SET details_from = 'learning-activity'", false);
    check_people("UPDATE completions SET external_id = '', details_from = 'learning-activity'", false);
    check_people("UPDATE completions SET learner = 2", false);
}

#[test]
fn a_learner_is_open_or_somebody() {
    check_people("UPDATE learners SET state = 'matched', person = 'HR-42', settled_at = 0", true);
    check_people("UPDATE learners SET state = 'linked', person = 'HR-42', settled_at = 0, settled_by = 'Ada'", true);
    check_people("UPDATE learners SET state = 'linked', person = 'HR-42', settled_at = 0", false);
    check_people("UPDATE learners SET state = 'matched', settled_at = 0", false);
    check_people("UPDATE learners SET state = 'matched', person = 'HR-42'", false);
    check_people("UPDATE learners SET person = 'HR-42'", false);
    check_people("UPDATE learners SET state = 'lost', person = 'HR-42', settled_at = 0", false);
    check_people("UPDATE learners SET key_kind = 'name'", false);
    let again = "INSERT INTO learners (portal_id, key_kind, key, user_id, state, reason, first_at, last_at)
        SELECT portal_id, key_kind, key, user_id, state, reason, first_at, last_at FROM learners";
    check_people(again, false);
    check_people(&again.replace("SELECT portal_id", "SELECT '3'"), true);
    let twice = "INSERT INTO people (portal_id, external_id, import, imported_at) VALUES ('', 'HR-42', 1, 0)";
    check_people(twice, false);
    check_people(&twice.replace("''", "'2'"), true);
}

#[tokio::test]
async fn completions_from_before_there_were_people_are_shown_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("companion.db");
    let before = Database::open(&path, Durability::Full, &companion::inbox::MIGRATIONS[..2]).unwrap();
    let rows = "INSERT INTO inbox (number, event_id, event_type, body, headers, received_at, last_received_at, attempt_number_max,
            portal_id, enrollment_id, event_time, state, due_at, settled_at, reason)
        VALUES (1, 'e1', 'enrollment.complete', x'7b7d', '{}', 0, 0, 1, '2', '3', 0, 'recorded', NULL, 0, NULL);
        INSERT INTO completions (enrollment_id, cursor, event_id, event_time, portal_id, lo_id, user_id, email, status, pass,
            result, completed_at, updated_time, recorded_at)
        VALUES ('3', 1, 'e1', 0, '2', '4', '5', 'ada@customer.example', 'completed', 1, 90, 0, 0, 0)";
    before.write(|connection: &Connection| connection.execute_batch(rows)).await.unwrap();
    drop(before);
    let [completion] = Inbox::open(&path).unwrap().completions(0, 10).await.unwrap().completions.try_into().unwrap();
    assert_eq!((completion.email.as_deref(), completion.pass), (Some("ada@customer.example"), true));
    assert_eq!((completion.external_id, completion.details_from), (None, Source::Enrollment));
    assert_eq!((completion.person, completion.matched_by), (None, None));
}

#[test]
fn the_database_knows_every_word_of_learners() {
    let sql = companion::inbox::MIGRATIONS[2].sql;
    let words = [Source::ALL.iter().map(|one| (serde_json::to_value(one), one.as_str())).collect::<Vec<_>>()]
        .into_iter()
        .chain([MatchedBy::ALL.iter().map(|one| (serde_json::to_value(one), one.as_str())).collect()])
        .chain([LearnerState::ALL.iter().map(|one| (serde_json::to_value(one), one.as_str())).collect()]);
    for (told, word) in words.flatten() {
        assert!(sql.contains(&format!("'{word}'")), "{word}");
        assert_eq!(told.unwrap(), word);
    }
}
