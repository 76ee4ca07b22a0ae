//! The file that the tutorial's global HEADERS names: the headers of an event, as `curl --dump-header` left them.
//!
//! Each event has a file of its own, which its handler may remove, as it would one by `mktemp`; that of the event before is removed
//! here, so that a background process cannot read the headers of a later event.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::channel::{Channel, private_folder};

#[derive(Debug)]
pub(super) struct HeadersFile {
    folder: PathBuf,
    /// Whether the folder is for this alone.
    is_own: bool,
    /// What the driver puts the turn's number behind.
    prefix: PathBuf,
    last: Option<PathBuf>,
}

impl HeadersFile {
    /// In the channel's folder, or in a private one below /tmp where it has none.
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

    /// The folder that must not be left behind.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.is_own.then(|| self.folder.clone())
    }

    /// Writes the headers of the event of `turn`.
    pub(super) fn write(&mut self, turn: u64, headers: &[u8]) -> io::Result<()> {
        if let Some(last) = self.last.take() {
            drop(fs::remove_file(last)); // its handler may have done so
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
            drop(fs::remove_dir_all(&self.folder)); // nothing can be done where it fails
        }
    }
}
