//! The one thread that writes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, VerbFailure, WriteError};
use crate::group::Groups;

/// How many verbs share one commit at most.
const GROUP_MAX: usize = 256;
/// How many verbs may wait; further callers wait for a place.
const WAITING_MAX: usize = 4_096;

/// How long, on a full disk, the WAL is not copied back again.
const FULL_FOR: Duration = Duration::from_secs(1);

/// Runs a verb inside a transaction, or hears that there is none, and gives back how to answer its caller once the
/// group is committed, or not.
type Run = Box<dyn FnOnce(Result<&Connection, Error>) -> Done + Send>;
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

struct Verb {
    run: Run,
    extent: Extent,
}

/// What a verb leaves behind when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Whatever it had written by then: it needs a savepoint.
    Steps,
    /// Nothing, for what can fail fails before anything is written. If it leaves something all the same, the whole group is undone.
    Whole,
}

struct Done {
    answer: Answer,
    /// What becomes of the verb's own work.
    work: Work,
}

enum Work {
    Kept,
    /// The verb failed by itself.
    Undone,
    /// It met an I/O error: nothing of its group can be trusted, nor any write after it.
    Broken(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Writer {
    verbs: mpsc::Sender<Verb>,
}

impl Writer {
    /// `checkpoint_pages`: how long the WAL gets until it is copied back into the file, in pages.
    pub(crate) fn start(mut connection: Connection, checkpoint_pages: i32, groups: Groups) -> Result<Self, Error> {
        let (verbs, waiting) = mpsc::channel(WAITING_MAX);
        let wal_pages = Arc::new(AtomicI32::new(0));
        let seen = wal_pages.clone();
        connection.wal_hook(Some(move |_: &mut Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                run(&connection, waiting, &groups, || wal_pages.load(Ordering::Relaxed) >= checkpoint_pages);
            })
            .map_err(|error| Error::Stopped(format!("starting its thread: {error}")))?;
        Ok(Writer { verbs })
    }

    pub(crate) async fn write<T, E, F, A>(&self, extent: Extent, verb: F, after: A) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: VerbFailure + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let (reply, replied) = oneshot::channel();
        let run: Run = Box::new(move |connection| {
            let result = connection.map_err(WriteError::Database).and_then(|connection| {
                match catch_unwind(AssertUnwindSafe(|| verb(connection))) {
                    Ok(result) => result.map_err(WriteError::Verb),
                    Err(panic) => Err(WriteError::Database(Error::Panicked(message_of(&*panic)))),
                }
            });
            let work = match &result {
                Ok(_) => Work::Kept,
                Err(WriteError::Verb(error)) => error.io().map_or(Work::Undone, Work::Broken),
                Err(WriteError::Database(_)) => Work::Undone,
            };
            let answer: Answer = Box::new(move |committed| {
                let result = result.and_then(|value| committed.map(|()| value).map_err(WriteError::Database));
                if let Ok(value) = &result {
                    after(value);
                }
                // A caller that has gone away does not want the answer.
                let _ = reply.send(result);
            });
            Done { answer, work }
        });
        let stopped = || WriteError::Database(Error::Stopped("its thread has ended".to_owned()));
        self.verbs.send(Verb { run, extent }).await.map_err(|_| stopped())?;
        replied.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

/// Ends when the last [`Writer`] is gone and nothing is waiting any more.
///
/// The WAL is copied back when it `is_long`, once those who wait for the commit have their answers.
///
/// After an I/O error nothing is written any more. What a failed `fsync` leaves in the page cache is unknown, and a second one may
/// succeed without writing it; so nothing is tried again, not even the checkpoint that closing a healthy file ends with.
fn run(connection: &Connection, mut waiting: mpsc::Receiver<Verb>, groups: &Groups, is_long: impl Fn() -> bool) {
    let mut stopped: Option<Error> = None;
    let mut copied_at: Option<Instant> = None;
    let mut answers = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = waiting.blocking_recv() {
        if let Some(error) = &stopped {
            ((first.run)(Err(error.clone())).answer)(Err(error.clone()));
            continue;
        }
        let committed = commit_group(connection, first, &mut waiting, &mut answers, groups);
        stopped = committed.as_ref().err().and_then(stops);
        for answer in answers.drain(..) {
            answer(committed.clone());
        }
        crash::point!("sqlite/after-answer");
        // What has been copied back makes room in the WAL, which may be all that a full disk lacks.
        let is_full =
            || matches!(committed, Err(Error::DiskFull)) && copied_at.is_none_or(|at| at.elapsed() > FULL_FOR);
        if stopped.is_none() && (is_long() || is_full()) {
            copied_at = Some(Instant::now());
            stopped = checkpoint(connection).err().as_ref().and_then(stops);
        }
    }
    if stopped.is_none() {
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
    }
}

/// What is said to every write after this error, if none is done any more.
fn stops(error: &Error) -> Option<Error> {
    let why = match error {
        Error::Stopped(why) => why.clone(),
        error => error.io()?,
    };
    tracing::error!(error = why, "the database writer stops: it is unknown what is on disk");
    Some(Error::Stopped(why))
}

/// Copies as much of the WAL back as no reader needs. If the disk is full, or somebody else is at it, the next commit is
/// followed by another.
fn checkpoint(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |_| Ok(()))?;
    crash::point!("sqlite/after-checkpoint");
    Ok(())
}

/// One physical transaction over all that is waiting. When it returns an error, nothing of the group is stored.
fn commit_group(
    connection: &Connection,
    first: Verb,
    waiting: &mut mpsc::Receiver<Verb>,
    answers: &mut Vec<Answer>,
    groups: &Groups,
) -> Result<(), Error> {
    let mut healthy = execute(connection, "BEGIN IMMEDIATE").and_then(|()| groups.begin(connection));
    let mut verb = Some(first);
    while let Some(next) = verb.take() {
        if healthy.is_ok() {
            healthy = match next.extent {
                Extent::Steps => under_savepoint(connection, next.run, answers),
                Extent::Whole => as_it_is(connection, next.run, answers),
            };
        } else {
            let refusal = healthy.clone().map(|()| connection);
            answers.push((next.run)(refusal).answer);
        }
        if healthy.is_ok() && answers.len() < GROUP_MAX {
            verb = waiting.try_recv().ok();
        }
    }
    crash::point!("sqlite/before-commit");
    let committed = healthy.and_then(|()| execute(connection, "COMMIT"));
    crash::point!("sqlite/after-commit");
    committed.inspect_err(|_| {
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    })
}

/// An error means that the transaction cannot go on: on a full disk or an I/O error SQLite undoes all of it.
fn under_savepoint(connection: &Connection, run: Run, answers: &mut Vec<Answer>) -> Result<(), Error> {
    if let Err(error) = execute(connection, "SAVEPOINT verb") {
        answers.push(run(Err(error.clone())).answer);
        return Err(error);
    }
    if !is_kept(connection, run, answers)? {
        execute(connection, "ROLLBACK TO verb")?;
    }
    execute(connection, "RELEASE verb")
}

/// A savepoint copies every page that is changed under it, which costs a verb of a few statements half as much again.
fn as_it_is(connection: &Connection, run: Run, answers: &mut Vec<Answer>) -> Result<(), Error> {
    let before = connection.total_changes();
    let undone = !is_kept(connection, run, answers)? && connection.total_changes() != before;
    if undone { Err(Error::Undone) } else { Ok(()) }
}

fn is_kept(connection: &Connection, run: Run, answers: &mut Vec<Answer>) -> Result<bool, Error> {
    let Done { answer, work } = run(Ok(connection));
    answers.push(answer);
    match work {
        Work::Broken(error) => Err(Error::Stopped(error)),
        Work::Kept | Work::Undone if connection.is_autocommit() => Err(Error::Undone),
        Work::Kept => Ok(true),
        Work::Undone => Ok(false),
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}
