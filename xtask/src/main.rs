//! The chores of the workspace, one file each: `cargo xtask help` lists them.
//!
//! Standard library only, so that they start at once on a machine that has built nothing yet. They know how to
//! call cargo and how our crates are laid out; they know nothing of what Schoolbell does.

mod bench;
mod deny;
mod fuzz;
mod need;
mod process;
mod prove;
mod screenshots;
mod test;
mod tidy;

use std::env;
use std::process::ExitCode;

/// One command of `cargo xtask`.
struct Chore {
    name: &'static str,
    what: &'static str,
    example: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

/// A new chore is a file beside this one and a line here.
const CHORES: &[Chore] = &[
    Chore {
        name: "test",
        what: "install what the tests need and is missing, then run all tests",
        example: "cargo xtask test signature        (only tests whose name holds \"signature\")",
        run: test::run,
    },
    Chore {
        name: "tidy",
        what: "check the structure of the workspace, its formatting and its lints",
        example: "cargo xtask tidy",
        run: tidy::run,
    },
    Chore {
        name: "deny",
        what: "check licences, bans, sources and known vulnerabilities of all dependencies, offline",
        example: "cargo xtask deny",
        run: deny::run,
    },
    Chore {
        name: "bench",
        what: "measure what a delivered event costs the platform, beside controls of the same run",
        example: "cargo xtask bench --quick         (a small run; --json for scripts, the full run without)",
        run: bench::run,
    },
    Chore {
        name: "prove",
        what: "try again every row of docs/RELIABILITY.md, and show one table",
        example: "cargo xtask prove R1 R3             (some rows; --list names all, --soak tries more, --json, --write)",
        run: prove::run,
    },
    Chore {
        name: "screenshots",
        what: "take a picture of every page of the Hub and the player, for people to look at (target/screenshots)",
        example: "cargo xtask screenshots",
        run: screenshots::run,
    },
    Chore {
        name: "fuzz",
        what: "give any bytes at all to what reads the text of strangers (fuzz/), for some seconds each",
        example: "cargo xtask fuzz json --seconds 60   (some targets; all without; --keep takes what was found into fuzz/corpus)",
        run: fuzz::run,
    },
];

/// Why a chore ended without success.
#[derive(Debug)]
enum Failure {
    /// It was asked for wrongly: exit status 2.
    Usage(String),
    /// It was done and found fault, or could not be done: exit status 1.
    Found(String),
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (name, failure) = match args.split_first() {
        None => ("", Failure::Usage("say which chore".to_owned())),
        Some((name, _)) if is_help(name) => {
            print!("{}", help());
            return ExitCode::SUCCESS;
        }
        Some((name, rest)) => match perform(name, rest) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => (name.as_str(), failure),
        },
    };
    let called = format!("cargo xtask {name}");
    let called = called.trim_end();
    match failure {
        Failure::Usage(why) => {
            eprint!("{called}: {why}\n\n{}", help());
            ExitCode::from(2)
        }
        Failure::Found(what) => {
            eprintln!("{called}: {what}");
            ExitCode::FAILURE
        }
    }
}

fn perform(name: &str, args: &[String]) -> Result<(), Failure> {
    let chore = CHORES.iter().find(|chore| chore.name == name);
    let chore = chore.ok_or_else(|| Failure::Usage("there is no such chore".to_owned()))?;
    if args.first().is_some_and(|arg| is_help(arg)) {
        print!("{}", line(chore));
        return Ok(());
    }
    (chore.run)(args)
}

fn is_help(arg: &str) -> bool {
    ["help", "--help", "-h"].contains(&arg)
}

fn help() -> String {
    let lines: String = CHORES.iter().map(line).collect();
    format!("usage: cargo xtask <chore> [arguments]\n\n{lines}  help    show this\n")
}

fn line(chore: &Chore) -> String {
    format!("  {:<7} {}\n          {}\n", chore.name, chore.what, chore.example)
}

/// For chores that take no arguments: refuses any.
fn no_arguments(args: &[String]) -> Result<(), Failure> {
    match args {
        [] => Ok(()),
        [first, ..] => Err(Failure::Usage(format!("takes no arguments, got '{first}'"))),
    }
}
