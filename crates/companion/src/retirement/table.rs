//! Removals as CSV, for spreadsheets.

use contract::csv::cell;

use super::view::Retirement;

const HEAD: &str = "id,portal_id,lo_id,title,state,days_left,remove_time,remove_here_at,in_progress,not_started,completed,\
    mandatory,replacement,decision,decided_by,removed_at,proof\r\n";

/// A table with a line for each.
pub(crate) fn csv(retirements: &[Retirement]) -> String {
    let mut csv = HEAD.to_owned();
    for one in retirements {
        let replacement = one.replacement.as_ref().map(|one| one.title.as_deref().unwrap_or(&one.lo_id));
        let cells = [
            one.id.clone(),
            cell(&one.portal_id),
            cell(&one.lo_id),
            cell(one.title.as_deref().unwrap_or_default()),
            one.state.as_str().to_owned(),
            one.days_left.to_string(),
            one.remove_time.to_string(),
            one.remove_here_at.to_string(),
            one.learners.in_progress.to_string(),
            one.learners.not_started.to_string(),
            one.learners.completed.to_string(),
            one.is_mandatory.to_string(),
            cell(replacement.unwrap_or_default()),
            one.decision.as_ref().map(|decision| decision.decision.as_str()).unwrap_or_default().to_owned(),
            cell(one.decision.as_ref().map(|decision| decision.by.as_str()).unwrap_or_default()),
            one.removal.removed_at.map(|at| at.to_string()).unwrap_or_default(),
            cell(one.removal.proof.as_deref().unwrap_or_default()),
        ];
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    csv
}
