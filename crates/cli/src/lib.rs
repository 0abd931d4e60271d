//! Commands for people outside the platform, over its public API.
//!
//! Each noun is a file: its arguments, what it calls, what it prints. People get tables, scripts get JSON (`--json`).
//! Nothing here knows the platform's inside: whatever these commands do, any program with credentials can do.

use std::io::Write;

mod audit;
mod companion;
mod completion;
mod connection;
mod delivery;
mod destination;
mod enrollment;
mod event;
mod event_type;
mod notice;
pub mod output;
mod package;
mod people;
mod retirement;
mod signature;
pub mod time;
mod unmatched;
mod webhook;

pub use crate::audit::AuditCommand;
pub use crate::companion::CompanionCommand;
pub use crate::completion::CompletionsArgs;
pub use crate::delivery::DeliveryCommand;
pub use crate::destination::DestinationCommand;
pub use crate::enrollment::EnrollmentCommand;
pub use crate::event::EventCommand;
pub use crate::event_type::EventTypesArgs;
pub use crate::notice::NoticeCommand;
pub use crate::package::PackageCommand;
pub use crate::people::PeopleCommand;
pub use crate::retirement::RetirementCommand;
pub use crate::signature::SignatureCommand;
pub use crate::unmatched::UnmatchedCommand;
pub use crate::webhook::WebhookCommand;

/// What can be asked of a platform, or done without one.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Manage the webhooks of a portal
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// See what became of events, attempt by attempt, and tell them again
    #[command(subcommand)]
    Delivery(DeliveryCommand),
    /// See what happened, whom it reached, and why not others
    #[command(subcommand)]
    Event(EventCommand),
    /// Read what administrators were told of their webhooks
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// See who did what to a portal, when, and what changed
    #[command(subcommand)]
    Audit(AuditCommand),
    /// See and decide what becomes of content that ends, as a companion knows it
    #[command(subcommand)]
    Retirement(RetirementCommand),
    /// Manage the LMSs to which the portal hands SCORM packages
    #[command(subcommand)]
    Destination(DestinationCommand),
    /// Download SCORM packages
    #[command(subcommand)]
    Package(PackageCommand),
    /// Look at enrollments and complete them
    #[command(subcommand)]
    Enrollment(EnrollmentCommand),
    /// Sign and verify webhook bodies, offline
    #[command(subcommand)]
    Signature(SignatureCommand),
    /// List the event types that a webhook can be told of
    EventTypes(EventTypesArgs),
}

/// Carries a command out and writes what it has to say to `out`.
pub async fn run(command: Command, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        Command::Webhook(command) => webhook::run(command, out).await,
        Command::Delivery(command) => delivery::run(command, out).await,
        Command::Event(command) => event::run(command, out).await,
        Command::Notice(command) => notice::run(command, out).await,
        Command::Audit(command) => audit::run(command, out).await,
        Command::Retirement(command) => retirement::run(command, out).await,
        Command::Destination(command) => destination::run(command, out).await,
        Command::Package(command) => package::run(command, out).await,
        Command::Enrollment(command) => enrollment::run(command, out).await,
        Command::Signature(command) => signature::run(command, out),
        Command::EventTypes(args) => event_type::run(&args, out),
    }
}

/// Asks a companion, and writes what it has to say to `out`.
pub async fn companion(command: CompanionCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    companion::run(command, out).await
}
