//! `cargo xtask prove`: every row of `docs/RELIABILITY.md`, tried again, in one table.
//!
//! A row is a few tests of one crate. Each says at its end what was tried and how often (crate `proof`); a row whose tests pass
//! without saying so has proved nothing, and fails. Rows run one after the other: some of them measure time.

mod report;
mod row;
mod said;
mod tests_built;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::row::{ROWS, Row, Run};
use self::said::Said;
use self::tests_built::Built;
use crate::Failure;
use crate::need::{Need, meet};
use crate::process::cargo;

/// What proofs call besides cargo and what tests call.
const NEEDS: &[Need] = &[
    Need { binary: "curl", package: "curl", why: "tests run the published examples as they are printed" },
    Need {
        binary: "cc",
        package: "gcc",
        why: "power cuts, broken disks and clocks that jump are played by small libraries that are compiled",
    },
    Need { binary: "taskset", package: "util-linux", why: "who asks for too much has a processor of their own" },
    Need { binary: "ip", package: "iproute2", why: "networks in which every address is this machine" },
    Need { binary: "nft", package: "nftables", why: "connections are counted by somebody else" },
    Need { binary: "openssl", package: "openssl", why: "servers that speak old TLS only" },
    Need { binary: "pip3", package: "python3-pip", why: "schemathesis is installed below target" },
    Need { binary: "node", package: "nodejs", why: "an authorization server that is not ours" },
    Need { binary: "npm", package: "npm", why: "it is installed below target" },
    Need { binary: "c++", package: "g++", why: "libFuzzer is written in C++" },
];
/// Rows that judge how long something takes. On a machine that is not alone one may fail for what others do, so it has a second
/// chance, and the table says that it took it. No other row has one: a loss that is seen once is a loss.
const TIMED: &[&str] = &["R22", "R23", "R25", "R26", "S7", "S13"];
/// Rows that want the machine for themselves: they load the release build.
const LOADED: &[&str] = &["R22", "R23", "R25", "R26"];
/// How many lines of a row that failed are shown.
const LINES_SHOWN: usize = 40;

/// What was asked for.
struct Asked {
    soak: bool,
    list: bool,
    json: bool,
    write: bool,
    rows: Vec<&'static Row>,
}

/// What came of a row.
struct Outcome {
    row: &'static Row,
    said: Vec<Said>,
    took: Duration,
    /// Why it failed, with the end of what it printed.
    failure: Option<String>,
}

/// Arguments: `--soak` for the large sizes, `--list`, `--json`, `--write` to keep the table in the document, `--without-load` to leave
/// out what wants the machine for itself, and rows.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let asked = read(args)?;
    if asked.list {
        print!("{}", report::list(&asked.rows));
        return Ok(());
    }
    meet(NEEDS)?;
    let built = tests_built::build()?;
    let mut outcomes = Vec::new();
    for (place, row) in asked.rows.iter().enumerate() {
        eprintln!("[{}/{}] {}: {}", place + 1, asked.rows.len(), row.ids(), row.what);
        let mut outcome = attempt(row, &built, asked.soak);
        if let Some(why) = outcome.failure.as_ref().filter(|_| row.ids.iter().all(|id| TIMED.contains(id))) {
            eprintln!("        {why}\n        once more, because it judges time");
            outcome = attempt(row, &built, asked.soak);
            outcome.said.iter_mut().for_each(|said| said.progress.push_str(" (at the second try)"));
        }
        eprintln!("        {} in {} s", outcome.failure.as_deref().unwrap_or("held"), outcome.took.as_secs());
        outcomes.push(outcome);
    }
    if asked.json {
        println!("{}", report::json(&outcomes));
    } else {
        print!("{}", report::table(&outcomes));
    }
    let failed: Vec<String> =
        outcomes.iter().filter(|outcome| outcome.failure.is_some()).map(|outcome| outcome.row.ids()).collect();
    if !failed.is_empty() {
        return Err(Failure::Found(format!("did not hold: {}", failed.join("; "))));
    }
    if asked.write { report::write(&outcomes, asked.soak) } else { Ok(()) }
}

fn read(args: &[String]) -> Result<Asked, Failure> {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let mut asked = Asked {
        soak: has("--soak"),
        list: has("--list"),
        json: has("--json"),
        write: has("--write"),
        rows: Vec::new(),
    };
    let flags = ["--soak", "--list", "--json", "--write", "--without-load"];
    for arg in args.iter().filter(|arg| !flags.contains(&arg.as_str())) {
        let found: Vec<&Row> = ROWS.iter().filter(|row| row.ids.contains(&arg.as_str())).collect();
        if found.is_empty() {
            return Err(Failure::Usage(format!("there is no row '{arg}': see cargo xtask prove --list")));
        }
        asked.rows.extend(found);
    }
    if asked.rows.is_empty() {
        let is_wanted = |row: &&Row| !has("--without-load") || !row.ids.iter().all(|id| LOADED.contains(id));
        asked.rows = ROWS.iter().filter(is_wanted).collect();
    }
    if asked.write && asked.rows.len() < ROWS.len() {
        return Err(Failure::Usage("--write keeps the whole table: it goes with all rows".to_owned()));
    }
    Ok(asked)
}

/// Runs a row, and sees that each of its ids was spoken for.
fn attempt(row: &'static Row, built: &Built, soak: bool) -> Outcome {
    let started = Instant::now();
    let (mut said, mut failure) = (Vec::new(), None);
    for mut command in commands(row, built) {
        if soak {
            command.env("PROVE_SOAK", "1");
        }
        match listen(&mut command) {
            Ok(heard) => said.extend(heard.into_iter().filter(|said| row.ids.contains(&said.row.as_str()))),
            Err(why) => failure = failure.or(Some(why)),
        }
    }
    let silent = row.ids.iter().find(|id| !said.iter().any(|said| said.row == **id));
    let failure =
        failure.or_else(|| silent.map(|id| format!("FAILED: nothing was said of {id}, so nothing is proved")));
    Outcome { row, said, took: started.elapsed(), failure }
}

fn commands(row: &Row, built: &Built) -> Vec<Command> {
    match row.run {
        Run::Tests { package, filters } => built.tests(package).map(|test| test.command(filters)).collect(),
        Run::Cargo(args) => vec![cargo(args)],
    }
}

/// Runs a command, shows what it proves as it comes, and gives that back; or why it failed.
fn listen(command: &mut Command) -> Result<Vec<Said>, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("FAILED: starting {command:?}: {error}"))?;
    let tail = Arc::new(Mutex::new(VecDeque::new()));
    let errors = {
        let (stderr, tail) = (child.stderr.take().expect("it is piped"), tail.clone());
        thread::spawn(move || lines(stderr).for_each(|line| keep(&tail, line)))
    };
    let mut heard = Vec::new();
    for line in lines(child.stdout.take().expect("it is piped")) {
        if let Some(said) = Said::read(&line) {
            eprintln!("        {}: {} × {}; {}", said.row, said.count, said.tried, said.progress);
            heard.push(said);
        }
        keep(&tail, line);
    }
    let status = child.wait().map_err(|error| format!("FAILED: waiting for {command:?}: {error}"))?;
    // What reads its errors ends when it does.
    let _ = errors.join();
    if status.success() {
        return Ok(heard);
    }
    let tail: Vec<String> = tail.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    Err(format!("FAILED with {status}; it printed at last:\n{}\n", tail.join("\n")))
}

fn lines(from: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(from).split(b'\n').map_while(Result::ok).map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn keep(tail: &Mutex<VecDeque<String>>, line: String) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    tail.push_back(line);
    if tail.len() > LINES_SHOWN {
        tail.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_command_proves_is_heard_wherever_it_stands_in_the_line() {
        let line = r#"test kills::r2 ... proof: {"count":2,"progress":"p","row":"R2","tried":"t"}"#;
        let heard = listen(&mut shell(&format!("echo '{line}'; echo other"))).unwrap();
        assert_eq!(heard, [Said { row: "R2".into(), tried: "t".into(), count: "2".into(), progress: "p".into() }]);
    }

    #[test]
    fn a_command_that_fails_shows_how_it_ended() {
        let why = listen(&mut shell("echo out; echo err >&2; exit 3")).unwrap_err();
        assert!(why.contains("out") && why.contains("err") && why.contains('3'), "{why}");
    }

    #[test]
    fn a_row_that_says_nothing_has_proved_nothing() {
        static SILENT: Row = Row { ids: &["R0"], what: "", run: Run::Cargo(&["--version"]), control: "" };
        let outcome = attempt(&SILENT, &Built::default(), false);
        assert!(outcome.failure.is_some_and(|why| why.contains("R0")));
    }

    #[test]
    fn an_unknown_row_is_refused_and_a_part_is_not_written() {
        let args = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert!(matches!(read(&args(&["R0"])), Err(Failure::Usage(_))));
        assert!(matches!(read(&args(&["--write", "R1"])), Err(Failure::Usage(_))));
        assert_eq!(read(&args(&["R1", "--soak"])).map(|asked| asked.rows.len()).ok(), Some(1));
        assert_eq!(read(&args(&["--write"])).map(|asked| asked.rows.len()).ok(), Some(ROWS.len()));
    }
}
