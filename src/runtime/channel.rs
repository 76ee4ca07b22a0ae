//! Provides the channel folder, in which Bash finds the pipes and files of the runtime.
//!
//! The folder is /proc/PID/fd of the runtime. Bash opens each pipe and file by its path, and inherits no descriptor. So a script
//! cannot close one by accident, and a handler's children never get one. The runtime holds one end of each pipe, and Bash opens
//! the same path for the other end. The runtime keeps the reading end only: end-of-file comes when all writers are gone, and the
//! next subshell can open the pipe for writing again.
//!
//! If /proc cannot be used (because it is hidden, not mounted, or the process belongs to another user), a private folder below
//! /tmp holds FIFOs and files instead. The driver is the same in both cases.

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

/// The folder in which Bash finds the runtime's descriptors.
#[derive(Debug)]
pub(crate) enum Channel {
    /// /proc/PID/fd of this process.
    Proc(PathBuf),
    /// A private folder of FIFOs and files, removed when dropped.
    Fifos(PathBuf),
}

/// One end of a pipe: our descriptor, and the path by which Bash opens the other end.
#[derive(Debug)]
pub(crate) struct PipeEnd<Fd = OwnedFd> {
    pub(crate) fd: Fd,
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

    /// The folder to remove at the end.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Channel::Proc(_) => None,
            Channel::Fifos(folder) => Some(folder.clone()),
        }
    }

    /// A pipe that Bash writes and we read, without blocking. Reading gives end-of-file while nobody has the pipe open for writing.
    pub(crate) fn reader(&self, name: &str) -> io::Result<PipeEnd> {
        match self {
            Channel::Proc(folder) => {
                let (fd, _) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
                let path = folder.join(fd.as_raw_fd().to_string());
                Ok(PipeEnd { fd, path })
            }
            Channel::Fifos(folder) => {
                let path = folder.join(name);
                Ok(PipeEnd { fd: open_fifo(&path)?, path })
            }
        }
    }

    /// The same, but reading never gives end-of-file: our own descriptor is open for writing as well, as Linux allows for a FIFO.
    pub(crate) fn endless_reader(&self, name: &str) -> io::Result<PipeEnd> {
        let PipeEnd { mut fd, path } = self.reader(name)?;
        let path_of_ours = match self {
            Channel::Proc(_) => PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd())),
            Channel::Fifos(_) => path.clone(),
        };
        let mut both = OpenOptions::new();
        both.read(true).write(true).custom_flags(libc_nonblock());
        dup3(&both.open(path_of_ours)?, &mut fd, OFlag::O_CLOEXEC)?;
        Ok(PipeEnd { fd, path })
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

    /// A file that both sides read and write; `content` is its first content.
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

    /// Replaces `shared` by an empty file under the same path. A process that still has the old file open can never read the
    /// contents of the new one.
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

    /// Replaces `end` by a new pipe under the same path, and returns the old one. A process that still writes to the old pipe can
    /// never be taken for the next writer.
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
            // An error is ignored: nothing depends on the removal.
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
