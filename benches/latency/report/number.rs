//! How values are written.

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds.
    Time,
    /// Bytes.
    Memory,
    /// US dollars.
    Dollars,
}

impl Unit {
    /// A value with its unit, in three digits or so.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            Unit::Time if value < 1_000.0 => format!("{value:.0} µs"),
            Unit::Time if value < 100_000.0 => format!("{} ms", digits(value / 1e3)),
            Unit::Time if value < 1_000_000.0 => format!("{:.0} ms", value / 1e3),
            Unit::Time => format!("{} s", digits(value / 1e6)),
            Unit::Memory => format!("{} MiB", digits(value / 1_048_576.0)),
            Unit::Dollars => format!("${value:.2}"),
        }
    }

    /// The unit's name in the JSON file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Time => "us",
            Unit::Memory => "bytes",
            Unit::Dollars => "USD",
        }
    }
}

/// A ratio: `2.1 ×`, or `1/56` below a tenth.
pub(crate) fn ratio(value: f64) -> String {
    if value > 0.0 && value < 0.1 { format!("1/{:.0}", 1.0 / value) } else { format!("{} ×", digits(value)) }
}

fn digits(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}
