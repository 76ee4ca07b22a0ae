//! Writes the file that the tutorial's global HEADERS names: the headers of an event in the form of `curl --dump-header`.
//!
//! Each event has a file of its own. The handler may remove it, like a file by `mktemp`. The file of the previous event is
//! removed before the next one is written, so a background process cannot read the headers of a later event.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::runtime::channel::{Channel, private_folder};

#[derive(Debug)]
pub(super) struct HeadersFile {
    folder: PathBuf,
    /// Whether the folder was created for these files only.
    is_own: bool,
    /// The path to which the driver appends the number of the turn.
    prefix: PathBuf,
    last: Option<PathBuf>,
}

impl HeadersFile {
    /// Uses the folder of the channel, or a new private folder below /tmp if the channel has none.
    pub(super) fn beside(channel: &Channel) -> io::Result<HeadersFile> {
        let (folder, is_own) = match channel.folder() {
            Some(folder) => (folder, false),
            None => (private_folder()?, true),
        };
        Ok(HeadersFile { prefix: folder.join("headers-"), folder, is_own, last: None })
    }

    pub(super) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The folder to remove at the end.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.is_own.then(|| self.folder.clone())
    }

    /// Writes the headers of the event of `turn`.
    pub(super) fn write(&mut self, turn: u64, headers: &[u8]) -> io::Result<()> {
        if let Some(last) = self.last.take() {
            drop(fs::remove_file(last)); // the handler may have removed it already
        }
        let mut path = self.prefix.clone().into_os_string();
        path.push(turn.to_string());
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {} // a handler may empty /tmp
        }
        let path = self.last.insert(path.into());
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(headers)
    }
}

impl Drop for HeadersFile {
    fn drop(&mut self) {
        if self.is_own {
            drop(fs::remove_dir_all(&self.folder)); // an error is ignored
        }
    }
}
