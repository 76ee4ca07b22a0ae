//! Local files: their paths, and the files below a folder in the order of S3's keys.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use jiff::Timestamp;

use super::report::Report;

/// A file that can be uploaded.
#[derive(Debug)]
pub(super) struct LocalFile {
    /// The absolute path.
    pub(super) path: String,
    /// How many bytes it has.
    pub(super) size: u64,
    /// When it was changed.
    pub(super) modified: Option<Timestamp>,
}

/// Python's `os.path.abspath`: absolute, without `.`, `..` and double slashes.
pub(super) fn absolute(path: &str) -> String {
    let start = if path.starts_with('/') {
        String::new()
    } else {
        std::env::current_dir().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
    };
    format!("/{}", normal(&format!("{start}/{path}")).join("/"))
}

fn normal(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

/// A path as the AWS CLI shows it: relative to the working directory.
pub(super) fn shown(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let here = absolute(".");
    let here = normal(&here);
    let folder = normal(folder);
    let common = here.iter().zip(&folder).take_while(|(left, right)| left == right).count();
    let mut parts: Vec<&str> = vec![".."; here.len() - common];
    parts.extend(&folder[common..]);
    if parts.is_empty() {
        parts.push(".");
    }
    format!("{}/{name}", parts.join("/"))
}

/// Whether a key names a file outside of the destination.
pub(super) fn leaves_folder(key: &str) -> bool {
    let mut depth = 0_i32;
    for part in key.split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

/// The file, or all files below the folder.
pub(super) fn list(path: &str, is_directory: bool, follows_links: bool, report: &Report) -> Vec<LocalFile> {
    let mut found = Vec::new();
    walk(path, is_directory, follows_links, report, &mut found);
    found
}

fn walk(path: &str, is_directory: bool, follows_links: bool, report: &Report, found: &mut Vec<LocalFile>) {
    if is_ignored(path, follows_links, report) {
        return;
    }
    if !is_directory {
        found.extend(describe(path));
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            let name = entry.file_name();
            report.warn(&format!("Skipping file {}. The name is not UTF-8.", name.to_string_lossy()));
            continue;
        };
        let child = join(path, &name);
        if !is_ignored(&child, follows_links, report) {
            names.push(if Path::new(&child).is_dir() { name + "/" } else { name });
        }
    }
    names.sort();
    for name in names {
        let child = join(path, &name);
        if child.ends_with('/') {
            walk(&child, true, follows_links, report, found);
        } else {
            found.extend(describe(&child));
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.ends_with('/') { format!("{folder}{name}") } else { format!("{folder}/{name}") }
}

fn describe(path: &str) -> Option<LocalFile> {
    let metadata = std::fs::metadata(path).ok()?;
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Some(LocalFile { path: path.to_owned(), size: metadata.len(), modified })
}

/// Whether a file is left out: a link that is not followed, or one for which there is a warning.
fn is_ignored(path: &str, follows_links: bool, report: &Report) -> bool {
    if !follows_links && Path::new(path.trim_end_matches('/')).is_symlink() {
        return true;
    }
    let skip = |why: &str| {
        report.warn(&format!("Skipping file {path}. {why}"));
        true
    };
    let Ok(metadata) = std::fs::metadata(path) else { return skip("File does not exist.") };
    let kind = metadata.file_type();
    if kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket() {
        return skip("File is character special device, block special device, FIFO, or socket.");
    }
    let is_readable = if kind.is_dir() { std::fs::read_dir(path).is_ok() } else { std::fs::File::open(path).is_ok() };
    !is_readable && skip("File/Directory is not readable.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute_and_shown_relative() {
        assert_eq!(absolute("/a/./b//../c/"), "/a/c");
        let here = absolute(".");
        assert_eq!(shown(&format!("{here}/x")), "./x");
        assert_eq!(shown(&format!("{here}/d/x")), "d/x");
        assert!(shown("/x").ends_with("../x"));
    }

    #[test]
    fn keys_that_leave_the_folder_are_seen() {
        for (key, leaves) in [("../a", true), ("a/../../b", true), ("a/../b", false), ("/../a", true), ("..a", false)] {
            assert_eq!(leaves_folder(key), leaves, "{key}");
        }
    }
}
