//! Computes statistics of durations: minimum, percentiles, maximum, mean, and a histogram.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::invoke::json_output::ms;

/// The number of rows of a histogram; one more row counts the larger values.
const ROWS: u32 = 8;

/// Sorted durations, at least one.
#[derive(Debug)]
pub(super) struct Statistics {
    sorted: Vec<Duration>,
}

/// One row of a histogram.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The exclusive upper bound of the row; `None` for the last row, which counts all larger values.
    pub(super) below: Option<Duration>,
    pub(super) count: usize,
}

impl Statistics {
    /// `None` if there are no durations.
    pub(super) fn of(durations: &[Duration]) -> Option<Statistics> {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        (!sorted.is_empty()).then_some(Statistics { sorted })
    }

    /// Names and values, in the order in which they are shown.
    pub(super) fn values(&self) -> [(&'static str, Duration); 6] {
        let (min, max) = (self.sorted[0], self.sorted[self.sorted.len() - 1]);
        let total: Duration = self.sorted.iter().sum();
        let mean = total.div_f64(self.sorted.len() as f64);
        let [p50, p90, p99] = [50, 90, 99].map(|percent| self.percentile(percent));
        [("min", min), ("p50", p50), ("p90", p90), ("p99", p99), ("max", max), ("mean", mean)]
    }

    /// The percentile by nearest rank: a measured value that this percentage of the values do not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.sorted.len() * percent).div_ceil(100);
        self.sorted[rank.saturating_sub(1)]
    }

    /// Rows of equal width from the minimum to the 99th percentile, so that one slow event does not hide the others.
    pub(super) fn histogram(&self) -> Vec<Row> {
        let (min, top) = (self.sorted[0], self.percentile(99));
        let width = (top - min) / ROWS;
        if width.is_zero() {
            return Vec::new();
        }
        let mut rest = self.sorted.as_slice();
        let mut row = |below: Option<Duration>| {
            let count = below.map_or(rest.len(), |below| rest.partition_point(|duration| *duration < below));
            rest = &rest[count..];
            Row { below, count }
        };
        let mut rows: Vec<Row> = (1..=ROWS).map(|number| row(Some(min + width * number))).collect();
        rows.push(row(None));
        rows
    }

    /// The values in milliseconds, to a hundredth, as a JSON object.
    pub(super) fn object(&self) -> Value {
        self.values().into_iter().map(|(name, value)| (name.to_owned(), json!(ms(value)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ms: impl Iterator<Item = u64>) -> Statistics {
        Statistics::of(&ms.map(Duration::from_millis).collect::<Vec<Duration>>()).unwrap()
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let statistics = of((1..=100).rev()).values().map(|(name, value)| (name, ms(value)));
        let expected = [("min", 1.0), ("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("max", 100.0), ("mean", 50.5)];
        assert_eq!(statistics, expected);
        assert!(of([7].into_iter()).values().iter().all(|(_, value)| ms(*value) == 7.0));
        assert!(Statistics::of(&[]).is_none());
    }

    #[test]
    fn a_histogram_counts_every_value_once_and_slow_ones_in_the_last_row() {
        let rows = of((0..100).chain([5_000])).histogram();
        assert_eq!(rows.len(), 9);
        assert_eq!(rows.iter().map(|row| row.count).sum::<usize>(), 101);
        assert_eq!(rows[8], Row { below: None, count: 2 });
        assert_eq!(of([7, 7, 7].into_iter()).histogram(), []);
    }
}
