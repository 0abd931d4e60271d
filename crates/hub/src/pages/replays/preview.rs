//! What a replay would come to, as far as that is cheap to know.

use std::collections::HashSet;

use domain::replay::ReplayScope;
use domain::webhook::Webhook;
use jiff::Timestamp;
use store::delivery_search::{DeliverySearch, DeliveryStatus};
use store::enrollment::TimeRange;
use store::event::{COUNTED_MAX, EventFilter};
use store::page::PageRequest;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::{When, number};

/// How many deliveries that failed are counted.
const FAILED_COUNTED_MAX: u32 = 1_000;

/// What a replay would come to.
pub(super) struct Preview {
    /// Such as "12 events", or "More than 10 000 events".
    pub(super) count: String,
    pub(super) is_nothing: bool,
    pub(super) is_all: bool,
    pub(super) since: When,
    /// From when on events are kept, if that is later.
    pub(super) kept_from: Option<When>,
}

/// Counts the events that the replay would look at; those that arrived meanwhile, or are under way, are left out when it is carried out.
pub(super) async fn preview(
    hub: &Hub,
    view: &View,
    webhook: &Webhook,
    scope: ReplayScope,
    since: Timestamp,
) -> Result<Preview, Refusal> {
    let stored = TimeRange { from: Some(since), to: None };
    let (count, is_more) = match scope {
        ReplayScope::Failed => failed(hub, view, webhook, stored).await?,
        ReplayScope::All => {
            let filter = EventFilter { event_types: Some(webhook.event_types.clone()), stored, subject_id: None };
            let none = PageRequest { limit: 1, offset: 0 };
            let total = hub.store.list_events(view.portal.id, &filter, none).await?.total;
            (total, total >= u64::from(COUNTED_MAX))
        }
    };
    let kept_from = hub.store.find_events_from().await?;
    Ok(Preview {
        count: match count {
            1 if !is_more => "1 event".to_owned(),
            count => format!("{}{} events", if is_more { "At least " } else { "" }, number(count)),
        },
        is_nothing: count == 0 && !is_more,
        is_all: scope == ReplayScope::All,
        since: When(since),
        kept_from: kept_from.filter(|kept_from| since < *kept_from).map(When),
    })
}

/// Of how many events a delivery failed, and whether there are more. Tests are not among them: nobody waits for those.
async fn failed(hub: &Hub, view: &View, webhook: &Webhook, stored: TimeRange) -> Result<(u64, bool), Refusal> {
    let search = DeliverySearch {
        webhook_id: Some(webhook.id.clone()),
        status: Some(DeliveryStatus::Failed),
        stored,
        ..Default::default()
    };
    let found = hub.store.search_deliveries(view.portal.id, &search, None, FAILED_COUNTED_MAX).await?;
    let events: HashSet<_> =
        found.items.iter().filter(|delivery| !delivery.event.is_test).map(|delivery| &delivery.event.id).collect();
    Ok((events.len() as u64, found.next.is_some()))
}
