//! Whom an event reached, in a few words.

use domain::delivery::DeliveryState;
use domain::why::Standing;

/// Whom an event reached.
pub(crate) struct Reach {
    pub(crate) badge: &'static str,
    pub(crate) state: &'static str,
    pub(crate) text: String,
}

impl Reach {
    /// The worst that is true of any webhook that was told; `standings` are those of the portal.
    pub(crate) fn of(standings: &[Standing]) -> Self {
        let told: Vec<DeliveryState> = standings.iter().filter_map(|standing| Some(standing.told?.state)).collect();
        let count = |is: fn(&DeliveryState) -> bool| told.iter().filter(|state| is(state)).count();
        let failed = count(|state| matches!(state, DeliveryState::Failed { .. }));
        let held = count(|state| matches!(state, DeliveryState::Held { .. }));
        let delivered = count(|state| matches!(state, DeliveryState::Delivered { .. }));
        let (state, badge) = match told.len() {
            0 => ("Told nobody", "none"),
            _ if failed > 0 => ("Failed", "bad"),
            _ if held > 0 => ("Held", "warn"),
            all if delivered < all => ("Under way", "none"),
            _ => ("Delivered", "good"),
        };
        let text = match told.len() {
            0 => "it matched no webhook".to_owned(),
            all => format!("{delivered} of {all} {}", if all == 1 { "webhook" } else { "webhooks" }),
        };
        Reach { badge, state, text }
    }
}
