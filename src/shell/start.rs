//! From nothing to a Bash that has sourced the script, or to the reason why not.

use std::io::{self, Read as _, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::pipe2;
use signal_hook::consts::SIGCHLD;

use super::channel::{Channel, End};
use super::status::{Records, Status};
use super::xtrace::Steps;
use super::{Phase, Plumbing, Read, Shell, bash, poll_timeout, read_once, trace};
use crate::config::Config;
use crate::failure::{Ending, Failure, HandlerFailure};
use crate::handler::Handler;
use crate::logs::leftovers::Leftovers;
use crate::logs::lines::Lines;
use crate::logs::{Level, Log, Owner};

/// Lambda allows 10 s for the whole of init.
const LONG_SOURCING: Duration = Duration::from_secs(5);

/// A Bash that is sourcing the script.
#[derive(Debug)]
pub(crate) struct Starting {
    shell: Shell,
    config: Config,
    /// What Bash, not yet a handler, writes to stdout and stderr.
    output: End,
    lines: Lines,
    since: Instant,
    warned: bool,
}

impl Starting {
    /// Starts Bash, and does not wait for it.
    ///
    /// # Errors
    /// [`Failure::BashNotFound`], [`Failure::NoChannel`].
    pub(crate) fn spawn(
        config: &Config,
        handler: &Handler,
        log: &Log,
        leftovers: &Leftovers,
    ) -> Result<Starting, Failure> {
        let channel = if config.fifos { Channel::fifos().map_err(no_channel)? } else { Channel::proc() };
        Starting::over(channel, config, handler, log, leftovers)
    }

    fn over(
        channel: Channel,
        config: &Config,
        handler: &Handler,
        log: &Log,
        leftovers: &Leftovers,
    ) -> Result<Starting, Failure> {
        let plumbing = Plumbing::new(channel, config.trace).map_err(no_channel)?;
        let children = sigchld().map_err(no_channel)?;
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(|error| no_channel(error.into()))?;
        set_nonblocking(&reader).map_err(no_channel)?;
        let bash = bash::spawn(config, handler, &plumbing, writer).map_err(|error| Failure::BashNotFound {
            bash: config.bash.to_string_lossy().into_owned(),
            cause: error.to_string(),
        })?;
        let shell = Shell {
            bash,
            children,
            plumbing,
            records: Records::default(),
            turn: 0,
            phase: Phase::Forking,
            stillborn: 0,
            last_lines: None,
            steps: Steps::default(),
            handler: handler.clone(),
            task_root: config.task_root.clone(),
            timeout_margin: config.timeout_margin,
            log: log.clone(),
            leftovers: leftovers.clone(),
        };
        Ok(Starting {
            shell,
            config: config.clone(),
            output: End { fd: reader, path: PathBuf::new() },
            lines: log.lines(Owner::default()),
            since: Instant::now(),
            warned: false,
        })
    }

    /// Waits until the script is sourced and a subshell waits for the first event.
    ///
    /// # Errors
    /// Whatever keeps the script from being sourced, with its reason.
    pub(crate) fn finish(mut self) -> Result<Shell, Failure> {
        let mut statuses = Vec::new();
        loop {
            self.wait().map_err(no_channel)?;
            statuses.extend(self.shell.read_statuses());
            while read_once(&self.output, &mut |bytes| self.lines.feed(bytes)) == Read::Some {}
            self.lines.write_partial_when_due();
            self.warn_when_long();
            if self.shell.is_dead() {
                statuses.extend(self.shell.read_statuses());
                return self.explain(&statuses);
            }
            if matches!(self.shell.phase, Phase::Waiting { .. }) {
                return Ok(self.sourced());
            }
        }
    }

    fn wait(&self) -> io::Result<()> {
        let fds = [&self.shell.plumbing.status.fd, &self.output.fd];
        let children = PollFd::new(self.shell.children.as_fd(), PollFlags::POLLIN);
        let mut fds =
            [PollFd::new(fds[0].as_fd(), PollFlags::POLLIN), PollFd::new(fds[1].as_fd(), PollFlags::POLLIN), children];
        let wait = self.lines.partial_wait().unwrap_or(Duration::from_secs(1));
        match poll(&mut fds, poll_timeout(wait)) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn warn_when_long(&mut self) {
        if !self.warned && self.since.elapsed() > LONG_SOURCING {
            self.warned = true;
            let script = self.shell.handler.script.display();
            let told = format!("script `{script}` is still being sourced after 5 s; Lambda allows 10 s for init");
            self.shell.log.say(Level::Warn, &Owner::default(), &told);
        }
    }

    fn sourced(self) -> Shell {
        let Starting { shell, output, lines, since, warned, .. } = self;
        if warned {
            let script = shell.handler.script.display();
            let told = format!("sourcing script `{script}` took {:.1} s", since.elapsed().as_secs_f64());
            shell.log.say(Level::Warn, &Owner::default(), &told);
        }
        drop(shell.plumbing.trace.file.set_len(0));
        shell.leftovers.adopt(output.fd, lines);
        shell
    }

    /// Bash has ended before its time: why?
    fn explain(mut self, statuses: &[Status]) -> Result<Shell, Failure> {
        self.lines.finish();
        let Phase::Dead(Some(status)) = self.shell.phase else {
            return Err(Failure::ShellDied { status: None });
        };
        let told = statuses.iter().find(|status| matches!(status, Status::TooOld(_) | Status::NoFunction));
        let records = self.shell.read_trace();
        match told {
            Some(Status::TooOld(version)) => Err(Failure::BashTooOld { version: version.clone() }),
            Some(_) => Err(self.function_missing(&records)),
            None if self.shell.stillborn > 0 => Err(Failure::NoSubshell { status: status.code().unwrap_or_default() }),
            None if records.is_empty() && matches!(status.code(), Some(126 | 127)) => self.again_over_fifos(status),
            None => Err(self.script_failed(status, &records)),
        }
    }

    /// Bash could not open its driver: /proc cannot serve here. Then FIFOs below /tmp do.
    fn again_over_fifos(self, status: ExitStatus) -> Result<Shell, Failure> {
        if matches!(self.shell.plumbing.channel, Channel::Fifos(_)) {
            let bash = self.config.bash.to_string_lossy().into_owned();
            return Err(Failure::BashUnusable { bash, status, output: self.lines.tail() });
        }
        let Shell { handler, log, leftovers, .. } = &self.shell;
        let told = "Bash cannot open /proc/PID/fd of this process; FIFOs in a private folder below /tmp take its place";
        log.say(Level::Warn, &Owner::default(), told);
        Starting::over(Channel::fifos().map_err(no_channel)?, &self.config, handler, log, leftovers)?.finish()
    }

    fn function_missing(&self, records: &[u8]) -> Failure {
        // `declare -F` prints a line each: declare -f NAME
        let text = String::from_utf8_lossy(records).into_owned();
        let declared = text.lines().filter_map(|line| line.trim_start_matches('\0').strip_prefix("declare -f"));
        let names = declared.filter_map(|line| line.split_whitespace().last());
        let defined = names.filter(|name| !name.starts_with("__coshell_")).map(str::to_owned).collect();
        let handler = &self.shell.handler;
        let script = handler.script.strip_prefix(&self.shell.task_root).unwrap_or(&handler.script).to_owned();
        Failure::FunctionMissing { function: handler.function.clone(), script, defined }
    }

    fn script_failed(&self, status: ExitStatus, records: &[u8]) -> Failure {
        use std::os::unix::process::ExitStatusExt;
        let place = trace::place(records, 0, &self.shell.plumbing.driver_path());
        let ending = match status.signal() {
            Some(signal) => Ending::of_command(128 + signal),
            None => Ending::Status(status.code().unwrap_or_default()),
        };
        let failure = HandlerFailure {
            function: self.shell.handler.function.clone(),
            script: self.shell.handler.script.clone(),
            task_root: self.shell.task_root.clone(),
            ending,
            place,
            stderr: self.lines.tail(),
            own: None,
        };
        Failure::ScriptFailed(Box::new(failure.located()))
    }
}

impl Shell {
    /// The stack records so far; empties the file.
    pub(super) fn read_trace(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        let file = &mut self.plumbing.trace.file;
        // A file that cannot be read costs the report its place, nothing else.
        drop(file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut records)));
        drop(file.set_len(0));
        records
    }
}

/// A socket that becomes readable with every SIGCHLD. A handler, not a blocked mask: a mask would be inherited by Bash.
fn sigchld() -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGCHLD, writer)?;
    Ok(reader)
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

fn no_channel(error: io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
