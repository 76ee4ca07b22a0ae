//! Shared by both benches: Ctrl-C, the exit status, the result files, and the frame of an SVG chart.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A flag that Ctrl-C sets. The bench then ends at the next event, and leaves no process and no control group behind.
pub(crate) fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("cannot watch for Ctrl-C")?;
    }
    Ok(interrupted)
}

/// Prints the error, if there is one. Returns the exit status of the bench.
pub(crate) fn exit_code(result: Result<()>) -> ExitCode {
    result.map_or_else(
        |error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// The width of a chart.
pub(crate) const CHART_WIDTH: f64 = 760.0;

/// The style that both charts have, for light and for dark pages.
const CHART_STYLE: &str = "\
text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#24292f}\
.title{font-size:15px;font-weight:600}.quiet,.tick{fill:#57606a}.tick{font-size:11px}\
.grid{stroke:#d8dee4;stroke-width:1}.paper{fill:#fff}\
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.quiet,.tick{fill:#9198a1}.grid{stroke:#30363d}.paper{fill:#0d1117}}";

/// The begin of a chart: its size, style, title and subtitle.
pub(crate) fn chart_head(height: f64, label: &str, style: &str, title: &str, subtitle: &str) -> String {
    let width = CHART_WIDTH;
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height:.0}' viewBox='0 0 {width} {height:.0}' \
         role='img' aria-label='{label}'>\n<style>{CHART_STYLE}{style}</style>\n\
         <rect class='paper' width='{width}' height='{height:.0}' rx='6'/>\n\
         <text class='title' x='16' y='28'>{title}</text>\n\
         <text class='quiet' x='16' y='46'>{subtitle}</text>\n"
    )
}

/// A count as a coordinate.
pub(crate) fn coordinate(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

/// Writes the results (names and contents of files) into `folder`, and prints the paths.
pub(crate) fn publish(folder: &Path, files: Vec<(&str, String)>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    for (name, content) in files {
        let file = folder.join(name);
        fs::write(&file, content).with_context(|| format!("cannot write `{}`", file.display()))?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}
