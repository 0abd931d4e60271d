//! The help of every command.

use clap::CommandFactory as _;
use clap::builder::Command;

use crate::Schoolbell;

/// Every command that does something, with the words that lead to it.
fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    let path = format!("{path} {}", command.get_name()).trim_start().to_owned();
    if command.get_subcommands().next().is_none() {
        found.push((path, command.clone()));
    } else {
        command.get_subcommands().for_each(|subcommand| leaves(subcommand, &path, found));
    }
}

#[test]
fn the_definition_holds_together() {
    Schoolbell::command().debug_assert();
}

#[test]
fn every_command_has_an_example_that_can_be_typed() {
    let mut found = Vec::new();
    leaves(&Schoolbell::command(), "", &mut found);
    assert_eq!(found.len(), 44, "{:?}", found.iter().map(|(path, _)| path).collect::<Vec<_>>());
    for (path, command) in found {
        let help = command.get_after_help().unwrap_or_else(|| panic!("{path} has no example")).to_string();
        let example = help.strip_prefix("Example:\n  ").unwrap_or_else(|| panic!("{path}: {help}"));
        assert!(example.starts_with(&path), "the example of {path} is of another command: {example}");
        // A shell goes on where a line ends with a backslash.
        let typed = example.replace("\\\n", " ");
        let mut words: Vec<&str> = typed.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        // What else a call needs stands in the environment of whoever types the example.
        for (name, value) in [("url", "http://127.0.0.1"), ("client_id", "id"), ("client_secret", "secret")] {
            if let Some(argument) = command.get_arguments().find(|argument| argument.get_id() == name) {
                let flag = format!("--{}", argument.get_long().unwrap());
                if !words.contains(&flag.as_str()) {
                    words.extend([String::leak(flag) as &str, value]);
                }
            }
        }
        let parsed = Schoolbell::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{path}: {}", parsed.unwrap_err());
        assert!(command.get_about().is_some(), "{path} says nothing of itself");
    }
}

#[test]
fn secrets_in_the_environment_are_not_shown_in_help() {
    let mut found = Vec::new();
    leaves(&Schoolbell::command(), "", &mut found);
    let arguments = found.iter().flat_map(|(_, command)| command.get_arguments());
    let secret: Vec<_> = arguments.filter(|argument| argument.get_id().as_str().contains("secret")).collect();
    assert!(!secret.is_empty());
    assert!(secret.iter().all(|argument| argument.is_hide_env_values_set()));
}
