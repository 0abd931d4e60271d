//! Middles and ends of many measured values.

use serde::Serialize;

/// Where most of the values lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Spread {
    /// Of values that there is at least one of.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Spread { p50: at(&values, 50), p99: at(&values, 99) }
    }
}

/// The median of values that there is at least one of: of an even number, the mean of the middle two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The smallest value that at least `percent` of them do not exceed.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: impl IntoIterator<Item = u32>, p50: f64, p99: f64) {
        assert_eq!(Spread::of(values.into_iter().map(f64::from).collect()), Spread { p50, p99 });
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        check([7], 7.0, 7.0);
        check([2, 1], 1.0, 2.0);
        check((1..=100).rev(), 50.0, 99.0);
        check(1..=1000, 500.0, 990.0);
        check(1..=101, 51.0, 100.0);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_middle_two() {
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), 3.0);
    }
}
