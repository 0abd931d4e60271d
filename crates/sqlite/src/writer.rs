//! The one thread that writes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, WriteError};
use crate::group::Groups;

/// How many verbs share one commit at most.
const GROUP_MAX: usize = 256;
/// How many verbs may wait; further callers wait for a place.
const WAITING_MAX: usize = 4_096;

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
    /// Whether the verb's own work stays.
    keeps: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Writer {
    verbs: mpsc::Sender<Verb>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, groups: Groups) -> Result<Self, Error> {
        let (verbs, waiting) = mpsc::channel(WAITING_MAX);
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || run(&connection, waiting, &groups))
            .map_err(|error| Error::Stopped(format!("starting its thread: {error}")))?;
        Ok(Writer { verbs })
    }

    pub(crate) async fn write<T, E, F, A>(&self, extent: Extent, verb: F, after: A) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
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
            let keeps = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let result = result.and_then(|value| committed.map(|()| value).map_err(WriteError::Database));
                if let Ok(value) = &result {
                    after(value);
                }
                // A caller that has gone away does not want the answer.
                let _ = reply.send(result);
            });
            Done { answer, keeps }
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
fn run(connection: &Connection, mut waiting: mpsc::Receiver<Verb>, groups: &Groups) {
    let mut stopped: Option<Error> = None;
    let mut answers = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = waiting.blocking_recv() {
        if let Some(error) = &stopped {
            ((first.run)(Err(error.clone())).answer)(Err(error.clone()));
            continue;
        }
        let committed = commit_group(connection, first, &mut waiting, &mut answers, groups);
        if let Err(error) = &committed
            && error.is_io()
        {
            tracing::error!(%error, "the database writer stops: it is unknown what is on disk");
            stopped = Some(Error::Stopped(error.to_string()));
        }
        for answer in answers.drain(..) {
            answer(committed.clone());
        }
    }
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
    healthy.and_then(|()| execute(connection, "COMMIT")).inspect_err(|_| {
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
    let Done { answer, keeps } = run(Ok(connection));
    answers.push(answer);
    if connection.is_autocommit() { Err(Error::Undone) } else { Ok(keeps) }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}
