//! Whether a value is flat: its median over the last quarter of the run, beside the second quarter's. The first one warms up.

use crate::sample::Sample;

/// Two quarters need some of them.
pub(crate) const LEAST_SAMPLES: usize = 8;

/// One value over the whole run.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) of: fn(&Sample) -> f64,
    /// It may grow by this factor, or by this much, whichever is more.
    growth: (f64, f64),
}

/// All that is looked at. A page of memory here or there is no growth, nor is a background process that happens to live.
pub(crate) const SERIES: [Series; 6] = [
    Series { name: "memory of `bootstrap`", unit: "KiB", of: |sample| sample.runtime_kib, growth: (1.05, 64.0) },
    Series { name: "memory of Bash", unit: "KiB", of: |sample| sample.bash_kib, growth: (1.05, 64.0) },
    Series { name: "descriptors", unit: "", of: |sample| sample.descriptors, growth: (1.0, 3.0) },
    Series { name: "processes", unit: "", of: |sample| sample.processes, growth: (1.0, 3.0) },
    Series { name: "p50", unit: "ms", of: |sample| sample.p50_ms, growth: (1.5, 0.5) },
    Series { name: "p99", unit: "ms", of: |sample| sample.p99_ms, growth: (1.5, 5.0) },
];

/// What became of one series.
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// The medians of the four quarters.
    pub(crate) quarters: [f64; 4],
    pub(crate) most: f64,
    allowed: f64,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.quarters[3] <= self.allowed
    }
}

pub(crate) fn all(samples: &[Sample]) -> Vec<Verdict> {
    SERIES.iter().map(|series| series.judge(samples)).collect()
}

impl Series {
    fn judge(&self, samples: &[Sample]) -> Verdict {
        let values: Vec<f64> = samples.iter().map(self.of).collect();
        let quarter = |number: usize| median(&values[values.len() * number / 4..values.len() * (number + 1) / 4]);
        let quarters = [0, 1, 2, 3].map(quarter);
        let (factor, step) = self.growth;
        let allowed = (quarters[1] * factor).max(quarters[1] + step);
        let most = values.iter().copied().fold(0.0, f64::max);
        Verdict { name: self.name, unit: self.unit, quarters, most, allowed }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
