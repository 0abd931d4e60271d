//! Takes due deliveries, attempts them, records what happened.
