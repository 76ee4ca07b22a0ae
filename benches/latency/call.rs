//! One call of a program: how long it takes, its processor time and its memory.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::cgroup::Control;

/// How often the memory of a process is read.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// A program with its arguments and variables.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The working directory.
    pub(crate) folder: PathBuf,
}

/// What one call took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From the start to the end.
    pub(crate) time: Duration,
    /// User and system time.
    pub(crate) processor: Duration,
}

impl Call {
    /// Runs the program once; with `quota` in a control group with the processor of a function with 128 MB.
    pub(crate) fn run(&self, quota: bool) -> Result<Cost> {
        let mut child = self.start()?;
        let group = if quota { Some(Control::Quota.hierarchy()?.group()?) } else { None };
        if let Some(group) = &group {
            group.set_quota()?;
            group.take(child.id())?;
        }
        let before = processor_time()?;
        let start = Instant::now();
        release(&mut child)?;
        let status = child.wait()?;
        let time = start.elapsed();
        ensure!(status.success(), "`{}` ended with {status}", self.program.display());
        Ok(Cost { time, processor: processor_time()?.saturating_sub(before) })
    }

    /// The most memory that the program had at once, in bytes (`VmHWM`).
    pub(crate) fn peak_memory(&self) -> Result<f64> {
        let mut child = self.start()?;
        release(&mut child)?;
        let file = format!("/proc/{}/status", child.id());
        let mut peak_kib = 0.0;
        while child.try_wait()?.is_none() {
            let status = fs::read_to_string(&file).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let value = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            peak_kib = value.unwrap_or(0.0_f64).max(peak_kib);
            sleep(LOOK_AGAIN);
        }
        Ok(peak_kib * 1024.0)
    }

    /// A Bash that becomes the program when it is released: until then it can be moved to a control group.
    fn start(&self) -> Result<Child> {
        let mut command = Command::new("bash");
        command.args(["-c", "read -r && exec \"$@\" </dev/null", "bash"]).arg(&self.program).args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot start bash")
    }
}

fn release(child: &mut Child) -> Result<()> {
    child.stdin.take().context("no stdin")?.write_all(b"\n").context("cannot release the program")
}

/// The processor time of all ended children.
fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
}
