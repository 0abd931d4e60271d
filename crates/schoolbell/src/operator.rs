//! Who works at the machine, for the audit log.

use std::ffi::OsString;

use domain::audit::{Actor, Channel, Entry, Noted};

/// Where the system says who it is, the first that has something: the person behind `sudo`, then the user.
const VARIABLES: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];
/// What the operator is called where the system does not say.
const NAMELESS: &str = "operator";

/// Runs the verb by which the operator does something, so that it stores the entry of that too.
pub(crate) async fn by<F: Future>(noted: Noted, verb: F) -> F::Output {
    let actor = Actor::operator(&name(std::env::var_os));
    store::audit::with(Entry { actor, channel: Channel::Cli, noted }, verb).await
}

fn name(variable: impl Fn(&'static str) -> Option<OsString>) -> String {
    let said = VARIABLES.into_iter().filter_map(variable).map(|name| name.to_string_lossy().into_owned());
    let printable = said.map(|name| name.chars().filter(|c| !c.is_control()).collect::<String>());
    printable.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_else(|| NAMELESS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: &str) {
        let variable = |wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).into());
        assert_eq!(name(variable), expected);
    }

    #[test]
    fn whoever_is_behind_sudo_acts() {
        check(&[("SUDO_USER", "ada"), ("USER", "root"), ("LOGNAME", "root")], "ada");
        check(&[("USER", "grace"), ("LOGNAME", "other")], "grace");
        check(&[("SUDO_USER", " "), ("USER", ""), ("LOGNAME", "alan\n")], "alan");
        check(&[], "operator");
    }
}
