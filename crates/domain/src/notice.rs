//! Operational notices: what the administrators of a portal are told of its webhooks (decisions 4, 5).

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::delivery::{FinishedAttempt, Outcome};
use crate::id::{EventId, NoticeId, PortalId, WebhookId};
use crate::webhook::health::{FAILING_FOR, Warning};

pub mod mail;

/// For how long deliveries that are given up are counted in one notice.
pub const GIVEN_UP_TOGETHER_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long the mail of such a notice waits, so that it can say of how many.
pub const GIVEN_UP_GATHERS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// For how long notices are kept.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// So long before its first failure an event may have been stored whose delivery was given up: the schedule takes 76 h.
const STORED_BEFORE: SignedDuration = SignedDuration::from_hours(4 * 24);
/// How much of a webhook's name is repeated, in characters.
const NAME_CHARS_MAX: usize = 80;
/// How much of what an attempt met is repeated, in characters.
const MET_CHARS_MAX: usize = 200;

/// What administrators are told. It is born in the step that changes what it tells of, and says all of it: the webhook may be
/// another one when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Names it.
    pub id: NoticeId,
    /// The portal whose administrators are told.
    pub portal_id: PortalId,
    /// Of which webhook.
    pub webhook_id: WebhookId,
    /// What people called it then.
    pub webhook_name: Option<String>,
    /// The host that it led to then.
    pub host: String,
    /// What happened.
    pub kind: NoticeKind,
    /// What the last attempt met.
    pub met: String,
    /// When it happened.
    pub at: Timestamp,
}

/// What happened to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// It fails, and is stopped if that goes on.
    Failing {
        /// How urgent it is.
        warning: Warning,
        /// The first failure.
        since: Timestamp,
        /// How many there were.
        failures: u32,
    },
    /// It was stopped because of nothing but failures.
    StoppedFailing {
        /// The first failure.
        since: Timestamp,
        /// How many there were.
        failures: u32,
    },
    /// It was stopped because its receiver said that it is gone.
    StoppedGone,
    /// Deliveries to it were given up, all within [`GIVEN_UP_TOGETHER_FOR`].
    GivenUp {
        /// When the oldest of their events happened.
        since: Timestamp,
        /// The event of the first that was given up.
        event_id: EventId,
        /// How many so far.
        deliveries: u32,
    },
}

impl NoticeKind {
    /// The spelling on the wire and in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            NoticeKind::Failing { .. } => "failing",
            NoticeKind::StoppedFailing { .. } => "stopped_failing",
            NoticeKind::StoppedGone => "stopped_gone",
            NoticeKind::GivenUp { .. } => "given_up",
        }
    }

    /// How long mail of it waits.
    pub fn gathers_for(&self) -> SignedDuration {
        match self {
            NoticeKind::GivenUp { .. } => GIVEN_UP_GATHERS_FOR,
            NoticeKind::Failing { .. } | NoticeKind::StoppedFailing { .. } | NoticeKind::StoppedGone => {
                SignedDuration::ZERO
            }
        }
    }
}

impl Notice {
    /// What is told because of an attempt. Its id comes of the attempt, which is recorded once.
    pub fn because_of(attempt: &FinishedAttempt, kind: NoticeKind, at: Timestamp) -> Self {
        let (webhook, event) = (&attempt.lease.webhook, &attempt.lease.event);
        let number = attempt.lease.attempt_number.to_string();
        let host = webhook.url.parts().host_str().unwrap_or_default();
        Notice {
            id: NoticeId::derive(&[webhook.id.as_str(), event.id.as_str(), &number, kind.as_str()]),
            portal_id: webhook.portal_id,
            webhook_id: webhook.id.clone(),
            webhook_name: webhook.name.as_deref().map(|name| one_line(name, NAME_CHARS_MAX)),
            host: host.to_owned(),
            kind,
            met: met(&attempt.outcome),
            at,
        }
    }

    /// What is told when a delivery is given up for which no other was so lately; of a test nobody is told, its owner looks on.
    pub fn of_given_up(attempt: &FinishedAttempt, at: Timestamp) -> Option<Self> {
        let event = &attempt.lease.event;
        let kind = NoticeKind::GivenUp { since: event.occurred_at, event_id: event.id.clone(), deliveries: 1 };
        (!event.is_test).then(|| Notice::because_of(attempt, kind, at))
    }

    /// What it is about, in a line.
    pub fn subject(&self) -> String {
        let name = self.name();
        match &self.kind {
            NoticeKind::Failing { warning: Warning::First | Warning::Second, since, .. } => {
                format!("Webhook {name} has been failing since {}", second(*since))
            }
            NoticeKind::Failing { warning: Warning::Last, since, .. } => {
                format!("Webhook {name} fails, and is stopped at {} if that goes on", second(stops_at(*since)))
            }
            NoticeKind::StoppedFailing { .. } => format!("Webhook {name} was stopped: nothing but failures for days"),
            NoticeKind::StoppedGone => format!("Webhook {name} was stopped: its receiver says that it is gone"),
            NoticeKind::GivenUp { deliveries, .. } => {
                format!("Webhook {name}: {} given up", Count(*deliveries, "delivery was", "deliveries were"))
            }
        }
    }

    /// All of it as plain text: what happened, what becomes of the deliveries, what to do.
    pub fn text(&self) -> String {
        let happened = self.happened();
        let (met, deliveries) = (&self.met, self.deliveries());
        let todo: String = self.todo().iter().map(|line| format!("- {line}\n")).collect();
        let portal_id = self.portal_id;
        format!(
            "{happened}\nThe last attempt met: {met}.\n\n{deliveries}\n\nWhat to do:\n{todo}\n\
             You are told because you administer portal {portal_id}.\n"
        )
    }

    fn happened(&self) -> String {
        let webhook = format!("Webhook {} ({}, at {})", self.name(), self.webhook_id, self.host);
        let at = second(self.at);
        match &self.kind {
            NoticeKind::Failing { since, failures, .. } => {
                let attempts = Count(*failures, "attempt", "attempts");
                format!("{webhook} has had nothing but failures since {}: {attempts} in a row.", second(*since))
            }
            NoticeKind::StoppedFailing { since, failures } => {
                let attempts = Count(*failures, "attempt", "attempts");
                let since = second(*since);
                format!(
                    "{webhook} was stopped at {at}: it had nothing but failures since {since}, {attempts} in a row."
                )
            }
            NoticeKind::StoppedGone => {
                format!(
                    "{webhook} was stopped at {at}: its receiver answered 410 Gone, which says that it wants no more."
                )
            }
            NoticeKind::GivenUp { event_id, deliveries, .. } => {
                let deliveries = Count(*deliveries, "delivery was", "deliveries were");
                format!(
                    "{webhook}: from {at} on {deliveries} given up, because every attempt of the retry schedule failed. \
                     The first was that of event {event_id}."
                )
            }
        }
    }

    fn deliveries(&self) -> String {
        match &self.kind {
            NoticeKind::Failing { since, .. } => format!(
                "Its deliveries are tried again by the retry schedule; one that comes to the end of it is given up, and can be \
                 told again.\nIf nothing arrives until {}, the webhook is stopped: from then on its deliveries are held, not \
                 dropped, until it is active again.",
                second(stops_at(*since))
            ),
            NoticeKind::StoppedFailing { .. } | NoticeKind::StoppedGone => {
                "Its deliveries are held, not dropped: those that were pending, and those of all that happens from now on. They go \
                 out when it is active again."
                    .to_owned()
            }
            NoticeKind::GivenUp { .. } => "They are kept with every attempt, and can be told again. Of all that is given up \
                 within a day, one notice is sent."
                .to_owned(),
        }
    }

    fn todo(&self) -> Vec<String> {
        let id = &self.webhook_id;
        let mend = "Mend the receiver.".to_owned();
        let look = format!("See what was tried, and what was answered: schoolbell delivery list --webhook {id}");
        let resume = format!(
            "Make the webhook active: schoolbell webhook resume {id}, or PATCH /webhooks/{id} with {{\"status\":\"active\"}}"
        );
        let replay = |since| {
            let since = second(since);
            format!("Tell again what was given up: schoolbell delivery replay-since {since} --webhook {id}")
        };
        match &self.kind {
            NoticeKind::Failing { since, .. } => vec![mend, look, replay(stored_before(*since))],
            NoticeKind::StoppedFailing { since, .. } => vec![mend, look, resume, replay(stored_before(*since))],
            NoticeKind::StoppedGone => {
                let move_on = "If the receiver is elsewhere, change the address of the webhook.".to_owned();
                let end = format!("If it is gone for good, delete the webhook: schoolbell webhook delete {id}");
                vec![move_on, resume, end]
            }
            NoticeKind::GivenUp { since, .. } => vec![mend, look, replay(*since)],
        }
    }

    fn name(&self) -> String {
        self.webhook_name.as_ref().map_or_else(|| self.webhook_id.to_string(), |name| format!("\"{name}\""))
    }
}

fn met(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => format!("status {}", answer.status),
        Outcome::Failed(failure) => one_line(&format!("{}, {}", failure.kind.as_str(), failure.detail), MET_CHARS_MAX),
    }
}

/// Other people's text, so that it is part of a line and no more.
fn one_line(text: &str, chars_max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars_max).collect()
}

fn stops_at(since: Timestamp) -> Timestamp {
    since.saturating_add(FAILING_FOR).expect("a few days from now are an instant")
}

fn stored_before(since: Timestamp) -> Timestamp {
    since.saturating_sub(STORED_BEFORE).expect("a few days ago are an instant")
}

/// As people and the command line read it.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// So many of them.
struct Count(u32, &'static str, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(count, one, more) = self;
        write!(f, "{count} {}", if *count == 1 { one } else { more })
    }
}

#[cfg(test)]
mod tests;
