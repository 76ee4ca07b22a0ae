//! Reads the text of the handler's lines.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::trace_file::Record;
use crate::cli::invoke::error_view::location;

const MOST_CHARACTERS: usize = 80;

/// The source files, each read once.
#[derive(Debug)]
pub(super) struct Sources {
    root: PathBuf,
    files: HashMap<String, Vec<String>>,
}

impl Sources {
    /// The files in `root`; their names are relative to `root`.
    pub(super) fn in_folder(root: &Path) -> Sources {
        Sources { root: root.to_owned(), files: HashMap::new() }
    }

    /// The position and the text of a line: `function.sh:12 sleep 1`; without a position, the frame and the command of the record.
    pub(super) fn line(&mut self, frame: &str, record: &Record) -> String {
        let Some((file, number)) = location(frame) else { return format!("{frame} {}", shortened(&record.command)) };
        let root = &self.root;
        let read = || {
            let text = fs::read(root.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().map(|line| line.trim().to_owned()).collect()
        };
        let lines = self.files.entry(file.to_owned()).or_insert_with(read);
        let text = number.checked_sub(1).and_then(|index| lines.get(index)).map_or("", String::as_str);
        format!("{file}:{number} {}", shortened(text))
    }
}

/// The function of a frame: `fetch` of `fetch (function.sh:12)`.
pub(super) fn function(frame: &str) -> &str {
    frame.rsplit_once(" (").map_or(frame, |(function, _)| function)
}

fn shortened(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control(), " ");
    if text.chars().count() <= MOST_CHARACTERS {
        return text;
    }
    text.chars().take(MOST_CHARACTERS).chain(['…']).collect()
}
