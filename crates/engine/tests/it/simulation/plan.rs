//! What kinds of trouble a seed has: not all of them at once, so that each is met with and without the others.

use super::dice::Dice;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// How many nodes work on the one database.
    pub(crate) nodes: usize,
    /// How many steps are taken before everything is to calm down.
    pub(crate) steps: usize,
    /// How many webhooks there are in the beginning.
    pub(crate) webhooks: usize,
    /// How many attempts may be in flight, of a node and of a lane.
    pub(crate) concurrency: (usize, u32),
    pub(crate) has_crashes: bool,
    /// Nodes stand still while others go on.
    pub(crate) has_freezes: bool,
    /// Time jumps over what is in flight.
    pub(crate) has_jumps: bool,
    /// Clocks are set by some seconds.
    pub(crate) has_skew: bool,
    /// The store refuses, before its work or after it.
    pub(crate) has_refusals: bool,
    /// The store takes its time.
    pub(crate) has_slow_store: bool,
    pub(crate) has_replays: bool,
    /// The engine leaves permits with the store.
    pub(crate) has_births: bool,
    /// No receiver ever takes anything.
    pub(crate) is_grim: bool,
}

impl Plan {
    pub(crate) fn draw(dice: &Dice) -> Self {
        let is_calm = dice.percent(20);
        let has = |percent| !is_calm && dice.percent(percent);
        let has_births = dice.percent(60);
        // Half of them may lie with the store.
        let more = if has_births { 12 } else { 0 };
        Plan {
            nodes: if has(35) { 2 } else { 1 },
            steps: dice.between(60, 140),
            webhooks: dice.between(1, 5),
            concurrency: (more + dice.between(2, 24), dice.between(1, 8) as u32),
            has_crashes: has(75),
            has_freezes: has(40),
            has_jumps: has(50),
            has_skew: has(40),
            has_refusals: has(40),
            has_slow_store: has(40),
            has_replays: dice.percent(60),
            is_grim: dice.percent(8),
            has_births,
        }
    }

    /// Whether nothing happens that would excuse an attempt that is made and not recorded.
    pub(crate) fn is_calm(&self) -> bool {
        let Plan { nodes, has_crashes, has_freezes, has_jumps, has_skew, has_refusals, has_slow_store, .. } = self;
        *nodes == 1 && !(*has_crashes || *has_freezes || *has_jumps || *has_skew || *has_refusals || *has_slow_store)
    }
}
