//! Time as one machine has it: what two processes wrote down can be compared.

use std::time::Duration;

use jiff::Timestamp;

/// The time.
#[expect(clippy::disallowed_methods, reason = "a measurement is of this machine's time and no other")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The time in microseconds.
pub(crate) fn now_us() -> i64 {
    now().as_microsecond()
}

/// Waits for another process, which cannot be waited for in a better way.
#[expect(clippy::disallowed_methods, reason = "neither a log file nor another process's CPU time tells of a change")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
