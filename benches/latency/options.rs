//! The command line, after `cargo bench --`.

use std::path::PathBuf;

use clap::Parser;

/// Measures coshell side by side with a Rust function without Bash, a new Bash per event, and a shell bootstrap
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo bench --")]
pub(crate) struct Options {
    /// A tenth of the events: to see that all works
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only the rows with these names
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Prints the rows' names
    #[arg(long)]
    pub(crate) list: bool,

    /// Multiplies the numbers of events
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    pub(crate) scale: f64,

    /// Runs all of it so often, and reports the median of each value
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) runs: usize,

    /// Another executable in place of the bootstrap that was just built
    #[arg(long, value_name = "FILE")]
    pub(crate) bootstrap: Option<PathBuf>,

    /// An earlier build of the bootstrap, measured beside the present one in the same run
    #[arg(long, value_name = "FILE")]
    pub(crate) before: Option<PathBuf>,

    /// Where latest.md, latest.json and latency.svg go [default: benches/results for a whole run, else target/tmp]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// The factor for the numbers of events.
    pub(crate) fn factor(&self) -> f64 {
        if self.quick { 0.1 * self.scale } else { self.scale }
    }

    /// Whether a row is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// Where the results go.
    pub(crate) fn folder(&self) -> PathBuf {
        let whole = self.only.is_empty() && !self.quick && self.before.is_none();
        let default = if whole { crate::peer::folder().join("results") } else { env!("CARGO_TARGET_TMPDIR").into() };
        self.out.clone().unwrap_or(default)
    }
}
