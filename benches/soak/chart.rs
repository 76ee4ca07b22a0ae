//! Draws the graph: one panel for each value, over the number of events.

use crate::common::{CHART_WIDTH, chart_head, coordinate};
use crate::report::number;
use crate::sample::Sample;
use crate::verdict::{SERIES, Series};

const LEFT: f64 = 190.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 62.0;
const PANEL_STEP: f64 = 78.0;
const AXIS: f64 = 30.0;

const STYLE: &str = "\
.name{font-weight:600}.line{fill:none;stroke:#1a7f37;stroke-width:1.2}.end{text-anchor:end}.middle{text-anchor:middle}\
@media (prefers-color-scheme:dark){.line{stroke:#3fb950}}";

pub(crate) fn draw(samples: &[Sample]) -> String {
    let events = samples.last().map_or(1, |last| last.events).max(1);
    let bottom = TOP + SERIES.iter().map(|_| PANEL_STEP).sum::<f64>();
    let title = format!("Soak: {events} events to one environment");
    let subtitle = "Each panel begins at 0. Bash is killed now and then in the first half.";
    let mut svg = chart_head(bottom + AXIS, "Soak of coshell", STYLE, &title, subtitle);
    for (at, series) in SERIES.iter().enumerate() {
        svg += &panel(series, samples, TOP + coordinate(at) * PANEL_STEP, events);
    }
    for quarter in 0..=4_u64 {
        let (x, count) = (x(events * quarter / 4, events), events * quarter / 4);
        svg += &format!("<text class='tick middle' x='{x:.1}' y='{:.1}'>{count}</text>\n", bottom + 8.0);
    }
    svg + "</svg>\n"
}

fn panel(series: &Series, samples: &[Sample], top: f64, events: u64) -> String {
    let most = samples.iter().map(series.of).fold(1e-9, f64::max) * 1.1;
    let y = |value: f64| top + PANEL * (1.0 - value / most);
    let point = |sample: &Sample| format!("{:.1},{:.1}", x(sample.events, events), y((series.of)(sample)));
    let points: Vec<String> = samples.iter().map(point).collect();
    let last = samples.last().map_or(0.0, series.of);
    format!(
        "<text class='name' x='16' y='{:.1}'>{}</text><text class='quiet' x='16' y='{:.1}'>at the end: {} {}</text>\n\
         <text class='tick end' x='{:.1}' y='{:.1}'>{}</text>\
         <line class='grid' x1='{LEFT}' x2='{:.1}' y1='{:.1}' y2='{:.1}'/>\
         <line class='grid' x1='{LEFT}' x2='{:.1}' y1='{top:.1}' y2='{top:.1}'/>\n\
         <polyline class='line' points='{}'/>\n",
        top + 26.0,
        series.name.replace('`', ""),
        top + 43.0,
        number(last),
        series.unit,
        LEFT - 6.0,
        top + 10.0,
        number(most),
        CHART_WIDTH - RIGHT,
        top + PANEL,
        top + PANEL,
        CHART_WIDTH - RIGHT,
        points.join(" ")
    )
}

fn x(events: u64, all: u64) -> f64 {
    LEFT + crate::share(events, all) * (CHART_WIDTH - LEFT - RIGHT)
}
