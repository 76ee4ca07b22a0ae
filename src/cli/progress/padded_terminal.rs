//! Keeps some columns free after the progress bar for the keys that the terminal echoes.
//!
//! The crate indicatif fills the bar's line with spaces. An echoed `^C` would then wrap to the next line, indicatif would clear this line
//! instead of the bar's, and the bar would stay visible. So this module reports a smaller width than the terminal has.

use std::io::Result;

use console::Term;
use indicatif::TermLike;

/// The free columns: room for two keys, each echoed as two letters.
const FREE_COLUMNS: u16 = 4;
/// In a narrower terminal the bar can need the whole line.
const MIN_WIDTH: u16 = 80;

/// The terminal on stderr.
#[derive(Debug)]
pub(super) struct PaddedTerminal(Term);

impl PaddedTerminal {
    pub(super) fn stderr() -> PaddedTerminal {
        PaddedTerminal(Term::buffered_stderr())
    }
}

impl TermLike for PaddedTerminal {
    fn width(&self) -> u16 {
        let (_, width) = self.0.size();
        if width >= MIN_WIDTH { width - FREE_COLUMNS } else { width }
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, line: &str) -> Result<()> {
        self.0.write_line(line)
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> Result<()> {
        self.0.flush()
    }
}
