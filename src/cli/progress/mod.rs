//! Shows a progress bar on a terminal, and nothing in a pipe or a file.
//!
//! The bar is one line on stderr, which disappears when the work is done. A thread moves its spinner, so that the user sees progress during
//! a long event. Other output to the terminal must go through [`Progress::suspend`] while the bar is shown.

mod padded_terminal;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::padded_terminal::PaddedTerminal;
use super::terminal::{in_colour, stderr_is_a_terminal};

/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(100);
/// The maximum number of redraws per second.
const REDRAW_HZ: u8 = 20;
const PLAIN: &str = "{spinner} {msg} {pos}/{len} [{bar:30}] {eta}";
const IN_COLOUR: &str = "{spinner:.cyan} {msg} {pos}/{len} [{bar:30.cyan}] {eta}";

/// A bar that counts to a total; dropping the value removes the bar.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts a bar that counts to `total`; `unit` names the counted things, such as `events`.
    #[must_use]
    pub fn new(total: u64, unit: &str) -> Progress {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb"); // it cannot remove a line
        let target = if dumb || !stderr_is_a_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::term_like_with_hz(Box::new(PaddedTerminal::stderr()), REDRAW_HZ)
        };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_message(unit.to_owned());
        if !bar.is_hidden() {
            console::set_colors_enabled(in_colour()); // by default the crate decides by stdout
            let template = if in_colour() { IN_COLOUR } else { PLAIN };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(TICK);
        }
        Progress(bar)
    }

    /// Counts one more.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Hides the bar while `write` writes to the terminal.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
