//! Named points at which a process can be told to die, so that a proof can see what a death there leaves behind.
//!
//! A point is one line, `crash::point!("name")`, and nothing at all unless the feature `armed` is on. Then
//! `SCHOOLBELL_CRASH_AT=name` makes the process abort when it first comes by, `name:3` when it does so for the third
//! time. An abort runs no destructor and flushes nothing: to whoever looks from outside it is a `kill -9` at that very place.

/// Names the point to die at, and after `:` how often it is passed until then, itself included.
pub const VARIABLE: &str = "SCHOOLBELL_CRASH_AT";

/// Every point. One that is not here does not compile; one that no scenario reaches fails the proof.
pub const POINTS: &[&str] = &[
    // Starting and stopping.
    "start/begun",
    "start/before-expire-leases",
    "start/after-expire-leases",
    "stop/asked",
    "stop/api-stopped",
    // Bringing the schema up to date.
    "migrate/before-note",
    "migrate/between",
    "migrate/before-commit",
    "migrate/after-commit",
    // The one writer.
    "sqlite/before-commit",
    "sqlite/after-commit",
    "sqlite/after-answer",
    "sqlite/after-checkpoint",
    // What verbs write.
    "event/before-insert",
    "event/after-insert",
    "event/after-deliveries",
    "lease/raised",
    "finish/updated",
    "finish/attempt-inserted",
    "finish/health-saved",
    "webhook/saved",
    "replay/expanded",
    "deliveries/expired",
    "idempotency/begun",
    "audit/inserted",
    "notice/inserted",
    "announcement/expanded",
    "content/expired",
    // The API: what is stored is not answered yet.
    "api/enrollment-before-save",
    "api/enrollment-saved",
    "api/token-saved",
    "api/webhook-created",
    "api/secret-rotated",
    "api/portal-saved",
    "api/replay-saved",
    "api/retirement-saved",
    // The engine.
    "engine/leased",
    "engine/connected",
    "engine/request-written",
    "engine/head-read",
    "engine/body-read",
    "engine/before-record",
    "engine/recorded",
    "engine/before-task-step",
    "engine/after-task-step",
];

/// Dies here if that is the wish; see [`VARIABLE`]. The name must be in [`POINTS`].
#[macro_export]
macro_rules! point {
    ($name:literal) => {{
        const { assert!($crate::is_known($name), "the point is not in crash::POINTS") };
        $crate::reach($name);
    }};
}

/// Whether there is such a point.
pub const fn is_known(name: &str) -> bool {
    let mut at = 0;
    while at < POINTS.len() {
        if is_same(name.as_bytes(), POINTS[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What [`point!`] calls.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn reach(_name: &'static str) {}

/// What [`point!`] calls.
#[cfg(feature = "armed")]
pub fn reach(name: &'static str) {
    armed::reach(name);
}

#[cfg(feature = "armed")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WISH: LazyLock<Option<Wish>> =
        LazyLock::new(|| std::env::var(super::VARIABLE).ok().map(|text| Wish::read(&text)));

    pub(super) struct Wish {
        pub(super) name: String,
        /// How often it is still to be passed; the last time is the end.
        pub(super) left: AtomicU64,
    }

    impl Wish {
        pub(super) fn read(text: &str) -> Self {
            let (name, left) = match text.rsplit_once(':') {
                Some((name, left)) => (name, left.parse().expect("how often a point is passed is a number")),
                None => (text, 1),
            };
            assert!(super::is_known(name), "there is no point {name:?}");
            Wish { name: name.to_owned(), left: AtomicU64::new(left) }
        }

        /// Whether this is the time.
        pub(super) fn is_now(&self, name: &str) -> bool {
            self.name == name && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        }
    }

    pub(super) fn reach(name: &str) {
        if WISH.as_ref().is_some_and(|wish| wish.is_now(name)) {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_by_all_of_their_letters_and_stand_once() {
        assert!(is_known("engine/leased"));
        for name in ["", "engine/lease", "engine/leased2", "engine/Leased"] {
            assert!(!is_known(name), "{name}");
        }
        let mut names = POINTS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), POINTS.len());
    }

    #[cfg(feature = "armed")]
    #[test]
    fn the_wish_is_for_one_point_and_one_time() {
        let wish = armed::Wish::read("engine/leased:2");
        let times =
            ["engine/leased", "engine/recorded", "engine/leased", "engine/leased"].map(|name| wish.is_now(name));
        assert_eq!(times, [false, false, true, false]);
        assert!(armed::Wish::read("engine/leased").is_now("engine/leased"));
    }
}
