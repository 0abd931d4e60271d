//! What an outcome says of the receiver, whatever follows for the delivery. Pure.

use domain::delivery::{FailureKind, Outcome};

/// What an outcome says of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It took the event.
    KeepsUp,
    /// It is there and answers, whatever it thinks of this event.
    Answers,
    /// It is not to be had, or cannot do its work; asking it for less at once would not help.
    Fails,
    /// It has more than it can do, or is not there at all.
    Overwhelmed,
}

impl Verdict {
    /// Reads an outcome. `None` says nothing of the receiver: the attempt had no request to send.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Answered(answer) => Some(match answer.status {
                200..=299 => Verdict::KeepsUp,
                // Too slow, too many, no room, and too slow by the word of a proxy.
                408 | 429 | 503 | 504 => Verdict::Overwhelmed,
                500..=599 => Verdict::Fails,
                _ => Verdict::Answers,
            }),
            Outcome::Failed(failure) => match failure.kind {
                FailureKind::Connect | FailureKind::Timeout | FailureKind::Protocol => Some(Verdict::Overwhelmed),
                FailureKind::AddressRefused
                | FailureKind::NameResolution
                | FailureKind::Tls
                | FailureKind::LegacyTls
                | FailureKind::Token
                | FailureKind::Proxy => Some(Verdict::Fails),
                FailureKind::Request => None,
            },
        }
    }

    /// Whether it is there, and does its work.
    pub(super) fn is_good(self) -> bool {
        match self {
            Verdict::KeepsUp | Verdict::Answers => true,
            Verdict::Fails | Verdict::Overwhelmed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::{Answer, Failure};

    use super::*;

    #[test]
    fn statuses_that_speak_of_the_event_do_not_speak_against_the_receiver() {
        for status in 100..=999 {
            let answer =
                Answer { status, retry_after: None, body: Vec::new(), truncated: false, headers: String::new() };
            let expected = match status {
                200..=299 => Verdict::KeepsUp,
                408 | 429 | 503 | 504 => Verdict::Overwhelmed,
                500..=502 | 505..=599 => Verdict::Fails,
                _ => Verdict::Answers,
            };
            assert_eq!(Verdict::of(&Outcome::Answered(answer)), Some(expected), "{status}");
        }
    }

    #[test]
    fn without_an_answer_it_is_down_unless_nothing_was_sent() {
        let expected = [
            (FailureKind::AddressRefused, Some(Verdict::Fails)),
            (FailureKind::NameResolution, Some(Verdict::Fails)),
            (FailureKind::Connect, Some(Verdict::Overwhelmed)),
            (FailureKind::Tls, Some(Verdict::Fails)),
            (FailureKind::LegacyTls, Some(Verdict::Fails)),
            (FailureKind::Timeout, Some(Verdict::Overwhelmed)),
            (FailureKind::Protocol, Some(Verdict::Overwhelmed)),
            (FailureKind::Token, Some(Verdict::Fails)),
            (FailureKind::Proxy, Some(Verdict::Fails)),
            (FailureKind::Request, None),
        ];
        assert_eq!(expected.map(|(kind, _)| kind), FailureKind::ALL);
        for (kind, verdict) in expected {
            let outcome = Outcome::Failed(Failure { kind, detail: String::new() });
            assert_eq!(Verdict::of(&outcome), verdict, "{kind:?}");
        }
    }

    #[test]
    fn good_is_whoever_answers_and_works() {
        let all = [Verdict::KeepsUp, Verdict::Answers, Verdict::Fails, Verdict::Overwhelmed];
        assert_eq!(all.map(Verdict::is_good), [true, true, false, false]);
    }
}
