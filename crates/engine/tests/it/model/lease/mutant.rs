//! Rules left out, to see that it is noticed.

/// What is left out of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// Recording looks for the delivery, and not for the attempt.
    NoFence,
    /// Recording does not look whether the lease has lapsed.
    NoExpiry,
    /// Sending does not look whether the lease has lapsed.
    SendsLate,
    /// What is leased can be leased.
    NoLease,
    /// The number is stored with the outcome.
    NumberAfterwards,
    /// What is told again is numbered from the start.
    NumbersAnew,
    /// What is pending can be told again.
    ReplaysPending,
    /// An answer to an old version stops the webhook that it is now.
    StopsAnyVersion,
    /// What is born leased is due as well.
    BornDue,
    /// What is born leased is stored without its number.
    BornUnnumbered,
    /// What was born leased is handed over, and stays where it was.
    HandedOverTwice,
}

pub(super) const MUTANTS: [(Mutant, &str); 11] = [
    (Mutant::NoFence, "only the holder of a lease records"),
    (Mutant::NoExpiry, "only the holder of a lease records"),
    (Mutant::SendsLate, "numbers rise"),
    (Mutant::NoLease, "nothing comes twice without a lapse or a crash"),
    (Mutant::NumberAfterwards, "no number is sent twice"),
    (Mutant::NumbersAnew, "no number is sent twice"),
    (Mutant::ReplaysPending, "an event is on its way once"),
    (Mutant::StopsAnyVersion, "an old answer does not stop a new webhook"),
    (Mutant::BornDue, "nothing comes twice without a lapse or a crash"),
    (Mutant::BornUnnumbered, "no number is sent twice"),
    (Mutant::HandedOverTwice, "no number is sent twice"),
];
