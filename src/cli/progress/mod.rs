//! How far long work has come: a bar on a terminal, nothing in a pipe or a file.
//!
//! It stands on stderr, in one line that is gone when the work is done. A thread moves its spinner, so that a long event does not
//! look like a standstill. Whatever else is written while it stands there goes through [`Progress::aside`].

mod padded_terminal;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::padded_terminal::PaddedTerminal;
use super::terminal::{in_colour, stderr_is_a_terminal};

/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(100);
/// How often the line is drawn at most in a second.
const DRAWN_HZ: u8 = 20;
const PLAIN: &str = "{spinner} {msg} {pos}/{len} [{bar:30}] {eta}";
const IN_COLOUR: &str = "{spinner:.cyan} {msg} {pos}/{len} [{bar:30.cyan}] {eta}";

/// A bar that counts to a total; dropping it removes it.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts to count to `total` of what `what` says, such as `events`.
    #[must_use]
    pub fn new(total: u64, what: &str) -> Progress {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb"); // no line can be removed from it
        let target = if dumb || !stderr_is_a_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::term_like_with_hz(Box::new(PaddedTerminal::stderr()), DRAWN_HZ)
        };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_message(what.to_owned());
        if !bar.is_hidden() {
            console::set_colors_enabled(in_colour()); // or it would ask stdout
            let template = if in_colour() { IN_COLOUR } else { PLAIN };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(TICK);
        }
        Progress(bar)
    }

    /// One more is done.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Runs what writes to the terminal, with the bar out of its way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
