//! A terminal with room behind the bar for what the terminal itself writes there.
//!
//! The bar's line is filled with spaces to its end, so that the `^C` which a terminal echoes would stand in the next line. That one
//! would be cleared in the bar's place, and the bar would stay. So the line is said to be shorter than it is.

use std::io::Result;

use console::Term;
use indicatif::TermLike;

/// Two keys, each echoed as two letters.
const ROOM: u16 = 4;
/// In a narrower terminal a bar may need the whole line.
const WIDE: u16 = 80;

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
        if width >= WIDE { width - ROOM } else { width }
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
