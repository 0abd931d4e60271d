//! One lane, the deliveries of one webhook: how many more attempts it may have in flight, and how soon. Pure.

use domain::delivery::Outcome;
use domain::webhook::rate_limit::RateLimit;
use jiff::{SignedDuration, Timestamp};

use self::bucket::Bucket;
use self::circuit::{Circuit, Passage};
use self::limit::Limit;
use self::verdict::Verdict;

mod bucket;
mod circuit;
mod limit;
mod verdict;

/// From when on an answer is late, and silence a bad sign.
pub(crate) const SLOW_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// A receiver that answers within this is one that those who publish for it can wait for.
const PROMPT_WITHIN: SignedDuration = SignedDuration::from_millis(100);

/// What is known of a lane.
#[derive(Debug)]
pub(crate) struct Lane {
    in_flight: u32,
    /// Permits that it was given for leases that are still being asked for.
    granted: u32,
    /// Permits that lie with the store, for deliveries that are born leased.
    standing_by: u32,
    /// Whether its last answer came at once.
    prompt: bool,
    limit: Limit,
    circuit: Circuit,
    /// What its owner's rate lets through, if there is one.
    bucket: Option<Bucket>,
    standing: Standing,
    /// When it was last heard from, or since when there is something to hear.
    heard_at: Timestamp,
}

/// How a lane stands with us: worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The last that was heard was slow or no good, or nothing was heard for too long.
    Doubtful,
    /// Nothing was heard yet.
    New,
    /// The last that was heard was an answer, and it came soon.
    Sound,
}

/// That the circuit of a lane turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Too many attempts failed.
    Opened {
        /// When the first probe may be made.
        until: Timestamp,
    },
    /// The probe failed.
    Reopened {
        /// When the next probe may be made.
        until: Timestamp,
    },
    /// The probe was answered.
    Closed,
}

impl Lane {
    /// A lane of which nothing is known, with a limit of at most `concurrency`.
    pub(crate) fn new(concurrency: u32, now: Timestamp) -> Self {
        Lane {
            in_flight: 0,
            granted: 0,
            standing_by: 0,
            prompt: false,
            limit: Limit::new(concurrency),
            circuit: Circuit::CLOSED,
            bucket: None,
            standing: Standing::New,
            heard_at: now,
        }
    }

    /// How many more attempts may begin now.
    pub(crate) fn room(&self, now: Timestamp) -> u32 {
        let places = self.places(now);
        self.bucket.map_or(places, |bucket| places.min(bucket.tokens(now).saturating_sub(self.granted)))
    }

    /// How many more attempts may begin now, but for its rate.
    fn places(&self, now: Timestamp) -> u32 {
        let allowed = match self.circuit.passage(now) {
            Passage::Free => self.limit.get(),
            Passage::Probe => 1,
            Passage::Barred => 0,
        };
        allowed.saturating_sub(self.permits())
    }

    /// When the next attempt may begin, if it is its rate alone that it waits for. With permits that are not used yet it waits
    /// for what becomes of these.
    pub(crate) fn paced_until(&self, now: Timestamp) -> Option<Timestamp> {
        let bucket = self.bucket.filter(|bucket| bucket.tokens(now) == 0)?;
        (self.granted == 0 && self.places(now) > 0).then(|| bucket.next_at())
    }

    /// Whether its deliveries wait because their owner wants them to go out slowly.
    pub(crate) fn is_paced(&self, now: Timestamp) -> bool {
        self.bucket.is_some_and(|bucket| bucket.tokens(now) == 0)
    }

    /// Whether it could be forgotten without its rate being exceeded: a new lane may burst.
    pub(crate) fn is_unpaced(&self, now: Timestamp) -> bool {
        self.bucket.is_none_or(|bucket| bucket.is_full(now))
    }

    /// Takes note of the rate that its owner wants.
    pub(crate) fn pace(&mut self, rate: Option<RateLimit>, now: Timestamp) {
        self.bucket = rate.map(|rate| self.bucket.map_or(Bucket::full(rate, now), |bucket| bucket.at_rate(rate, now)));
    }

    /// Forgets all that was learned, but neither what is in flight nor its rate. True if its deliveries were held.
    pub(crate) fn begin_anew(&mut self) -> bool {
        let was_held = self.limit().is_none();
        self.limit = self.limit.afresh();
        self.circuit = Circuit::CLOSED;
        self.standing = Standing::New;
        was_held
    }

    /// How many permits it holds.
    pub(crate) fn permits(&self) -> u32 {
        self.in_flight + self.granted + self.standing_by
    }

    /// How many permits of it lie with the store.
    pub(crate) fn standing_by(&self) -> u32 {
        self.standing_by
    }

    /// Leaves more permits with the store.
    pub(crate) fn stand_by(&mut self, permits: u32) {
        self.standing_by += permits;
    }

    /// Takes note that the store has given so many back.
    pub(crate) fn stand_down(&mut self, permits: u32) {
        self.standing_by = self.standing_by.saturating_sub(permits);
    }

    /// Whether its deliveries may be born leased: its receiver answers, and soon, and nobody wants it to be told slowly.
    pub(crate) fn may_stand_by(&self) -> bool {
        self.standing == Standing::Sound && self.limit().is_some() && self.bucket.is_none()
    }

    /// Whether its receiver answers at once.
    pub(crate) fn is_prompt(&self) -> bool {
        self.prompt && self.may_stand_by()
    }

    /// How it stands with us.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// How many attempts may be in flight; `None` while its deliveries are held.
    pub(crate) fn limit(&self) -> Option<u32> {
        matches!(self.circuit, Circuit::Closed { .. }).then(|| self.limit.get())
    }

    /// For how long nothing has been heard of it.
    pub(crate) fn silent_for(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.heard_at)
    }

    /// Gives it a permit. True if it is the first since the others were used or taken back.
    pub(crate) fn grant(&mut self) -> bool {
        self.granted += 1;
        self.granted == 1
    }

    /// How many permits it has for which no attempt began yet.
    pub(crate) fn granted(&self) -> u32 {
        self.granted
    }

    /// Takes back the permits for which no attempt began, and says how many there were.
    pub(crate) fn take_back(&mut self) -> u32 {
        std::mem::take(&mut self.granted)
    }

    /// Takes note that an attempt begins of a delivery that was leased.
    pub(crate) fn began(&mut self, now: Timestamp) {
        self.granted = self.granted.saturating_sub(1);
        self.begin(now);
    }

    /// Takes note that an attempt begins of a delivery that was born leased.
    pub(crate) fn born(&mut self, now: Timestamp) {
        self.standing_by = self.standing_by.saturating_sub(1);
        self.begin(now);
    }

    fn begin(&mut self, now: Timestamp) {
        if self.in_flight == 0 {
            self.heard_at = now;
        }
        self.in_flight += 1;
        self.limit.began(self.in_flight);
        self.circuit = self.circuit.began(now);
        self.bucket = self.bucket.map(|bucket| bucket.without_one(now));
    }

    /// Takes note that an attempt is over: what it met, and how long it took. So many failures in a row open the circuit;
    /// `fraction` is a random number from 0 to 1 that shortens its pause.
    pub(crate) fn heard(
        &mut self,
        outcome: &Outcome,
        took: SignedDuration,
        failures_max: u32,
        now: Timestamp,
        fraction: impl FnOnce() -> f64,
    ) -> Option<Turned> {
        self.in_flight -= 1;
        self.heard_at = now;
        self.prompt = took < PROMPT_WITHIN;
        let verdict = Verdict::of(outcome)?;
        self.limit.heard(verdict, self.in_flight);
        let before = self.circuit;
        if verdict.is_good() {
            self.circuit = before.answered();
            self.standing = if took < SLOW_AFTER { Standing::Sound } else { Standing::Doubtful };
        } else {
            self.circuit = before.failed(failures_max, now, fraction);
            self.standing = Standing::Doubtful;
        }
        let turned = turned(before, self.circuit);
        if turned == Some(Turned::Closed) {
            self.limit = self.limit.afresh();
        }
        turned
    }

    /// Looks whether it has been silent for too long. True if it is still to be listened to.
    pub(crate) fn listen(&mut self, now: Timestamp) -> bool {
        // The clock may have been set back.
        self.heard_at = self.heard_at.min(now);
        if self.in_flight > 0 && self.silent_for(now) >= SLOW_AFTER {
            self.standing = Standing::Doubtful;
        }
        self.is_listened_to()
    }

    /// Whether its silence would say anything new.
    pub(crate) fn is_listened_to(&self) -> bool {
        self.in_flight > 0 && self.standing != Standing::Doubtful
    }
}

fn turned(before: Circuit, after: Circuit) -> Option<Turned> {
    match (before, after) {
        (Circuit::Closed { .. }, Circuit::Open { until, .. }) => Some(Turned::Opened { until }),
        (Circuit::HalfOpen { .. }, Circuit::Open { until, .. }) => Some(Turned::Reopened { until }),
        (Circuit::HalfOpen { .. }, Circuit::Closed { .. }) => Some(Turned::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
