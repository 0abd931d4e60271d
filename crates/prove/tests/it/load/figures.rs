//! Numbers of many, in few.

use std::fmt;
use std::time::Duration;

/// How long things took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of all of them; there must be one.
    pub(crate) fn of(took: impl IntoIterator<Item = Duration>) -> Self {
        let mut took: Vec<Duration> = took.into_iter().collect();
        assert!(!took.is_empty(), "nothing was measured");
        took.sort_unstable();
        Spread(took)
    }

    /// What so many of a thousand did not exceed.
    pub(crate) fn per_mille(&self, per_mille: usize) -> Duration {
        self.0[(self.0.len() * per_mille).div_ceil(1_000).clamp(1, self.0.len()) - 1]
    }

    pub(crate) fn p50(&self) -> Duration {
        self.per_mille(500)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.per_mille(990)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {} p99 {}", ms(self.p50()), ms(self.p99()))
    }
}

/// A span as it is told.
pub(crate) fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

/// The one in the middle, or the upper one of the two.
pub(crate) fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    let mut values = values.to_vec();
    values.sort_unstable_by(|a, b| a.partial_cmp(b).expect("they compare"));
    values[values.len() / 2]
}

/// Jain's index: 1 if all have the same, 1/n if one has it all.
pub(crate) fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares == 0.0 { 0.0 } else { sum * sum / (shares.len() as f64 * squares) }
}

#[test]
fn figures_are_what_their_names_say() {
    let spread = Spread::of((1..=200).rev().map(Duration::from_millis));
    assert_eq!([spread.p50(), spread.p99()].map(|span| span.as_millis()), [100, 198]);
    assert_eq!(Spread::of([Duration::ZERO]).p99(), Duration::ZERO);
    assert_eq!([median(&[3.0, 1.0, 2.0]), median(&[2.0, 1.0])], [2.0, 2.0]);
    assert_eq!([jain(&[2.0; 4]), jain(&[1.0, 0.0, 0.0, 0.0]), jain(&[0.0])], [1.0, 0.25, 0.0]);
}
