//! What administrators decide.

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use crate::inbox::retirement::step;
use crate::inbox::{Inbox, InboxError};
use crate::retirement::{Decision, DecisionKind};

impl Inbox {
    /// Records a decision. Says whether there is such a retirement.
    pub(crate) async fn decide(&self, number: i64, decision: Decision, now: Timestamp) -> Result<bool, InboxError> {
        let decide = move |connection: &Connection| -> Result<bool, InboxError> {
            let inserted = connection
                .prepare_cached(
                    "-- decide
                    INSERT INTO retirement_decisions (retirement, decision, replacement_lo_id, reason, decided_by, decided_at)
                    SELECT number, :decision, :replacement_lo_id, :reason, :by, :now
                    FROM retirements
                    WHERE number = :number AND deadline IS NOT NULL",
                )?
                .execute(named_params! {
                    ":number": number,
                    ":decision": decision.decision.as_str(),
                    ":replacement_lo_id": decision.replacement_lo_id,
                    ":reason": decision.reason,
                    ":by": decision.by,
                    ":now": now.as_millisecond(),
                })?;
            if inserted == 0 {
                return Ok(false);
            }
            step::add(connection, number, now, "decided", Some(&decision.by), Some(&sentence(&decision)))?;
            Ok(true)
        };
        Ok(self.database.write(decide).await?)
    }
}

fn sentence(decision: &Decision) -> String {
    let what = match (decision.decision, &decision.replacement_lo_id) {
        (DecisionKind::Expire, _) => "let it end".to_owned(),
        (DecisionKind::Dismiss, _) => "tell nobody of it any more".to_owned(),
        (DecisionKind::Replace, lo_id) => format!("replace it by content {}", lo_id.as_deref().unwrap_or_default()),
    };
    match &decision.reason {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    }
}
