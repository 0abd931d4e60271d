//! `cargo xtask fuzz`: the targets of `fuzz/`, each for a while, from the inputs that are kept for it. With a seed in `PROVE_SEED`, as
//! in CI, each is given the inputs that are kept and so many that are made of them, the same each time.
//!
//! What is kept is a file of lines, one input each, written as Rust writes bytes; libFuzzer wants a folder of files, which is made
//! of it below `target`. What is found there stays there, until `--keep` takes some of what matters into the file.

mod corpus;

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::need::{Need, meet};
use crate::process::{cargo, output, root, run as run_command};

const NEEDS: &[Need] = &[Need { binary: "c++", package: "g++", why: "libFuzzer is written in C++" }];

/// The coverage that libFuzzer follows. Without a sanitizer: our code has no `unsafe`.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0";
/// The target with a fault in it, which must be found.
const PLANTED: &str = "planted";
/// How long each target runs: with every change, and before a release.
const SECONDS: u64 = 10;
const SECONDS_SOAK: u64 = 3_600;
/// How many inputs each target is given when they are to be the same each time: the slowest takes some seconds for them.
const INPUTS: u64 = 50_000;
/// Names the seed.
const SEED: &str = "PROVE_SEED";
/// Fewer inputs a second than this, and nothing was tried. The slowest target does a hundred times as many.
const INPUTS_PER_S_MIN: u64 = 50;
/// The longest input, in bytes.
const INPUT_BYTES_MAX: usize = 2_048;
/// How long one input may take, in seconds, and how much memory it may need, in MiB.
const TIMEOUT_S: u64 = 10;
const RSS_MIB_MAX: u64 = 1_024;

/// How long a target goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// For so many seconds.
    Seconds(u64),
    /// Until it was given [`INPUTS`], made with this seed.
    Inputs(u32),
}

/// What was asked for.
struct Asked {
    targets: Vec<String>,
    until: Until,
    keep: bool,
}

/// Arguments: targets, or none for all; `--seconds N` for each; `--keep` to take what was found into the files of inputs.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let all = targets()?;
    let Asked { targets, until, keep: keeps } = read(args, &all, env::var(SEED).ok().as_deref())?;
    meet(NEEDS)?;
    build()?;
    let mut inputs = 0;
    for target in &targets {
        if target == PLANTED {
            find_planted(until)?;
            continue;
        }
        inputs += fuzz(target, until)?;
        if keeps {
            keep(target)?;
        }
    }
    if targets == all {
        let readers = all.len() - 1;
        println!(
            "proof: {{\"row\":\"S15\",\"tried\":\"any bytes given to {readers} readers, {until}\",\"count\":{inputs},\
             \"progress\":\"0 failures; a planted one was found\"}}"
        );
    }
    Ok(())
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Until::Seconds(seconds) => write!(f, "{seconds} s each"),
            Until::Inputs(seed) => write!(f, "{INPUTS} inputs each, seed {seed}"),
        }
    }
}

fn read(args: &[String], all: &[String], seed: Option<&str>) -> Result<Asked, Failure> {
    let until = match seed {
        _ if env::var_os("PROVE_SOAK").is_some() => Until::Seconds(SECONDS_SOAK),
        // To libFuzzer 0 is any.
        Some(seed) => match seed.parse::<u64>().map(|seed| seed as u32) {
            Ok(seed @ 1..) => Until::Inputs(seed),
            Ok(0) | Err(_) => return Err(Failure::Usage(format!("{SEED} is no number, or 0"))),
        },
        None => Until::Seconds(SECONDS),
    };
    let mut asked = Asked { targets: Vec::new(), until, keep: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--keep" => asked.keep = true,
            "--seconds" => {
                let number = args.next().and_then(|number| number.parse().ok());
                let number = number.ok_or_else(|| Failure::Usage("--seconds takes a number".to_owned()))?;
                asked.until = Until::Seconds(number);
            }
            target if all.iter().any(|known| known == target) => asked.targets.push(target.to_owned()),
            other => return Err(Failure::Usage(format!("there is no target '{other}', only {}", all.join(", ")))),
        }
    }
    if asked.targets.is_empty() {
        asked.targets = all.to_vec();
    }
    Ok(asked)
}

/// Every target, by name: a file each.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| Failure::Found(format!("reading {folder:?}: {error}")))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    Ok(names)
}

fn build() -> Result<(), Failure> {
    let fetched = run_command(cargo(&["fetch", "--locked"]).current_dir(root().join("fuzz")));
    fetched.map_err(|_| {
        Failure::Found("in fuzz/, a crate of ours has other dependencies now: cargo update --workspace".to_owned())
    })?;
    // With a target named, build scripts are built without the flags.
    let host = host()?;
    let args = ["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"];
    run_command(cargo(&args).args(["--target", &host]).env("RUSTFLAGS", RUSTFLAGS))
}

/// Runs a target, and gives how many inputs it was given.
fn fuzz(target: &str, until: Until) -> Result<u64, Failure> {
    let (inputs, log) = execute(target, until)?;
    let Some(inputs) = inputs else {
        let found = found(target).map(|input| format!("for its file of inputs:\n{input}")).unwrap_or_default();
        return Err(Failure::Found(format!("{target} failed:\n{log}\n{found}")));
    };
    let inputs_min = match until {
        Until::Seconds(seconds) => seconds * INPUTS_PER_S_MIN,
        Until::Inputs(_) => INPUTS,
    };
    if inputs < inputs_min {
        return Err(Failure::Found(format!("{target} was given only {inputs} inputs: {until}")));
    }
    eprintln!("{target}: {inputs} inputs");
    Ok(inputs)
}

fn find_planted(until: Until) -> Result<(), Failure> {
    match execute(PLANTED, until)? {
        (None, log) if log.contains("panicked") => {
            eprintln!("{PLANTED}: the fault was found");
            Ok(())
        }
        (_, log) => Err(Failure::Found(format!("the fault in {PLANTED} was not found, {until}:\n{log}"))),
    }
}

/// Runs a target: how many inputs it was given, if none made it fail, and the end of what it printed.
fn execute(target: &str, until: Until) -> Result<(Option<u64>, String), Failure> {
    let corpus = match until {
        Until::Seconds(_) => folder("corpus", target),
        // What was found before must not be among what is the same each time.
        Until::Inputs(_) => {
            let again = folder("again", target);
            corpus::empty(&again)?;
            again
        }
    };
    corpus::unpack(&kept(target), &corpus)?;
    let found = folder("found", target);
    corpus::empty(&found)?;
    let mut command = program(target)?;
    command.arg(corpus);
    match until {
        Until::Seconds(seconds) => command.arg(format!("-max_total_time={seconds}")),
        Until::Inputs(seed) => command.arg(format!("-seed={seed}")).arg(format!("-runs={INPUTS}")),
    };
    command.arg(format!("-artifact_prefix={}/", found.display())).arg("-print_final_stats=1");
    command.arg(format!("-timeout={TIMEOUT_S}")).arg(format!("-rss_limit_mb={RSS_MIB_MAX}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    let dictionary = root().join(format!("fuzz/dictionaries/{target}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    // One line says where it failed; thirty more would be all that is shown.
    let output = command.env("RUST_BACKTRACE", "0").stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::Found(format!("starting {target}: {error}")))?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let inputs = log.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let inputs = inputs.and_then(|number| number.trim().parse().ok()).filter(|_| output.status.success());
    let end: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
    Ok((inputs, end[end.len().saturating_sub(30)..].join("\n")))
}

/// What is left of all inputs when each must reach what no shorter one does, taken into the file.
fn keep(target: &str) -> Result<(), Failure> {
    let merged = folder("merged", target);
    corpus::empty(&merged)?;
    let mut command = program(target)?;
    command.arg("-merge=1").arg(&merged).arg(folder("corpus", target)).stdout(Stdio::null()).stderr(Stdio::null());
    run_command(&mut command)?;
    let count = corpus::pack(&merged, &kept(target))?;
    eprintln!("{target}: {count} inputs are kept");
    Ok(())
}

/// The input that made a target fail, as it is written in the file.
fn found(target: &str) -> Option<String> {
    let entry = fs::read_dir(folder("found", target)).ok()?.next()?.ok()?;
    Some(fs::read(entry.path()).ok()?.escape_ascii().to_string())
}

fn program(target: &str) -> Result<Command, Failure> {
    Ok(Command::new(root().join("target/fuzz").join(host()?).join("release").join(target)))
}

/// What is built for.
fn host() -> Result<String, Failure> {
    let said = output(Command::new("rustc").arg("-vV")).unwrap_or_default();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| Failure::Found("rustc does not say what it builds for".to_owned()))
}

fn kept(target: &str) -> PathBuf {
    root().join(format!("fuzz/corpus/{target}.txt"))
}

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(&root()).join("target/fuzz").join(kind).join(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn without_targets_all_are_meant() {
        let all = words(&["json", PLANTED]);
        assert_eq!(read(&[], &all, None).map(|asked| asked.targets).ok(), Some(all.clone()));
        let asked = read(&words(&["json", "--seconds", "3", "--keep"]), &all, None).ok();
        assert!(asked.is_some_and(|asked| asked.targets == ["json"] && asked.until == Until::Seconds(3) && asked.keep));
        for wrong in [&["jsn"][..], &["--seconds"], &["--seconds", "x"]] {
            assert!(matches!(read(&words(wrong), &all, None), Err(Failure::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn with_a_seed_the_inputs_are_counted_unless_seconds_are_asked_for() {
        let all = words(&["json"]);
        let until = |args: &[&str], seed| read(&words(args), &all, Some(seed)).map(|asked| asked.until).ok();
        assert_eq!(until(&[], "2026"), Some(Until::Inputs(2026)));
        assert_eq!(until(&["--seconds", "3"], "2026"), Some(Until::Seconds(3)));
        assert_eq!(until(&[], "0"), None);
        assert_eq!(until(&[], "x"), None);
    }

    #[test]
    fn every_target_is_built_and_has_inputs_to_begin_with() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        for target in targets().unwrap_or_default() {
            assert!(
                manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")),
                "{target} is not in Cargo.toml"
            );
            assert!(kept(&target).exists(), "there is no fuzz/corpus/{target}.txt");
        }
    }
}
