//! Starts Bash and waits until Bash has sourced the script, or reports why that failed.

mod diagnosis;
mod restart;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::{AccessFlags, access, pipe2, write};

use super::convention::Convention;
use super::io::{ChildSignals, Read, poll_timeout, read_once};
use super::posix::{self, PosixMode, Reason};
use super::script_scan::ScriptScan;
use super::status::{Status, StatusReader};
use super::xtrace::TraceOutput;
use super::{Phase, Pipes, Shell, WAKE, bash, sources};
use crate::runtime::channel::{Channel, PipeEnd};
use crate::runtime::config::Config;
use crate::runtime::failure::Failure;
use crate::runtime::handler::Handler;
use crate::runtime::host::Host;
use crate::runtime::logs::driver_text::DriverText;
use crate::runtime::logs::leftovers::Holder;
use crate::runtime::logs::lines::Lines;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::syntax;

/// After this time a warning is logged. Lambda allows 10 s for the whole of init.
const LONG_SOURCING: Duration = Duration::from_secs(5);

/// A Bash that is sourcing the script.
#[derive(Debug)]
pub(crate) struct ShellStart {
    shell: Shell,
    config: Config,
    scan: ScriptScan,
    /// The output of Bash and the script until the first event.
    output: PipeEnd,
    lines: Lines,
    /// All status records of the driver so far.
    statuses: Vec<Status>,
    since: Instant,
    warned: bool,
    /// Whether the functions for SnapStart before the snapshot have run.
    prepared: bool,
}

/// A step of init.
enum Step {
    /// The script is sourced, and a subshell waits for the first event.
    Ready(Box<Shell>),
    /// The functions before the snapshot have run. Bash waits to be woken after the restore.
    Prepared(Box<ShellStart>),
    /// A new Bash sources the script, because this one could not.
    Again(Box<ShellStart>),
}

impl ShellStart {
    /// Starts Bash, and does not wait for it. The numbers of turns go on after `first_turn`, so that a record of an earlier Bash
    /// is never taken for a record of this one.
    ///
    /// # Errors
    /// [`Failure::BashNotFound`], [`Failure::NoChannel`].
    pub(crate) fn spawn(
        config: &Config,
        handler: &Handler,
        host: &Host,
        first_turn: u64,
    ) -> Result<ShellStart, Failure> {
        let has_proc = Path::new("/proc/self/fd").is_dir();
        if !config.fifos && !has_proc {
            restart::warn_of_fifos(host);
        }
        let channel = if config.fifos || !has_proc { Channel::fifos().map_err(no_channel)? } else { Channel::proc() };
        ShellStart::over(channel, config, handler, host, first_turn)
    }

    fn over(
        channel: Channel,
        config: &Config,
        handler: &Handler,
        host: &Host,
        first_turn: u64,
    ) -> Result<ShellStart, Failure> {
        let convention = Convention::named(&config.convention)?;
        let scan = scan(handler, &config.task_root)?;
        if let Some(reason @ Reason::Expansion { .. }) =
            posix::reason(PosixMode::from_setting(&config.posix)?, &convention, &scan)
        {
            host.log.say(Level::Debug, &Owner::default(), &format!("the script runs in POSIX mode: {reason}"));
        }
        let pipes = Pipes::new(channel, config.is_traced(), &convention, &scan, handler).map_err(no_channel)?;
        let child_signals = ChildSignals::watch().map_err(no_channel)?;
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(|error| no_channel(error.into()))?;
        set_nonblocking(&reader).map_err(no_channel)?;
        let driver_text = Arc::new(DriverText::of(&pipes.driver, &config.program));
        let lines = host.log.lines(Owner::default()).without(&driver_text);
        let wake = Arc::clone(&pipes.wake.fd);
        let arguments = bash::arguments(config, &convention, &scan, handler, &pipes, first_turn);
        bash::write_driver(&pipes, &scan, &arguments).map_err(no_channel)?;
        let spawn = || bash::spawn(config, &convention, &scan, &pipes, arguments, writer);
        let bash = host.processes.start(wake, pipes.folders(), spawn).map_err(|error| not_started(config, &error))?;
        let shell = Shell {
            bash,
            child_signals,
            signalled: false,
            pipes,
            records: StatusReader::default(),
            turn: first_turn,
            called: first_turn,
            subshell: None,
            phase: Phase::Forking,
            failed_forks: 0,
            last_log: None,
            trace_output: TraceOutput::new(config, host),
            handler: handler.clone(),
            task_root: config.task_root.clone(),
            driver_text,
            convention,
            has_event_array: false,
            timeout_margin: config.timeout_margin,
            keeps_state: bash::keeps_state(config, handler),
            state_max_mb: config.state_max_mb,
            session: None,
            caller: None,
            logs_repeats: config.logs_repeats,
            host: host.clone(),
        };
        Ok(ShellStart {
            shell,
            config: config.clone(),
            scan,
            output: PipeEnd { fd: reader, path: PathBuf::new() },
            lines,
            statuses: Vec::new(),
            since: Instant::now(),
            warned: false,
            prepared: false,
        })
    }

    /// Waits until the script is sourced and a subshell waits for the first event. If the functions for SnapStart before the snapshot have
    /// run, the functions after the restore run now.
    ///
    /// # Errors
    /// The reason why the script could not be sourced.
    pub(crate) fn finish(mut self) -> Result<Shell, Failure> {
        loop {
            if self.prepared {
                // The next step finds out if Bash has ended meanwhile.
                let _ = write(&self.shell.pipes.wake.fd, WAKE);
            }
            self = match self.advance()? {
                Step::Ready(shell) => return Ok(*shell),
                Step::Prepared(start) | Step::Again(start) => *start,
            };
        }
    }

    /// Waits until the functions that the script registered in LAMBDA_BEFORE_SNAPSHOT have run.
    ///
    /// # Errors
    /// As for [`ShellStart::finish`].
    pub(crate) fn prepare(mut self) -> Result<ShellStart, Failure> {
        loop {
            self = match self.advance()? {
                Step::Prepared(start) => return Ok(*start),
                Step::Again(start) => *start,
                Step::Ready(_) => return Err(no_channel(io::Error::other("Bash did not wait for the restore"))),
            };
        }
    }

    /// Waits for the next step of init.
    fn advance(mut self) -> Result<Step, Failure> {
        loop {
            if !self.prepared && self.statuses.contains(&Status::Prepared) {
                self.prepared = true;
                return Ok(Step::Prepared(Box::new(self)));
            }
            self.wait().map_err(no_channel)?;
            self.listen();
            while read_once(&self.output, &mut |bytes| self.lines.feed(bytes)) == Read::Some {}
            self.lines.write_partial_when_due();
            self.warn_when_long();
            if self.shell.is_dead() {
                self.listen();
                return self.explain();
            }
            if matches!(self.shell.phase, Phase::Waiting) {
                return self.sourced();
            }
        }
    }

    fn listen(&mut self) {
        let statuses = self.shell.read_statuses();
        self.statuses.extend(statuses);
    }

    fn wait(&mut self) -> io::Result<()> {
        let fds = [&self.shell.pipes.status.fd, &self.output.fd];
        let child_signals = PollFd::new(self.shell.child_signals.as_fd(), PollFlags::POLLIN);
        let mut fds = [
            PollFd::new(fds[0].as_fd(), PollFlags::POLLIN),
            PollFd::new(fds[1].as_fd(), PollFlags::POLLIN),
            child_signals,
        ];
        let wait = self.lines.partial_wait().unwrap_or(Duration::from_secs(1));
        match poll(&mut fds, poll_timeout(wait)) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.shell.signalled = fds[2].any() == Some(true);
        Ok(())
    }

    fn warn_when_long(&mut self) {
        if !self.warned && !self.config.snap_start && self.since.elapsed() > LONG_SOURCING {
            self.warned = true;
            let script = self.shell.handler.file().display();
            let message = format!("script `{script}` is still being sourced after 5 s; Lambda allows 10 s for init");
            self.shell.host.log.say(Level::Warn, &Owner::default(), &message);
        }
    }

    /// Completes the start after the script was sourced. The functions are known only now if they are in files whose names the
    /// script computes, so their text is checked here.
    fn sourced(mut self) -> Result<Step, Failure> {
        let functions = self.functions();
        if self.may_need_posix_mode() && syntax::line_read_differently(&functions).is_some() {
            return self.again_in_posix_mode("a function has an apostrophe in an expansion such as \"${name:-it's}\"");
        }
        if !self.scan.headers && !functions.contains("HEADERS") && !sources::has_unknown(&functions) {
            self.shell.pipes.headers = None;
        }
        self.shell.pipes.driver_file = None;
        self.shell.has_event_array = self.statuses.contains(&Status::EventArray);
        let ShellStart { shell, output, lines, since, warned, .. } = self;
        if warned {
            let script = shell.handler.file().display();
            let message = format!("sourcing script `{script}` took {:.1} s", since.elapsed().as_secs_f64());
            shell.host.log.say(Level::Warn, &Owner::default(), &message);
        }
        shell.host.leftovers.adopt(output.fd, lines, Holder::Bash);
        Ok(Step::Ready(Box::new(shell)))
    }

    /// The text of all functions, if the script sources files. The driver writes the text to the trace file, after three traps.
    fn functions(&mut self) -> String {
        let records = self.shell.read_trace();
        let functions = records.split(|byte| *byte == 0).nth(3).unwrap_or_default();
        String::from_utf8_lossy(functions).into_owned()
    }
}

/// Chooses the failure for a Bash that could not be started: the system returns the same error for a missing folder and a missing
/// program.
fn not_started(config: &Config, error: &io::Error) -> Failure {
    let can_be_entered = access(&config.task_root, AccessFlags::X_OK).is_ok();
    if config.task_root.is_dir() && can_be_entered {
        Failure::BashNotFound { bash: config.bash.to_string_lossy().into_owned(), cause: error.to_string() }
    } else {
        Failure::TaskRootNotFound { task_root: config.task_root.clone() }
    }
}

/// Scans the text of the script; a program has no text.
fn scan(handler: &Handler, root: &Path) -> Result<ScriptScan, Failure> {
    let Some(script) = handler.script() else { return Ok(ScriptScan::default()) };
    ScriptScan::of(script, root)
        .map_err(|error| Failure::ScriptUnreadable { script: script.to_owned(), cause: error.to_string() })
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

fn no_channel(error: io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
