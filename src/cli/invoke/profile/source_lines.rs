//! The text of the handler's lines.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::trace_file::Record;
use crate::cli::invoke::error_view::place;

const MOST_CHARACTERS: usize = 80;

/// The files that lines are in, read once.
#[derive(Debug)]
pub(super) struct Sources {
    root: PathBuf,
    files: HashMap<String, Vec<String>>,
}

impl Sources {
    /// Files are named as seen from `root`.
    pub(super) fn in_folder(root: &Path) -> Sources {
        Sources { root: root.to_owned(), files: HashMap::new() }
    }

    /// The line's place and its text: `function.sh:12 sleep 1`; what the record says where there is no such line.
    pub(super) fn line(&mut self, frame: &str, record: &Record) -> String {
        let Some((file, number)) = place(frame) else { return format!("{frame} {}", shortened(&record.command)) };
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

/// `fetch (function.sh:12)`: `fetch`.
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
