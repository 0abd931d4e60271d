//! CPU time of a process, all its threads included, from `/proc`.

use std::fs;
use std::ops::Sub;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::clock;

/// The kernel counts in hundredths of a second (USER_HZ, the same on every Linux that people run servers on).
const TICK_US: u64 = 10_000;
/// A process that used no CPU for so long is taken to have nothing left to do.
const IDLE_FOR: Duration = Duration::from_millis(200);
/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long to wait for it.
const IDLE_WITHIN: Duration = Duration::from_secs(30);

/// CPU time that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cpu {
    pub(crate) user_us: u64,
    pub(crate) system_us: u64,
}

impl Cpu {
    pub(crate) fn total_us(self) -> u64 {
        self.user_us + self.system_us
    }
}

impl Sub for Cpu {
    type Output = Cpu;

    fn sub(self, before: Cpu) -> Cpu {
        // The kernel keeps the sum exact and may move a tick between the two.
        Cpu {
            user_us: self.user_us.saturating_sub(before.user_us),
            system_us: self.system_us.saturating_sub(before.system_us),
        }
    }
}

/// What the process has used since it began.
pub(crate) fn used_by(pid: u32) -> Result<Cpu> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}: this measures on Linux only"))?;
    parse(&stat).with_context(|| format!("{path} is not as Linux writes it"))
}

/// What everybody on this machine has used since it began, the kernel and other guests of the same host included.
pub(crate) fn used_by_all_us() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
    parse_all_us(&stat).context("/proc/stat is not as Linux writes it")
}

/// What it has used once it uses no more.
pub(crate) fn once_idle(pid: u32) -> Result<Cpu> {
    let started = Instant::now();
    let (mut used, mut since) = (used_by(pid)?, Instant::now());
    while since.elapsed() < IDLE_FOR {
        anyhow::ensure!(started.elapsed() < IDLE_WITHIN, "process {pid} is still busy after {IDLE_WITHIN:?}");
        clock::pause(LOOK_EVERY);
        let now = used_by(pid)?;
        if now != used {
            (used, since) = (now, Instant::now());
        }
    }
    Ok(used)
}

/// The 14th and 15th field. The second is the program's name in parentheses, and may hold spaces and parentheses itself.
fn parse(stat: &str) -> Option<Cpu> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next_us = || Some(fields.next()?.parse::<u64>().ok()? * TICK_US);
    Some(Cpu { user_us: next_us()?, system_us: next_us()? })
}

/// The first eight numbers of the first line, without the fourth and fifth, which are idleness.
fn parse_all_us(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().take(8);
    let ticks: Vec<u64> = fields.map(|field| field.parse().ok()).collect::<Option<_>>()?;
    Some((ticks.iter().sum::<u64>() - ticks.get(3)? - ticks.get(4)?) * TICK_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stat: &str, expected: Option<(u64, u64)>) {
        assert_eq!(parse(stat).map(|cpu| (cpu.user_us, cpu.system_us)), expected);
    }

    #[test]
    fn user_and_system_time_are_the_14th_and_15th_field() {
        check("7 (serve) S 1 7 7 0 -1 4194304 5 6 7 8 123 45 9 9 20 0 4 0 11", Some((1_230_000, 450_000)));
        check("7 (a) b) (c) S 1 7 7 0 -1 4194304 5 6 7 8 2 3 9 9", Some((20_000, 30_000)));
        check("7 (serve) S 1 7", None);
        check("", None);
    }

    #[test]
    fn what_all_use_is_everything_but_idleness() {
        assert_eq!(parse_all_us("cpu  10 1 20 1000 500 3 4 2 7 8\ncpu0 1 2"), Some(400_000));
        assert_eq!(parse_all_us("cpu0 1 2 3 4 5 6 7 8"), None);
        assert_eq!(parse_all_us("cpu  1 2"), None);
        assert!(used_by_all_us().unwrap() > 0);
    }

    #[test]
    fn our_own_use_is_read() {
        let now = || used_by(std::process::id()).unwrap();
        let before = now();
        // Looking costs CPU itself, so not many looks see it grow by a tick.
        assert!((0..1_000_000).any(|_| (now() - before).total_us() > 0));
    }
}
