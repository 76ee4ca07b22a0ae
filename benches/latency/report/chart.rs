//! Draws the chart of FIGURES.md: three groups of bars on a logarithmic scale.
//!
//! The crate `plotters` would not shorten this: its SVG backend writes colours into each element, and this chart switches its colours with the
//! page (`prefers-color-scheme`). The bars and their labels would still need the loops below.

use super::{Row, Unit};
use crate::common::{CHART_WIDTH, chart_head, coordinate};
use crate::peer::Peer;

const LEFT: f64 = 150.0;
const RIGHT: f64 = 80.0;
const TOP: f64 = 64.0;
const GROUP_HEAD: f64 = 24.0;
const BAR: f64 = 18.0;
const BAR_STEP: f64 = 22.0;
const GROUP_GAP: f64 = 18.0;
const AXIS: f64 = 26.0;

/// The groups: row, and its heading in the chart.
const GROUPS: [(&str, &str); 3] = [
    ("128mb", "One event at 128 MB (1.447 ms of processor time in each 20 ms)"),
    ("gap", "One event at 1 GB or more (a processor for itself)"),
    ("init", "Cold init: process start to first next"),
];

const STYLE: &str = "\
.group{font-weight:600}.coshell{fill:#1a7f37}.other{fill:#a8b3bf}.name{text-anchor:end}.tick{text-anchor:middle}\
@media (prefers-color-scheme:dark){.coshell{fill:#3fb950}.other{fill:#59636e}}";

/// The chart, if all rows that it shows were measured.
pub(crate) fn draw(rows: &[Row]) -> Option<String> {
    let groups = GROUPS.map(|(name, title)| Some((title, bars(rows, name)?)));
    let groups = groups.into_iter().collect::<Option<Vec<_>>>()?;
    let scale = Scale::over(groups.iter().flat_map(|(_, bars)| bars.iter().map(|(_, value)| *value)));
    let group_height = |bars: &Bars| GROUP_HEAD + coordinate(bars.len()) * BAR_STEP + GROUP_GAP;
    let bottom = TOP + groups.iter().map(|(_, bars)| group_height(bars)).sum::<f64>();
    let (title, subtitle) =
        ("Latency, median (shorter is better)", "Logarithmic scale: each line is ten times the one before.");
    let mut svg =
        chart_head(bottom + AXIS, "Latency of coshell and others", STYLE, title, subtitle) + &scale.names(bottom);
    let mut y = TOP;
    for (title, bars) in &groups {
        svg += &group(title, bars, y, &scale);
        y += group_height(bars);
    }
    Some(svg + "</svg>\n")
}

type Bars = Vec<(Peer, f64)>;

/// The p50 of all peers.
fn bars(rows: &[Row], name: &str) -> Option<Bars> {
    let row = rows.iter().find(|row| row.name == name)?;
    let bars = Peer::ALL.into_iter().filter_map(|peer| Some((peer, row.value(peer.name(), "p50")?)));
    Some(bars.collect::<Bars>()).filter(|bars| !bars.is_empty())
}

fn group(title: &str, bars: &Bars, top: f64, scale: &Scale) -> String {
    let mut svg = format!("<text class='group' x='16' y='{:.1}'>{title}</text>\n", top + 15.0);
    svg += &scale.grid(top + GROUP_HEAD - 2.0, top + GROUP_HEAD + coordinate(bars.len()) * BAR_STEP);
    for (at, (peer, value)) in bars.iter().enumerate() {
        let y = top + GROUP_HEAD + coordinate(at) * BAR_STEP;
        let (end, text_y) = (scale.x(*value), y + BAR - 5.0);
        let class = if *peer == Peer::Coshell { "coshell" } else { "other" };
        svg += &format!(
            "<text class='name' x='{:.1}' y='{text_y:.1}'>{}</text>\
             <rect class='{class}' x='{LEFT}' y='{y:.1}' width='{:.1}' height='{BAR}' rx='2'/>\
             <text x='{:.1}' y='{text_y:.1}'>{}</text>\n",
            LEFT - 8.0,
            peer.name(),
            end - LEFT,
            end + 6.0,
            Unit::Time.write(*value)
        );
    }
    svg
}

/// Powers of ten from below the smallest value to the largest.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) = values.fold((f64::MAX, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        Scale { low: (low / 1.5).max(1.0).log10().floor(), high: high.log10().max(low.log10() + 1.0) }
    }

    fn x(&self, value: f64) -> f64 {
        let share = (value.max(1.0).log10() - self.low) / (self.high - self.low);
        LEFT + share * (CHART_WIDTH - LEFT - RIGHT)
    }

    /// The powers of ten in it.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (first, high) = (self.low, self.high);
        std::iter::successors(Some(first), |power| Some(power + 1.0)).take_while(move |power| *power <= high)
    }

    fn grid(&self, top: f64, bottom: f64) -> String {
        let lines = self.ticks().map(|power| {
            let x = self.x(10_f64.powf(power));
            format!("<line class='grid' x1='{x:.1}' x2='{x:.1}' y1='{top:.1}' y2='{bottom:.1}'/>\n")
        });
        lines.collect()
    }

    fn names(&self, bottom: f64) -> String {
        let names = self.ticks().map(|power| {
            let value = 10_f64.powf(power);
            format!("<text class='tick' x='{:.1}' y='{:.1}'>{}</text>\n", self.x(value), bottom + 8.0, tick(value))
        });
        names.collect()
    }
}

/// 100 µs, 1 ms, 1 s.
fn tick(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us:.0} µs"),
        us if us < 1e6 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.0} s", us / 1e6),
    }
}
