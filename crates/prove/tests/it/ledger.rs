//! What was promised against what came: the judge of every row that kills.

use std::collections::HashMap;

use crate::receiver::{Received, by_delivery};

/// What came to the webhook, and what callers were promised.
pub(crate) struct Ledger<'a> {
    /// Enrollments that were acknowledged, with the life of the platform in which they were asked for.
    pub(crate) acks: &'a HashMap<String, u32>,
    /// What came to one webhook, in the order in which it came.
    pub(crate) received: &'a [Received],
    /// How much a death may repeat.
    pub(crate) in_flight_max: usize,
}

/// What was found to be well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Deliveries that came.
    pub(crate) deliveries: usize,
    /// Requests beyond one for each, that came although the one before had been accepted.
    pub(crate) repeated: usize,
    /// Most of those after one death.
    pub(crate) repeated_at_once: usize,
}

impl Ledger<'_> {
    /// Judges.
    ///
    /// # Errors
    ///
    /// The first promise that was broken.
    pub(crate) fn judge(&self) -> Result<Verdict, String> {
        let deliveries = by_delivery(self.received);
        let mut accepted: HashMap<&str, bool> = HashMap::new();
        for one in self.received {
            *accepted.entry(&one.enrollment).or_default() |= one.accepted;
        }
        let lost: Vec<&String> =
            self.acks.keys().filter(|id| !accepted.get(id.as_str()).copied().unwrap_or(false)).collect();
        if !lost.is_empty() {
            return Err(format!(
                "{} of {} acknowledged are lost: {:?}",
                lost.len(),
                self.acks.len(),
                &lost[..lost.len().min(5)]
            ));
        }
        let mut repeated: HashMap<u32, usize> = HashMap::new();
        for ((event, _), requests) in &deliveries {
            check_numbers(event, requests, self.acks.get(&requests[0].enrollment).copied())?;
            for pair in requests.windows(2) {
                if pair[0].life == pair[1].life && pair[0].accepted {
                    return Err(format!("{event} came again though nobody died"));
                }
                *repeated.entry(pair[1].life).or_default() += usize::from(pair[0].accepted);
            }
        }
        let repeated_at_once = repeated.values().copied().max().unwrap_or(0);
        if repeated_at_once > self.in_flight_max {
            return Err(format!("{repeated_at_once} came again after one death, and only {} may", self.in_flight_max));
        }
        Ok(Verdict { deliveries: deliveries.len(), repeated: repeated.values().sum(), repeated_at_once })
    }
}

/// Numbers begin with 1 and grow; one is missing at most for each death between two requests.
fn check_numbers(event: &str, requests: &[Received], asked_in: Option<u32>) -> Result<(), String> {
    let (mut number, mut life) = (0, asked_in.unwrap_or(0));
    for request in requests {
        let deaths = u64::from(request.life.saturating_sub(life));
        if request.number <= number || request.number > number + 1 + deaths {
            let numbers: Vec<_> = requests.iter().map(|request| (request.number, request.life)).collect();
            return Err(format!("{event}: attempt numbers and lives are {numbers:?}, asked for in {asked_in:?}"));
        }
        (number, life) = (request.number, request.life);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn received(event: &str, number: u64, life: u32, accepted: bool) -> Received {
        Received {
            event: event.to_owned(),
            webhook: "w".to_owned(),
            enrollment: event.to_owned(),
            number,
            life,
            accepted,
            at: Instant::now(),
            skew: None,
        }
    }

    #[track_caller]
    fn check(received: &[Received], expected: Result<usize, &str>) {
        let acks = HashMap::from([("a".to_owned(), 1)]);
        match (Ledger { acks: &acks, received, in_flight_max: 1 }.judge(), expected) {
            (Ok(verdict), Ok(repeated)) => assert_eq!(verdict.repeated, repeated),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn what_a_death_may_do_passes() {
        check(&[received("a", 1, 1, true)], Ok(0));
        check(&[received("a", 1, 1, true), received("a", 2, 2, true)], Ok(1));
        check(&[received("a", 2, 2, true)], Ok(0));
        check(&[received("a", 1, 1, false), received("a", 2, 1, true)], Ok(0));
    }

    #[test]
    fn what_nothing_may_do_is_seen() {
        check(&[], Err("are lost"));
        check(&[received("a", 1, 1, false)], Err("are lost"));
        check(&[received("a", 1, 1, true), received("a", 1, 2, true)], Err("attempt numbers"));
        check(&[received("a", 2, 1, true)], Err("attempt numbers"));
        check(&[received("a", 1, 1, true), received("a", 4, 2, true)], Err("attempt numbers"));
        check(&[received("a", 1, 1, true), received("a", 2, 1, true)], Err("nobody died"));
        let (a, b) = (received("a", 1, 1, true), received("b", 1, 1, true));
        check(&[a, b, received("a", 2, 2, true), received("b", 2, 2, true)], Err("only 1 may"));
    }
}
