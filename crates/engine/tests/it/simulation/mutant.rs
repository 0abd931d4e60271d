//! Bugs that are planted to see that they are found.

use domain::delivery::{FinishedAttempt, Next};
use jiff::Timestamp;
use store::delivery::Work;

use super::stage::Stage;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Whoever comes with an outcome may record it, lease or not.
    NoFence,
    /// An outcome is said to be recorded, and is not.
    ForgottenOutcome,
    /// A node that starts counts an attempt that nobody recorded as not made.
    ReusedNumber,
    /// A delivery of a new event is not stored.
    LostDelivery,
    /// Retries do not wait.
    HastyRetry,
    /// A delivery is handed out while somebody has it.
    NoLease,
    /// What is born leased is due as well.
    BornDue,
    /// What was born leased is handed over twice.
    BornTwice,
}

impl Mutant {
    pub(crate) const ALL: [Mutant; 8] = [
        Mutant::NoFence,
        Mutant::ForgottenOutcome,
        Mutant::ReusedNumber,
        Mutant::LostDelivery,
        Mutant::HastyRetry,
        Mutant::NoLease,
        Mutant::BornDue,
        Mutant::BornTwice,
    ];
}

impl Stage {
    /// What a mutant does to outcomes before they are recorded.
    pub(crate) fn spoil_outcomes(&self, mut attempts: Vec<FinishedAttempt>, now: Timestamp) -> Vec<FinishedAttempt> {
        match self.mutant {
            Some(Mutant::NoFence) => {
                let sql =
                    "UPDATE deliveries SET state = 'pending', finished_at = NULL, failed_reason = NULL, due_at = ?3,
                    lease_expires_at = ?3, attempt_number = ?2 WHERE no = ?1";
                for FinishedAttempt { lease, .. } in &attempts {
                    let params = (lease.delivery_id.0, lease.attempt_number, now.as_millisecond() + 1);
                    self.database().execute(sql, params).unwrap();
                }
            }
            Some(Mutant::HastyRetry) => {
                for attempt in &mut attempts {
                    if let Next::Retry { at } = &mut attempt.next {
                        *at = now;
                    }
                }
            }
            _ => {}
        }
        attempts
    }

    /// What a mutant does before leases are given.
    pub(crate) fn spoil_leases(&self, now: Timestamp) {
        if self.mutant == Some(Mutant::NoLease) {
            let sql = "UPDATE deliveries SET due_at = ?1, lease_expires_at = NULL WHERE lease_expires_at IS NOT NULL";
            self.database().execute(sql, [now.as_millisecond()]).unwrap();
        }
    }

    /// What a mutant does to what is handed over.
    pub(crate) fn spoil_work(&self, mut work: Work) -> Work {
        if self.mutant == Some(Mutant::BornTwice) {
            work.born.extend(work.born.clone());
        }
        work
    }

    /// What a mutant does when a node starts.
    pub(crate) fn spoil_start(&self) {
        if self.mutant == Some(Mutant::ReusedNumber) {
            let sql = "UPDATE deliveries SET attempt_number = attempt_number - 1
                WHERE state = 'pending' AND attempt_number > (
                    SELECT coalesce(max(number), 0) FROM attempts WHERE delivery_no = no
                )";
            self.database().execute(sql, []).unwrap();
        }
    }

    /// What a mutant does when events were stored.
    pub(crate) fn spoil_birth(&self, now: Timestamp) {
        if self.mutant == Some(Mutant::BornDue) {
            let sql = "UPDATE deliveries SET due_at = ?1, lease_expires_at = NULL
                WHERE event_no = (SELECT max(no) FROM events) AND attempt_number = 1";
            self.database().execute(sql, [now.as_millisecond()]).unwrap();
        }
        if self.mutant == Some(Mutant::LostDelivery) && self.dice.percent(20) {
            let sql = "DELETE FROM deliveries WHERE no = (SELECT max(no) FROM deliveries) AND attempt_number = 0";
            self.database().execute(sql, []).unwrap();
        }
    }
}
