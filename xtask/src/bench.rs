//! `cargo xtask bench`: what a delivered event costs, beside controls of the same run (docs/PERFORMANCE.md).

use crate::Failure;
use crate::process::{cargo, run as run_command};

/// Arguments go to the program that measures: `--json`, `--quick`, `--help` for the others.
///
/// Built one by one, because cargo joins the features of what it builds together, and what is measured is what is shipped.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    run_command(&mut cargo(&["build", "--release", "--locked", "--package", "schoolbell"]))?;
    run_command(cargo(&["run", "--release", "--locked", "--package", "bench", "--"]).args(args))
}
