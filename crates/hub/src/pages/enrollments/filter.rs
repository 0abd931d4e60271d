//! Which enrollments are wanted, as it stands in the query of an address.

use domain::enrollment::Status;
use domain::id::{EnrollmentId, LearningObjectId};
use store::enrollment::{EnrollmentFilter, EnrollmentSort};
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use crate::extract::View;
use crate::form::Form;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// The fields, in the order of the form.
pub(super) const FIELDS: [&str; 3] = ["q", "lo", "status"];

/// What the query asks for.
pub(super) enum Wanted {
    /// Those that the filter lets through.
    Some(Box<EnrollmentFilter>),
    /// This one: the query names an enrollment.
    One(EnrollmentId),
    /// None, for a reason that is said.
    None(&'static str),
}

/// Reads the query: `q` is an enrollment's number or a learner's e-mail address, `lo` the number of content, `status` how far.
pub(super) async fn read(hub: &Hub, view: &View, query: &Form) -> Result<Wanted, Refusal> {
    let mut filter = EnrollmentFilter { with_children: true, sort: EnrollmentSort::Updated, ..Default::default() };
    if let Some(text) = query.given("status") {
        let Some(status) = Status::read(text) else { return Ok(Wanted::None("There is no such status.")) };
        filter.statuses = Some(vec![status]);
    }
    if let Some(text) = query.given("lo") {
        let Ok(id) = text.parse::<LearningObjectId>() else {
            return Ok(Wanted::None("Content is named by its number, such as 741712."));
        };
        filter.lo_ids = Some(vec![id]);
    }
    let Some(text) = query.given("q") else { return Ok(Wanted::Some(Box::new(filter))) };
    if let Ok(id) = text.parse::<EnrollmentId>() {
        return Ok(Wanted::One(id));
    }
    let learner = UserAccountFilter { email: Some(text.to_owned()), ..Default::default() };
    let found = hub.store.list_user_accounts(view.portal.id, &learner, PageRequest { limit: 1, offset: 0 }).await?;
    let Some(account) = found.items.first() else {
        return Ok(Wanted::None("No learner of this portal has that e-mail address."));
    };
    filter.user_account_id = Some(account.id);
    Ok(Wanted::Some(Box::new(filter)))
}
