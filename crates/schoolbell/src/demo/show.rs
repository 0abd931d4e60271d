//! What is shown in the terminal: each step of the three in the order in which it happens.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use companion::step::Step;
use contract::api::webhook::Webhook;
use tokio::sync::mpsc;

use super::print::Printer;
use crate::sandbox::{CUSTOMERS, Sandbox, SignIn};

/// Shows the first part.
pub(super) struct Show<'p> {
    print: &'p Printer,
    /// The customers in their order: portal and name.
    customers: Vec<(String, &'static str)>,
    /// When the completion that is shown began.
    since: Cell<Instant>,
    /// Where the LMS is.
    lms: RefCell<String>,
}

impl<'p> Show<'p> {
    pub(super) fn new(print: &'p Printer, sandbox: &Sandbox) -> Self {
        let names = CUSTOMERS.into_iter().map(|(name, _)| name);
        let portals = sandbox.customers.iter().map(|customer| customer.credentials.portal_id.clone());
        Show {
            print,
            customers: portals.zip(names).collect(),
            since: Cell::new(Instant::now()),
            lms: RefCell::default(),
        }
    }

    /// The sandbox that was filled.
    pub(super) fn world(&self, sandbox: &Sandbox) {
        let learners: usize = sandbox.customers.iter().map(|customer| customer.user_account_ids.len()).sum();
        self.print.title("Schoolbell: a learner completes, the webhook arrives, the application knows");
        self.print.done(&format!(
            "a partner (portal {}), {} customers, {learners} learners, {} courses",
            sandbox.partner.portal_id,
            sandbox.customers.len(),
            sandbox.learning_objects.len()
        ));
    }

    /// Both halves run.
    pub(super) fn started(&self, platform: SocketAddr, companion: SocketAddr) {
        self.print.done(&format!(
            "the platform at http://{platform}, your application (the companion) at http://{companion}"
        ));
    }

    /// The player is there.
    pub(super) fn playing(&self, player: &str, lms: &str) {
        self.print.done(&format!("the player, where learners open what they learn, at {player}"));
        self.print.done(&format!("a small LMS with a course in it, and what is heard of it: open {lms} in a browser"));
        self.lms.replace(lms.to_owned());
    }

    /// The webhook is there.
    pub(super) fn registered(&self, webhook: &Webhook, sandbox: &Sandbox) {
        let partner = &sandbox.partner.portal_id;
        self.print.done(&format!(
            "one webhook, {}, on the partner {partner}, through POST /webhooks: {}",
            webhook.id, webhook.status
        ));
    }

    /// A learner is about to complete.
    pub(super) fn completing(&self, user_account_id: &str, lo_id: &str, customer: usize, enrollment_id: &str) {
        let (portal_id, name) = &self.customers[customer];
        self.print.text(format_args!("\n  learner {user_account_id} of {name} (portal {portal_id}) completes course {lo_id}, enrollment {enrollment_id}"));
        self.since.set(Instant::now());
    }

    /// Follows what the companion does.
    pub(super) fn steps(&self, told: mpsc::Receiver<Step>) -> Steps<'_> {
        Steps { show: self, told }
    }

    /// The first round is over, and all is in the list.
    pub(super) fn counted(&self, completions: usize) {
        self.print.text("");
        self.print.done(&format!("{completions} completions, each recorded exactly once"));
    }

    /// Where to go on from here.
    pub(super) fn look_next(&self, sandbox: &Sandbox, platform: SocketAddr, companion: SocketAddr, ending: &str) {
        self.print.title("Look next");
        self.print.text(format_args!("  a course, in an LMS   {} in a browser", self.lms.borrow()));
        let SignIn { email, password, .. } = &sandbox.hub;
        self.print.text(format_args!("  the Partner Hub       http://{platform}/hub as {email}, password {password}"));
        self.print.text(format_args!("  what was recorded     curl http://{companion}/completions"));
        self.print.text(format_args!(
            "                        schoolbell companion completions --companion http://{companion}"
        ));
        self.print.text(format_args!("  what waits            curl http://{companion}/inbox"));
        self.print.text(format_args!("  what ended            schoolbell retirement list --companion {ending}"));
        self.print.text(format_args!("  the API, described    curl http://{platform}/openapi.json"));
        self.print.text(format_args!(
            "  a token               curl http://{platform}/oauth/token -d grant_type=client_credentials \\"
        ));
        self.print.text(format_args!("                          -d client_id={} \\", sandbox.partner.client_id));
        self.print.text(format_args!("                          -d client_secret={}", sandbox.partner.client_secret));
        self.print.text(format_args!("  the webhooks          curl http://{platform}/webhooks -H 'Api-Version: 2022-07-01' -H 'Authorization: TOKEN'"));
        self.print.text("\n  These are the partner's credentials; each customer has its own:");
        self.print.text(format_args!("{}", sandbox.table()));
        self.print.text("\n  Another completion follows every few seconds. Ctrl-C ends it.");
    }

    fn step(&self, number: &str, name: &str, text: &str) {
        let took_ms = u64::try_from(self.since.get().elapsed().as_millis()).unwrap_or(u64::MAX);
        self.print.step(number, name, text, took_ms);
    }
}

/// What the companion does, as it is told.
pub(super) struct Steps<'a> {
    show: &'a Show<'a>,
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
