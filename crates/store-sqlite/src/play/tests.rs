use sqlite::rusqlite::Connection;

/// A database with the migrations up to this number.
fn database(connection: &Connection, numbers: std::ops::RangeInclusive<i64>) {
    for migration in crate::MIGRATIONS.iter().filter(|migration| numbers.contains(&migration.number)) {
        connection.execute_batch(migration.sql).unwrap();
    }
}

/// A live enrollment of one learner in one course, with what is given beside the columns of old.
fn enroll(connection: &Connection, id: i64, column: &str, value: &str) -> bool {
    let sql = format!(
        "INSERT INTO enrollments (id, version, portal_id, user_account_id, lo_id, parent_id, enrollment_type, original_type,
            status, standing, created_at, updated_at{column})
        VALUES ({id}, 1, 1, 2, 3, 0, 'self-directed', 'self-directed', 'not-started', 'live', 5, 5{value})"
    );
    connection.execute(&sql, []).is_ok()
}

#[test]
fn enrollments_from_before_there_were_destinations_have_none_and_stay_unique() {
    let connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    database(&connection, 1..=10);
    assert!(enroll(&connection, 1, "", ""));
    assert!(!enroll(&connection, 2, "", ""), "the control: it was unique before");
    database(&connection, 11..=11);
    let destination: i64 =
        connection.query_row("SELECT destination_id FROM enrollments WHERE id = 1", [], |row| row.get(0)).unwrap();
    assert_eq!(destination, 0);
    assert!(!enroll(&connection, 2, "", ""));
    assert!(enroll(&connection, 2, ", destination_id", ", 7"));
    assert!(!enroll(&connection, 3, ", destination_id", ", 7"));
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}
