//! `--watch`: finds out whether the scripts of an environment have changed since the environment started.
//!
//! Bash does not report which files a script has sourced. So these files are watched: the function's script, every file that the script
//! sources by a literal name (also outside of the folder), and every `*.sh` and `*.bash` file below the function's folder, except in hidden
//! folders and node_modules. Other files are not watched: a handler reads them again for each event, and may write them.
//!
//! The files are compared before each event. That is exact, and simpler than file notifications, which come late and get lost. A thread
//! compares the files too, so that an error is shown when the developer saves the file. A file with a new time and the same text counts as
//! unchanged; otherwise a script that writes other scripts while it is sourced would be sourced again and again. Touching the function's own
//! script always counts as a change.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use walkdir::{DirEntry, WalkDir};

use crate::cli::terminal;
use crate::lambda::function::Function;
use crate::runtime::handler::Handler;
use crate::runtime::shell::sources::sourced_files;

/// How often the thread compares the files.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The most entries of the function's folder that are watched.
const MAX_ENTRIES: usize = 20_000;

/// The files of one function.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    function: Function,
}

/// The state of the files at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<PathBuf, FileState>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileState {
    stamp: Stamp,
    /// The hash of the text.
    hash: u64,
    is_own_script: bool,
}

/// Values that change with every write: modification and change times in ns, size, inode.
type Stamp = ([i64; 4], u64, u64);

impl Watch {
    pub(super) fn new(function: &Function) -> Watch {
        let watch = Watch { function: function.clone() };
        if watch.entries().count() == MAX_ENTRIES {
            let folder = function.task_root.display();
            terminal::warn(&format!(
                "`{folder}` has too many entries: --watch looks at the first {MAX_ENTRIES} files and folders only"
            ));
        }
        watch
    }

    /// The files that `file` seems to source; none if `file` cannot be read.
    fn sources_of(&self, file: &Path) -> Vec<PathBuf> {
        let text = fs::read(file).unwrap_or_default();
        let root = self.function.task_root.as_path();
        let sources = sourced_files(&String::from_utf8_lossy(&text), [root, file.parent().unwrap_or(root)]);
        sources.iter().map(|source| source.components().collect()).collect() // without `.` in the middle
    }

    /// The present state of the files.
    pub(super) fn snapshot(&self) -> Snapshot {
        let own = self.own_script();
        let mut files = BTreeMap::new();
        let mut named: Vec<PathBuf> = own.iter().cloned().collect();
        named.extend(self.entries().filter(is_script).map(DirEntry::into_path));
        while let Some(file) = named.pop() {
            let Some(stamp) = fs::metadata(&file).ok().as_ref().map(stamp) else { continue };
            if files.contains_key(&file) {
                continue;
            }
            named.extend(self.sources_of(&file));
            let is_own_script = own.as_ref() == Some(&file);
            let hash = hash(&file);
            files.insert(file, FileState { stamp, hash, is_own_script });
        }
        Snapshot(files)
    }

    /// The files that were changed, removed or added since `before`.
    pub(super) fn changed_since(&self, before: &Snapshot) -> Vec<PathBuf> {
        let changed = |(file, seen): (&PathBuf, &FileState)| (!seen.is_still(file)).then(|| file.clone());
        let mut changed: Vec<PathBuf> = before.0.iter().filter_map(changed).collect();
        let new = self.entries().filter(is_script).map(DirEntry::into_path).chain(self.own_script());
        changed.extend(new.filter(|file| !before.0.contains_key(file)));
        changed.dedup(); // the function's script can be found twice
        changed
    }

    /// Starts a thread that calls `on_change` whenever a file has changed, as long as the program runs.
    pub(super) fn follow(self, on_change: impl Fn() + Send + 'static) {
        let mut seen = self.snapshot();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(POLL_INTERVAL);
                if !self.changed_since(&seen).is_empty() {
                    seen = self.snapshot();
                    on_change();
                }
            }
        });
    }

    /// The path for messages: relative to the function's folder, if the file is below the folder.
    pub(super) fn shown(&self, file: &Path) -> String {
        file.strip_prefix(&self.function.task_root).unwrap_or(file).display().to_string()
    }

    fn own_script(&self) -> Option<PathBuf> {
        let handler = Handler::resolve(&self.function.handler, &self.function.task_root).ok()?;
        Some(handler.file().to_owned())
    }

    fn entries(&self) -> impl Iterator<Item = DirEntry> + use<> {
        let walk = WalkDir::new(&self.function.task_root).min_depth(1).follow_links(true).sort_by_file_name();
        walk.into_iter().filter_entry(|entry| !is_excluded(entry)).flatten().take(MAX_ENTRIES)
    }
}

impl FileState {
    fn is_still(&self, file: &Path) -> bool {
        let Ok(metadata) = fs::metadata(file) else { return false };
        stamp(&metadata) == self.stamp || !self.is_own_script && hash(file) == self.hash
    }
}

fn is_excluded(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    entry.file_type().is_dir() && (name.starts_with(b".") || name == b"node_modules")
}

fn is_script(entry: &DirEntry) -> bool {
    entry.file_type().is_file() && entry.path().extension().is_some_and(|end| end == "sh" || end == "bash")
}

fn stamp(metadata: &Metadata) -> Stamp {
    let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
    (times, metadata.size(), metadata.ino())
}

fn hash(file: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    fs::read(file).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(files: &[(&str, &str)]) -> (tempfile::TempDir, Watch) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join(".git")).unwrap();
        for (name, text) in files {
            fs::write(root.join(name), text).unwrap();
        }
        let function = Function { task_root: root, handler: "function.handler".to_owned() };
        (folder, Watch { function })
    }

    fn changes(watch: &Watch, before: &Snapshot) -> Vec<String> {
        watch.changed_since(before).iter().map(|file| watch.shown(file)).collect()
    }

    #[test]
    fn scripts_are_watched_and_other_files_are_not() {
        let (_folder, watch) =
            watch(&[("function.sh", "1"), ("lib.bash", "1"), ("data.csv", "1"), (".git/hook.sh", "1")]);
        let before = watch.snapshot();
        assert_eq!(changes(&watch, &before), [""; 0]);
        for file in ["data.csv", ".git/hook.sh", "new.txt"] {
            fs::write(watch.function.task_root.join(file), "2").unwrap();
        }
        assert_eq!(changes(&watch, &before), [""; 0]);
        fs::write(watch.function.task_root.join("lib.bash"), "2").unwrap();
        fs::write(watch.function.task_root.join("new.sh"), "2").unwrap();
        fs::remove_file(watch.function.task_root.join("function.sh")).unwrap();
        assert_eq!(changes(&watch, &before), ["function.sh", "lib.bash", "new.sh"]);
    }

    #[test]
    fn a_file_that_is_sourced_from_outside_is_watched() {
        let (folder, watch) = watch(&[("function.sh", "source ../lib/one.sh"), ("plain", "")]);
        fs::create_dir(folder.path().join("lib")).unwrap();
        let [one, two] = ["one.sh", "two"].map(|name| folder.path().join("lib").join(name));
        fs::write(&one, ". ./two\n").unwrap();
        fs::write(&two, "1").unwrap();
        let before = watch.snapshot();
        fs::write(&two, "2").unwrap();
        assert_eq!(changes(&watch, &before), ["../lib/two"]);
    }

    #[test]
    fn the_same_text_written_again_is_a_change_only_for_the_functions_own_script() {
        let (_folder, watch) = watch(&[("function.sh", "1"), ("made.sh", "1")]);
        let before = watch.snapshot();
        for (file, expected) in [("made.sh", [""; 0].as_slice()), ("function.sh", &["function.sh"])] {
            let path = watch.function.task_root.join(file);
            fs::write(watch.function.task_root.join("copy"), "1").unwrap();
            fs::rename(watch.function.task_root.join("copy"), path).unwrap();
            assert_eq!(changes(&watch, &before), expected);
        }
    }
}
