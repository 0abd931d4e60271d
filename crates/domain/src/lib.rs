//! Nouns, states and rules; no I/O, no clock.
