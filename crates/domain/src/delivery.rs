//! Deliveries: one event to one webhook, attempt by attempt.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::id::{DeliveryId, WebhookId};
use crate::webhook::{InactiveReason, Webhook};

/// How much of a receiver's answer is read and kept, in bytes (decision 2).
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// How much of the headers of an answer is kept, in bytes.
pub const ANSWER_HEADERS_BYTES_MAX: usize = 4 * 1024;

/// A delivery whose next attempt may be made now, by whoever holds this.
///
/// The attempt number was raised and stored when the lease was taken, so it names this attempt for ever: it is what
/// the receiver sees, and it is the fence that keeps a node whose lease ran out from recording anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// What is to be told.
    pub event: Arc<Event>,
    /// To whom.
    pub webhook: Arc<Webhook>,
    /// This attempt: 1 for the first, never used twice for the pair of event and webhook.
    pub attempt_number: u32,
    /// Failures recorded before this attempt: how far the schedule has come.
    pub failures: u32,
    /// Until when the lease is held.
    pub expires_at: Timestamp,
}

/// What an attempt met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered(Answer),
    /// There was no complete answer.
    Failed(Failure),
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// What the receiver asked for with `Retry-After`, never negative.
    pub retry_after: Option<SignedDuration>,
    /// The first [`ANSWER_BYTES_MAX`] bytes of the body.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
    /// Its headers, a line each, [`ANSWER_HEADERS_BYTES_MAX`] bytes at most. Kept of an answer that was no success, for whoever asks why;
    /// empty of one that was.
    pub headers: String,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of trouble.
    pub kind: FailureKind,
    /// More about it, for the webhook's owner to read.
    pub detail: String,
}

/// The kinds of trouble that leave an attempt without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The address is one that deliveries are not sent to.
    AddressRefused,
    /// The name of the host was not resolved.
    NameResolution,
    /// No connection.
    Connect,
    /// No trust, or TLS that went wrong.
    Tls,
    /// No version or cipher of TLS in common: the receiver speaks none that is still safe.
    LegacyTls,
    /// The whole exchange took too long.
    Timeout,
    /// The connection broke, or what came was not HTTP.
    Protocol,
    /// The receiver's authorization server gave no token (decision 28).
    Token,
    /// The platform's own egress proxy was not to be had, or did not connect.
    Proxy,
    /// The request could not be made from what is stored.
    Request,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [FailureKind; 10] = [
        FailureKind::AddressRefused,
        FailureKind::NameResolution,
        FailureKind::Connect,
        FailureKind::Tls,
        FailureKind::LegacyTls,
        FailureKind::Timeout,
        FailureKind::Protocol,
        FailureKind::Token,
        FailureKind::Proxy,
        FailureKind::Request,
    ];

    /// The spelling in the database, in metrics and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureKind::AddressRefused => "address_refused",
            FailureKind::NameResolution => "name_resolution",
            FailureKind::Connect => "connect",
            FailureKind::Tls => "tls",
            FailureKind::LegacyTls => "legacy_tls",
            FailureKind::Timeout => "timeout",
            FailureKind::Protocol => "protocol",
            FailureKind::Token => "token",
            FailureKind::Proxy => "proxy",
            FailureKind::Request => "request",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        FailureKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Outcome {
    /// Any 2xx is a success, nothing else is (decision 2).
    pub fn is_success(&self) -> bool {
        matches!(self, Outcome::Answered(Answer { status: 200..=299, .. }))
    }

    /// Whether it was the platform that was in trouble, and not the receiver: then it says nothing of the webhook.
    pub fn is_own_trouble(&self) -> bool {
        matches!(self, Outcome::Failed(Failure { kind: FailureKind::Proxy, .. }))
    }

    /// 410 stops the webhook (decision 4).
    pub fn is_gone(&self) -> bool {
        matches!(self, Outcome::Answered(Answer { status: 410, .. }))
    }

    /// What the receiver asked for, where it is heard: on 429 and 503 (decision 3).
    pub fn retry_after(&self) -> Option<SignedDuration> {
        match self {
            Outcome::Answered(Answer { status: 429 | 503, retry_after, .. }) => *retry_after,
            Outcome::Answered(_) | Outcome::Failed(_) => None,
        }
    }
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it arrived.
    Delivered,
    /// Another attempt.
    Retry {
        /// Not before this.
        at: Timestamp,
    },
    /// The receiver is gone: its webhook becomes inactive, the delivery waits for it (decisions 4, 5).
    Gone,
    /// Nothing: the schedule is over.
    Exhausted,
}

/// An attempt that was made, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedAttempt {
    /// What was leased.
    pub lease: Lease,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// What it met.
    pub outcome: Outcome,
    /// What follows.
    pub next: Next,
}

/// What became of recording an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// It is recorded.
    Recorded,
    /// The lease had run out, so nothing is recorded: the delivery belongs to whoever leases it next.
    LeaseLost,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be attempted when due, or being attempted.
    Pending {
        /// Not before this, or until when the present attempt is leased.
        due_at: Timestamp,
    },
    /// Kept until its webhook is active again.
    Held {
        /// Why the webhook is inactive.
        reason: InactiveReason,
    },
    /// It arrived.
    Delivered {
        /// When that was recorded.
        at: Timestamp,
    },
    /// It did not arrive, and no further attempt follows.
    Failed {
        /// When that was recorded.
        at: Timestamp,
        /// Why.
        reason: FailedReason,
    },
}

/// Why a delivery is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedReason {
    /// The schedule is over, and the deadline if there is one.
    Exhausted,
    /// The webhook was deleted.
    WebhookDeleted,
}

impl FailedReason {
    /// The spelling in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailedReason::Exhausted => "exhausted",
            FailedReason::WebhookDeleted => "webhook_deleted",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [FailedReason::Exhausted, FailedReason::WebhookDeleted].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A delivery as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Names it within the platform.
    pub id: DeliveryId,
    /// To whom.
    pub webhook_id: WebhookId,
    /// What is told.
    pub event: Arc<Event>,
    /// How many attempts were begun.
    pub attempt_number: u32,
    /// Where it stands.
    pub state: DeliveryState,
}

/// An attempt as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first. A number that is missing was begun by a node that died.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// What it met.
    pub outcome: Outcome,
}
