//! The channel folder: where Bash finds the supervisor's pipes and files.
//!
//! It is /proc/PID/fd of the supervisor, so that Bash opens what it needs by path and nothing is inherited: a script cannot close
//! it by accident, and a handler's children never see it. A pipe has one end here; Bash opens the same path for the other one.
//! That is why the reading end alone is kept: when all who opened it for writing are gone there is end-of-file, and the next
//! subshell may open it again.
//!
//! Where /proc cannot serve (another user's, hidden, or not mounted), a private folder below /tmp holds FIFOs and files instead.
//! The driver is the same for both.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::Mode;
use nix::unistd::{dup3, mkdtemp, mkfifo, pipe2};

const FOLDER_TEMPLATE: &str = "/tmp/coshell-XXXXXX";

/// Where Bash finds the supervisor's descriptors.
#[derive(Debug)]
pub(crate) enum Channel {
    /// /proc/PID/fd of this process.
    Proc(PathBuf),
    /// A private folder of FIFOs and files, removed when dropped.
    Fifos(PathBuf),
}

/// One end of a pipe, or a file: what we hold, and the path by which Bash opens it.
#[derive(Debug)]
pub(crate) struct PipeEnd {
    pub(crate) fd: OwnedFd,
    pub(crate) path: PathBuf,
}

/// A file that both sides open: a memfd, or a plain file in the folder.
#[derive(Debug)]
pub(crate) struct SharedFile {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Channel {
    pub(crate) fn proc() -> Channel {
        Channel::Proc(PathBuf::from(format!("/proc/{}/fd", std::process::id())))
    }

    pub(crate) fn fifos() -> io::Result<Channel> {
        Ok(Channel::Fifos(private_folder()?))
    }

    /// The folder that is removed in the end.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Channel::Proc(_) => None,
            Channel::Fifos(folder) => Some(folder.clone()),
        }
    }

    /// A pipe that Bash writes and we read, without blocking.
    pub(crate) fn reader(&self, name: &str) -> io::Result<PipeEnd> {
        Ok(self.pipe(name)?.0)
    }

    /// The same with a writing end, for whoever wants no end-of-file.
    pub(crate) fn pipe(&self, name: &str) -> io::Result<(PipeEnd, OwnedFd)> {
        match self {
            Channel::Proc(folder) => {
                let (fd, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
                let path = folder.join(fd.as_raw_fd().to_string());
                Ok((PipeEnd { fd, path }, writer))
            }
            Channel::Fifos(folder) => {
                let path = folder.join(name);
                let fd = open_fifo(&path)?;
                let writer = OpenOptions::new().write(true).open(&path)?.into();
                Ok((PipeEnd { fd, path }, writer))
            }
        }
    }

    /// A pipe that we write and Bash reads. Writing to it while nobody has it open fails with EPIPE.
    pub(crate) fn writer(&self, name: &str) -> io::Result<PipeEnd> {
        let (fd, path) = match self {
            Channel::Proc(folder) => {
                let (_, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
                let path = folder.join(writer.as_raw_fd().to_string());
                (writer, path)
            }
            Channel::Fifos(folder) => {
                let path = folder.join(name);
                let _reader_until_opened = open_fifo(&path)?;
                let writer = OpenOptions::new().write(true).custom_flags(libc_nonblock()).open(&path)?;
                (writer.into(), path)
            }
        };
        Ok(PipeEnd { fd, path })
    }

    /// A file that both sides read and write, with `content` to begin with.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> io::Result<SharedFile> {
        let (mut file, path) = match self {
            Channel::Proc(folder) => {
                let file = File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC)?);
                let path = folder.join(file.as_raw_fd().to_string());
                (file, path)
            }
            Channel::Fifos(folder) => {
                let path = folder.join(name);
                (private_file(&path)?, path)
            }
        };
        file.write_all(content)?;
        Ok(SharedFile { file, path })
    }

    /// Puts an empty file in the place of `shared`, under the same path: who still has the old one open can never read what the new
    /// one will hold.
    pub(crate) fn renew_file(&self, shared: &mut SharedFile) -> io::Result<()> {
        match self {
            Channel::Proc(_) => {
                let new = memfd_create("renewed", MFdFlags::MFD_CLOEXEC)?;
                let mut number = OwnedFd::from(std::mem::replace(&mut shared.file, File::from(new.try_clone()?)));
                dup3(&new, &mut number, OFlag::O_CLOEXEC)?;
                shared.file = File::from(number);
            }
            Channel::Fifos(_) => {
                fs::remove_file(&shared.path)?;
                shared.file = private_file(&shared.path)?;
            }
        }
        Ok(())
    }

    /// Puts a new pipe in the place of `end`, under the same path, and gives back the old one: whoever still writes to that one
    /// can never be taken for the next writer.
    pub(crate) fn renew(&self, end: &mut PipeEnd) -> io::Result<OwnedFd> {
        let old = end.fd.try_clone()?;
        match self {
            Channel::Proc(_) => {
                let (reader, _) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
                dup3(&reader, &mut end.fd, OFlag::O_CLOEXEC)?;
            }
            Channel::Fifos(_) => {
                fs::remove_file(&end.path)?;
                end.fd = open_fifo(&end.path)?;
            }
        }
        Ok(old)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        match self {
            Channel::Proc(_) => {}
            // Nothing can be done where it fails, and nothing depends on it.
            Channel::Fifos(folder) => drop(fs::remove_dir_all(folder)),
        }
    }
}

pub(super) fn private_folder() -> io::Result<PathBuf> {
    Ok(mkdtemp(FOLDER_TEMPLATE)?)
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

fn open_fifo(path: &Path) -> io::Result<OwnedFd> {
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    Ok(OpenOptions::new().read(true).custom_flags(libc_nonblock()).open(path)?.into())
}

fn libc_nonblock() -> i32 {
    OFlag::O_NONBLOCK.bits()
}
