//! Asking for something once, however often the request has to be sent. Ours: the published API has no such header.

/// The header with which a POST says what it is: a second one with the same key is answered like the first. Names of headers
/// have no case.
pub const KEY_HEADER: &str = "Idempotency-Key";
/// The longest key, in characters.
pub const KEY_CHARS_MAX: usize = 255;
/// The header of an answer that is given again, whose value is `true`.
pub const REPLAYED_HEADER: &str = "Idempotent-Replayed";
/// The header by which the token endpoint says that the platform honours keys, and for how many seconds it knows them. Programs
/// that call a platform without it must not send a POST again when they did not see its answer.
pub const ACCEPT_HEADER: &str = "Accept-Idempotency-Key";

/// The error code of 409 while the first request with the key is under way.
pub const IN_USE: &str = "idempotency_key_in_use";
/// The error code of 422 when the key came with another request before.
pub const REUSED: &str = "idempotency_key_reused";
/// The error code of 409 when the first request was cut off: it was carried out at least in part, its answer is not known.
pub const OUTCOME_UNKNOWN: &str = "idempotency_outcome_unknown";
/// The error code of 409 when the first request was answered, and the answer was too long to be kept.
pub const ANSWER_NOT_KEPT: &str = "idempotency_answer_not_kept";
