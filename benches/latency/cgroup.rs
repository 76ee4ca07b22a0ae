//! Control groups, versions 1 and 2: the processor quota of a small function, the freezing between events, and processor time that
//! counts ended children too.
//!
//! Version 1 has a tree of folders for each of the three, version 2 one for all. A folder that was made here is removed by `Drop`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The processor of a function with 128 MB, measured on AWS and reproduced: 1.447 ms in each 20 ms.
const QUOTA_US: u32 = 1_447;
const PERIOD_US: u32 = 20_000;
/// How long a group may take until it is frozen, or until its last process is gone.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_micros(50);

/// What a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// A limit on processor time.
    Quota,
    /// Counting processor time.
    Accounting,
    /// Stopping and continuing all processes.
    Freezing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A folder below which groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    version: Version,
    folder: PathBuf,
}

/// A group of our own.
#[derive(Debug)]
pub(crate) struct Group {
    version: Version,
    folder: PathBuf,
}

impl Control {
    /// Where this machine has it: version 1 where that is mounted, else version 2.
    pub(crate) fn hierarchy(self) -> Result<Hierarchy> {
        let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read /proc/self/mounts")?;
        let rows = || mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).filter(|row| row.len() > 3);
        let one = rows().find(|row| row[2] == "cgroup" && row[3].split(',').any(|option| option == self.controller()));
        if let Some(row) = one {
            return Ok(Hierarchy { version: Version::One, folder: PathBuf::from(row[1]) });
        }
        let Some(row) = rows().find(|row| row[2] == "cgroup2") else {
            bail!("no control group with {} is mounted", self.controller());
        };
        let hierarchy = Hierarchy { version: Version::Two, folder: PathBuf::from(row[1]) };
        if self == Control::Quota {
            write(&hierarchy.folder.join("cgroup.subtree_control"), "+cpu")?;
        }
        Ok(hierarchy)
    }

    /// The name in version 1.
    fn controller(self) -> &'static str {
        match self {
            Control::Quota => "cpu",
            Control::Accounting => "cpuacct",
            Control::Freezing => "freezer",
        }
    }
}

impl Hierarchy {
    /// Makes a group.
    pub(crate) fn group(&self) -> Result<Arc<Group>> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("coshell-bench-{}-{number}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make the control group `{}`", folder.display()))?;
        Ok(Arc::new(Group { version: self.version, folder }))
    }
}

impl Group {
    /// Whether it lies in `hierarchy`.
    pub(crate) fn is_in(&self, hierarchy: &Hierarchy) -> bool {
        self.folder.parent() == Some(&hierarchy.folder)
    }

    /// Moves a process here, with all of its threads. One that has just ended is no error.
    pub(crate) fn take(&self, pid: u32) -> Result<()> {
        match fs::write(self.folder.join("cgroup.procs"), pid.to_string()) {
            Err(error) if error.raw_os_error() != Some(nix::libc::ESRCH) => {
                Err(error).with_context(|| format!("cannot move a process to `{}`", self.folder.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Gives it the processor of a function with 128 MB.
    pub(crate) fn set_quota(&self) -> Result<()> {
        match self.version {
            Version::One => {
                write(&self.folder.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
                write(&self.folder.join("cpu.cfs_quota_us"), &QUOTA_US.to_string())
            }
            Version::Two => write(&self.folder.join("cpu.max"), &format!("{QUOTA_US} {PERIOD_US}")),
        }
    }

    /// The processor time, user and system, of all that ran here, ended processes too.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        match self.version {
            Version::One => Ok(Duration::from_nanos(read(&self.folder.join("cpuacct.usage"))?.trim().parse()?)),
            Version::Two => {
                let stat = read(&self.folder.join("cpu.stat"))?;
                let usage = stat.lines().find_map(|line| line.strip_prefix("usage_usec "));
                Ok(Duration::from_micros(usage.context("cpu.stat has no usage_usec")?.trim().parse()?))
            }
        }
    }

    /// Stops all processes, and returns when they stand.
    pub(crate) fn freeze(&self) -> Result<()> {
        let (file, frozen) = match self.version {
            Version::One => ("freezer.state", "FROZEN"),
            Version::Two => ("cgroup.events", "frozen 1"),
        };
        self.switch("FROZEN", "1")?;
        let limit = Instant::now() + PATIENCE;
        while !read(&self.folder.join(file))?.contains(frozen) {
            if Instant::now() > limit {
                bail!("`{}` does not freeze", self.folder.display());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Lets all processes go on.
    pub(crate) fn thaw(&self) -> Result<()> {
        self.switch("THAWED", "0")
    }

    fn switch(&self, one: &str, two: &str) -> Result<()> {
        match self.version {
            Version::One => write(&self.folder.join("freezer.state"), one),
            Version::Two => write(&self.folder.join("cgroup.freeze"), two),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let limit = Instant::now() + PATIENCE;
        loop {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy && Instant::now() < limit => {
                    std::thread::sleep(LOOK_AGAIN); // its last process is on its way out
                }
                Err(error) => return eprintln!("cannot remove the control group `{}`: {error}", self.folder.display()),
                Ok(()) => return,
            }
        }
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write `{text}` to `{}`", file.display()))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}
