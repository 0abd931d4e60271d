//! What is shown in the terminal: each step of the three in the order in which it happens.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use companion::step::Step;
use contract::api::webhook::Webhook;
use tokio::sync::mpsc;

use crate::sandbox::{CUSTOMERS, Sandbox};

/// Writes to standard output.
pub(super) struct Show {
    colour: bool,
    /// The customers in their order: portal and name.
    customers: Vec<(String, &'static str)>,
    /// When the completion that is shown began.
    since: Cell<Instant>,
}

impl Show {
    pub(super) fn new(sandbox: &Sandbox) -> Self {
        let names = CUSTOMERS.into_iter().map(|(name, _)| name);
        let portals = sandbox.customers.iter().map(|customer| customer.credentials.portal_id.clone());
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Show { colour, customers: portals.zip(names).collect(), since: Cell::new(Instant::now()) }
    }

    /// The sandbox that was filled.
    pub(super) fn world(&self, sandbox: &Sandbox) {
        let learners: usize = sandbox.customers.iter().map(|customer| customer.user_account_ids.len()).sum();
        self.title("Schoolbell: a learner completes, the webhook arrives, the application knows");
        self.done(&format!(
            "a partner (portal {}), {} customers, {learners} learners, {} courses",
            sandbox.partner.portal_id,
            sandbox.customers.len(),
            sandbox.learning_objects.len()
        ));
    }

    /// Both halves run.
    pub(super) fn started(&self, platform: SocketAddr, companion: SocketAddr) {
        self.done(&format!(
            "the platform at http://{platform}, your application (the companion) at http://{companion}"
        ));
    }

    /// The webhook is there.
    pub(super) fn registered(&self, webhook: &Webhook, sandbox: &Sandbox) {
        let partner = &sandbox.partner.portal_id;
        self.done(&format!(
            "one webhook, {}, on the partner {partner}, through POST /webhooks: {}",
            webhook.id, webhook.status
        ));
    }

    /// A learner is about to complete.
    pub(super) fn completing(&self, user_account_id: &str, lo_id: &str, customer: usize, enrollment_id: &str) {
        let (portal_id, name) = &self.customers[customer];
        self.line(format_args!("\n  learner {user_account_id} of {name} (portal {portal_id}) completes course {lo_id}, enrollment {enrollment_id}"));
        self.since.set(Instant::now());
    }

    /// Follows what the companion does.
    pub(super) fn steps(&self, told: mpsc::Receiver<Step>) -> Steps<'_> {
        Steps { show: self, told }
    }

    /// The first round is over, and all is in the list.
    pub(super) fn counted(&self, completions: usize) {
        self.line("");
        self.done(&format!("{completions} completions, each recorded exactly once"));
    }

    /// Where to go on from here.
    pub(super) fn look_next(&self, sandbox: &Sandbox, platform: SocketAddr, companion: SocketAddr) {
        self.title("Look next");
        self.line(format_args!("  what was recorded     curl http://{companion}/completions"));
        self.line(format_args!(
            "                        schoolbell companion completions --companion http://{companion}"
        ));
        self.line(format_args!("  what waits            curl http://{companion}/inbox"));
        self.line(format_args!("  the API, described    curl http://{platform}/openapi.json"));
        self.line(format_args!(
            "  a token               curl http://{platform}/oauth/token -d grant_type=client_credentials \\"
        ));
        self.line(format_args!("                          -d client_id={} \\", sandbox.partner.client_id));
        self.line(format_args!("                          -d client_secret={}", sandbox.partner.client_secret));
        self.line(format_args!("  the webhooks          curl http://{platform}/webhooks -H 'Api-Version: 2022-07-01' -H 'Authorization: TOKEN'"));
        self.line("\n  These are the partner's credentials; each customer has its own:");
        self.line(format_args!("{}", sandbox.table()));
        self.line("\n  Another completion follows every few seconds. Ctrl-C ends it.");
    }

    /// Whether anybody still reads it is not what the demonstration is about.
    fn line(&self, text: impl std::fmt::Display) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    fn title(&self, text: &str) {
        self.line(format_args!("\n{}\n", self.paint("1", text)));
    }

    fn done(&self, text: &str) {
        self.line(format_args!("  {} {text}", self.paint("32", "✓")));
    }

    fn step(&self, number: &str, name: &str, text: &str) {
        let took = self.since.get().elapsed().as_millis();
        self.line(format_args!(
            "    {} {name:<9} {text}  {}",
            self.paint("36", number),
            self.paint("2", &format!("+{took} ms"))
        ));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What the companion does, as it is told.
pub(super) struct Steps<'a> {
    show: &'a Show,
    told: mpsc::Receiver<Step>,
}

impl Steps<'_> {
    /// Shows steps until the completion of this enrollment is recorded.
    pub(super) async fn follow(&mut self, enrollment: &str) -> Result<()> {
        loop {
            let step = self.told.recv().await.context("the companion has stopped")?;
            let done = matches!(&step, Step::Recorded { enrollment_id, .. } if enrollment_id == enrollment);
            self.tell(step)?;
            if done {
                return Ok(());
            }
        }
    }

    fn tell(&self, step: Step) -> Result<()> {
        let name = |portal_id: &str| {
            let customer = self.show.customers.iter().find(|(id, _)| id == portal_id);
            customer.map_or("a portal", |(_, name)| name)
        };
        match step {
            Step::Verified { event_id, event_type, attempt_number, .. } => {
                let event = event_id.unwrap_or_default();
                let attempt = attempt_number.unwrap_or_default();
                self.show.step("1", "fired", &format!("{} {event}", event_type.unwrap_or_default()));
                self.show.step("2", "received", &format!("attempt {attempt}, signature good"));
            }
            Step::Stored { .. } => self.show.step("2", "kept", "on disk, and only then answered 200"),
            Step::Duplicate { event_id } => {
                self.show.step("2", "again", &format!("{} was here already", event_id.unwrap_or_default()));
            }
            Step::Fetched { portal_id, enrollment_id, .. } => {
                let whose = name(&portal_id);
                self.show.step(
                    "3",
                    "fetched",
                    &format!("GET /v2/enrollments/{enrollment_id} with {whose}'s own credentials"),
                );
            }
            Step::Recorded { pass, changed, .. } => {
                let verdict = if pass { "passed" } else { "not passed" };
                let how = if changed { "" } else { ", as it was already" };
                self.show.step("✓", "recorded", &format!("completed, {verdict}{how}"));
            }
            Step::Retirement { lo_id, what, .. } => self.show.step("…", "ends", &format!("content {lo_id}: {what}")),
            Step::Refused { reason } => bail!("a webhook was refused: {reason}"),
            Step::Waiting { reason, .. } => self.show.step("…", "waiting", &reason),
            Step::GivenUp { reason, .. } => bail!("a completion could not be recorded: {reason}"),
        }
        Ok(())
    }
}
