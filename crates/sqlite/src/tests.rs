use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;

const TABLE: Migration =
    Migration { number: 1, name: "numbers", sql: "CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT" };

fn open(folder: &TempDir, migrations: &[Migration]) -> Result<Database, Error> {
    Database::open(&folder.path().join("test.db"), Durability::Full, migrations)
}

fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<(), rusqlite::Error> + Send + 'static {
    move |connection| connection.prepare_cached("INSERT INTO numbers VALUES (?1)")?.execute([n]).map(drop)
}

fn numbers(database: &Database) -> Vec<i64> {
    let query = |transaction: &Transaction<'_>| -> Result<Vec<i64>, rusqlite::Error> {
        transaction.prepare_cached("SELECT n FROM numbers ORDER BY n")?.query_map([], |row| row.get(0))?.collect()
    };
    database.read(query).unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    database.write(insert(1)).await.unwrap();
    drop(database);
    assert_eq!(numbers(&open(&folder, &[TABLE]).unwrap()), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verbs_that_wait_together_share_commits_and_fail_alone() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    // Every number comes twice, so exactly one of each pair must fail and none may be lost.
    let writes = (0..400).map(|n| {
        let database = database.clone();
        tokio::spawn(async move { database.write(insert(n / 2)).await })
    });
    let mut kept = 0;
    for write in writes.collect::<Vec<_>>() {
        kept += usize::from(write.await.unwrap().is_ok());
    }
    assert_eq!(kept, 200);
    assert_eq!(numbers(&database), (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_verb_that_fails_half_way_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    let half = database.write(|connection| {
        insert(1)(connection)?;
        insert(1)(connection)
    });
    assert!(matches!(half.await, Err(WriteError::Verb(_))));
    assert_eq!(numbers(&database), []);
}

#[tokio::test]
async fn a_whole_verb_that_refuses_at_once_leaves_the_others_alone() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    database.write_whole(insert(1), |()| {}).await.unwrap();
    let kept = database.write_whole(insert(2), |()| {});
    let refused = database.write_whole(insert(1), |()| {});
    let (kept, refused) = tokio::join!(kept, refused);
    kept.unwrap();
    assert!(matches!(refused, Err(WriteError::Verb(_))));
    assert_eq!(numbers(&database), [1, 2]);
}

#[tokio::test]
async fn a_whole_verb_that_fails_half_way_leaves_nothing_of_its_group() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    // The first holds the writer up until the others wait, so that those share a group.
    let (go, gone) = std::sync::mpsc::channel();
    let first = database.write(move |_| gone.recv().map_err(|_| rusqlite::Error::InvalidQuery));
    let other = database.write(insert(1));
    let half = database.write_whole(
        |connection| {
            insert(2)(connection)?;
            insert(2)(connection)
        },
        |()| panic!("it failed"),
    );
    let started = async { go.send(()).unwrap() };
    let (first, other, half, ()) = tokio::join!(biased; first, other, half, started);
    assert!(first.is_err() && other.is_err(), "they are undone with it");
    assert!(matches!(half, Err(WriteError::Verb(_))));
    assert_eq!(numbers(&database), []);
    database.write_whole(insert(3), |()| {}).await.unwrap();
    assert_eq!(numbers(&database), [3]);
}

#[tokio::test]
async fn a_verb_that_panics_leaves_nothing_and_the_next_one_works() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    let panics = database.write(|connection| -> Result<(), rusqlite::Error> {
        insert(1)(connection)?;
        panic!("on purpose")
    });
    let error = panics.await.unwrap_err().to_string();
    assert!(error.contains("on purpose"), "{error}");
    database.write(insert(2)).await.unwrap();
    assert_eq!(numbers(&database), [2]);
}

#[tokio::test]
async fn a_write_that_cannot_begin_runs_nothing() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    // The writer waits for the lock no longer than this test wants to.
    database.write(|connection| connection.busy_timeout(Duration::ZERO)).await.unwrap();
    let other = Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let write = database.write(move |connection| {
        counted.fetch_add(1, Ordering::Relaxed);
        insert(1)(connection)
    });
    assert!(matches!(write.await, Err(WriteError::Database(_))));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    other.execute_batch("ROLLBACK").unwrap();
    database.write(insert(1)).await.unwrap();
    database.check().await.unwrap();
}

#[tokio::test]
async fn a_disk_that_was_full_takes_writes_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    let pages = |n: i64| move |connection: &Connection| connection.pragma_update(None, "max_page_count", n);
    database.write(pages(1)).await.unwrap();
    let mut refused = None;
    for n in 0..100_000 {
        if let Err(error) = database.write(insert(n)).await {
            refused = Some((n, error));
            break;
        }
    }
    let (n, error) = refused.expect("a few pages hold few numbers");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(numbers(&database), (0..n).collect::<Vec<_>>());
    database.write(pages(1_000_000)).await.unwrap();
    database.write(insert(n)).await.unwrap();
}

#[tokio::test]
async fn checking_writes_a_page() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    let wal = || folder.path().join("test.db-wal").metadata().unwrap().len();
    for _ in 0..2 {
        let before = wal();
        database.check().await.unwrap();
        assert!(wal() > before);
    }
}

#[tokio::test]
async fn a_long_wal_is_copied_back_and_begun_anew() {
    let folder = TempDir::new().unwrap();
    let database = Database::open(&folder.path().join("test.db"), Durability::Off, &[TABLE]).unwrap();
    let file = |name: &str| folder.path().join(name).metadata().unwrap().len();
    assert!(file("test.db") <= 4_096, "nothing was copied back");
    for _ in 0..2 * CHECKPOINT_PAGES {
        database.check().await.unwrap();
    }
    assert!(file("test.db") > 4_096);
    let longest = u64::try_from(CHECKPOINT_PAGES + 10).unwrap() * 4_200;
    assert!(file("test.db-wal") < longest, "{} bytes", file("test.db-wal"));
}

#[tokio::test]
async fn after_an_io_error_inside_a_verb_nothing_is_written_any_more() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder, &[TABLE]).unwrap();
    database.write(insert(1)).await.unwrap();
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_WRITE);
    let broken = database.write(move |connection| {
        insert(2)(connection)?;
        Err::<(), _>(rusqlite::Error::SqliteFailure(code, None))
    });
    assert!(matches!(broken.await, Err(WriteError::Verb(_))));
    for _ in 0..2 {
        let error = database.write(insert(3)).await.unwrap_err();
        assert!(matches!(error, WriteError::Database(Error::Stopped(_))), "{error}");
    }
    assert!(database.check().await.is_err());
    assert_eq!(numbers(&database), [1], "what was committed can still be read");
    // Closing leaves the WAL as it is: nothing is copied, nothing is synced again.
    drop(database);
    let wal = folder.path().join("test.db-wal");
    assert!(wal.metadata().unwrap().len() > 0);
    assert_eq!(numbers(&open(&folder, &[TABLE]).unwrap()), [1]);
}

#[test]
fn migrations_are_applied_once_and_in_order() {
    let folder = TempDir::new().unwrap();
    let second = Migration { number: 2, name: "one", sql: "INSERT INTO numbers VALUES (1)" };
    open(&folder, &[TABLE]).unwrap();
    for _ in 0..2 {
        assert_eq!(numbers(&open(&folder, &[TABLE, second]).unwrap()), [1]);
    }
}

#[test]
fn a_newer_or_different_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let second = Migration { number: 2, name: "more", sql: "SELECT 1" };
    open(&folder, &[TABLE, second]).unwrap();
    assert!(matches!(open(&folder, &[TABLE]), Err(Error::Newer { number: 2, .. })));
    let edited = Migration { sql: "CREATE TABLE numbers (n TEXT)", ..TABLE };
    assert!(matches!(open(&folder, &[edited, second]), Err(Error::Drifted { number: 1, .. })));
}

#[test]
fn a_migration_that_fails_leaves_the_schema_as_it_was() {
    let folder = TempDir::new().unwrap();
    let broken = Migration { number: 2, name: "broken", sql: "INSERT INTO numbers VALUES (1); SELECT nonsense" };
    open(&folder, &[TABLE]).unwrap();
    assert!(open(&folder, &[TABLE, broken]).is_err());
    assert_eq!(numbers(&open(&folder, &[TABLE]).unwrap()), []);
}
