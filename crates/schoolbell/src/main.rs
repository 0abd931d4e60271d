//! The `schoolbell` binary: configuration, wiring, lifecycle. The only crate that names a database.

mod admin;
mod ambient;
mod check;
mod companion_command;
mod config;
mod data_folder;
mod demo;
mod front;
mod mailer;
mod observe;
mod operator;
mod platform;
mod playing;
mod provision;
mod sandbox;
mod serve;
mod set_back;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::ambient::SystemRandom;
use crate::data_folder::DataFolder;
use crate::provision::Provisioner;

/// Many small buffers, for long: a twelfth of the instructions of a delivered event less than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learning webhooks: the platform that fires them and the application that receives them
#[derive(Parser)]
#[command(
    name = "schoolbell",
    version,
    after_help = "Example:\n  schoolbell demo            see everything happen, on this machine\n  \
        schoolbell serve --help    run the platform"
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show a completion on its way, from the platform to your application
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Companion(Box<companion_command::CompanionArgs>),
    Sandbox(sandbox::SandboxArgs),
    Admin(admin::AdminArgs),
    Check(check::CheckArgs),
    #[command(flatten)]
    Outside(cli::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    crash::point!("start/begun");
    match run(args.command).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read what is printed has had enough, such as `head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("schoolbell: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref().is_some_and(is_pipe)
            || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind)
                == Some(std::io::ErrorKind::BrokenPipe)
    })
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Companion(args) => companion_command::run(*args).await,
        Command::Sandbox(args) => fill_sandbox(args).await,
        Command::Admin(args) => admin::run(args).await,
        Command::Check(args) => check::run(args).await,
        Command::Outside(command) => cli::run(command, &mut std::io::stdout()).await,
    }
}

async fn fill_sandbox(args: sandbox::SandboxArgs) -> Result<()> {
    let folder = DataFolder::open(&args.data, &SystemRandom)?;
    let sandbox = sandbox::fill(&Provisioner::on(&folder)).await?;
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&sandbox)?)?;
    } else {
        writeln!(out, "{}", sandbox.table())?;
        let data = args.data.display();
        let sandbox::SignIn { url, email, password } = &sandbox.hub;
        writeln!(out, "Partner Hub: {url}, as {email} with the password {password}")?;
        writeln!(out, "Serve it with: schoolbell serve --data {data} --allow-http --allow-private-networks")?;
        let config::Config { player, server, .. } = config::Config::default();
        writeln!(out, "Learners then play on {}", player.url(server.listen)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_well_formed_and_its_help_has_an_example_of_it() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.get_subcommands().next().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(path.split(' ').all(|word| help.contains(word)), "{path} has no example of itself");
                // clap breaks what is longer, and a command on two lines cannot be pasted.
                let is_short = |line: &str| line.chars().count() <= 100;
                assert!(help.lines().all(is_short), "{path} has an example that does not fit on a line");
            }
            let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
            commands.for_each(|command| walk(command, &path));
        }
        let mut command = Args::command();
        command.build();
        command.clone().debug_assert();
        walk(&command, "");
    }
}
