//! From nothing to a Bash that has sourced the script, or to the reason why not.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::{AccessFlags, access, pipe2, write};

use super::channel::{Channel, End};
use super::convention::Convention;
use super::io::{Children, Read, poll_timeout, read_once};
use super::posix::{self, PosixMode, Reason};
use super::script_scan::Habits;
use super::status::{Records, Status};
use super::xtrace::Traced;
use super::{Phase, Plumbing, Shell, WAKE, apostrophes, bash, sources};
use crate::runtime::config::Config;
use crate::runtime::failure::{Ending, Failure};
use crate::runtime::handler::Handler;
use crate::runtime::host::Host;
use crate::runtime::logs::driver_text::DriverText;
use crate::runtime::logs::leftovers::Whose;
use crate::runtime::logs::lines::Lines;
use crate::runtime::logs::{Level, Owner};

/// Lambda allows 10 s for the whole of init.
const LONG_SOURCING: Duration = Duration::from_secs(5);
/// The turn in which the script is sourced, and BASH_SUBSHELL then.
const WHILE_SOURCING: u64 = 0;
const OF_THE_SCRIPT: u32 = 0;

/// A Bash that is sourcing the script.
#[derive(Debug)]
pub(crate) struct Starting {
    shell: Shell,
    config: Config,
    habits: Habits,
    /// What Bash, not yet a handler, writes to stdout and stderr.
    output: End,
    lines: Lines,
    /// All that the driver has said.
    told: Vec<Status>,
    since: Instant,
    warned: bool,
    /// Whether the functions for SnapStart before the snapshot have run.
    prepared: bool,
}

/// What init came to.
enum Step {
    /// The script is sourced, and a subshell waits for the first event.
    Ready(Box<Shell>),
    /// The functions before the snapshot have run. Bash waits to be woken after the restore.
    Prepared(Box<Starting>),
    /// A new Bash sources the script, as this one could not.
    Again(Box<Starting>),
}

impl Starting {
    /// Starts Bash, and does not wait for it. Turns are counted on from `first_turn`, so that what is left of a Bash before can
    /// never be taken for this one's.
    ///
    /// # Errors
    /// [`Failure::BashNotFound`], [`Failure::NoChannel`].
    pub(crate) fn spawn(config: &Config, handler: &Handler, host: &Host, first_turn: u64) -> Result<Starting, Failure> {
        let channel = if config.fifos { Channel::fifos().map_err(no_channel)? } else { Channel::proc() };
        Starting::over(channel, config, handler, host, first_turn)
    }

    fn over(
        channel: Channel,
        config: &Config,
        handler: &Handler,
        host: &Host,
        first_turn: u64,
    ) -> Result<Starting, Failure> {
        let convention = Convention::named(&config.convention)?;
        let habits = habits(handler, &config.task_root)?;
        if let Some(reason @ Reason::Expansion { .. }) =
            posix::reason(PosixMode::of(&config.posix)?, &convention, &habits)
        {
            host.log.say(Level::Debug, &Owner::default(), &format!("the script runs in POSIX mode: {reason}"));
        }
        let plumbing = Plumbing::new(channel, config.is_traced(), &convention, &habits, handler).map_err(no_channel)?;
        let children = Children::watch().map_err(no_channel)?;
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(|error| no_channel(error.into()))?;
        set_nonblocking(&reader).map_err(no_channel)?;
        let driver_text = Arc::new(DriverText::of(&plumbing.driver, &config.program));
        let lines = host.log.lines(Owner::default()).without(&driver_text);
        let wake = Arc::clone(&plumbing.wake.fd);
        let spawn = || bash::spawn(config, &convention, &habits, handler, &plumbing, first_turn, writer);
        let bash = host.roster.start(wake, plumbing.folders(), spawn).map_err(|error| not_started(config, &error))?;
        let shell = Shell {
            bash,
            children,
            signalled: false,
            plumbing,
            records: Records::default(),
            turn: first_turn,
            called: first_turn,
            subshell: None,
            phase: Phase::Forking,
            stillborn: 0,
            last_log: None,
            traced: Traced::new(config, host),
            handler: handler.clone(),
            task_root: config.task_root.clone(),
            driver_text,
            convention,
            has_event_array: false,
            timeout_margin: config.timeout_margin,
            host: host.clone(),
        };
        Ok(Starting {
            shell,
            config: config.clone(),
            habits,
            output: End { fd: reader, path: PathBuf::new() },
            lines,
            told: Vec::new(),
            since: Instant::now(),
            warned: false,
            prepared: false,
        })
    }

    /// Waits until the script is sourced and a subshell waits for the first event. If the functions for SnapStart have run, the rest of them
    /// runs now, after the restore.
    ///
    /// # Errors
    /// Whatever keeps the script from being sourced, with its reason.
    pub(crate) fn finish(mut self) -> Result<Shell, Failure> {
        loop {
            if self.prepared {
                // The next step finds out if Bash has ended meanwhile.
                let _ = write(&self.shell.plumbing.wake.fd, WAKE);
            }
            self = match self.advance()? {
                Step::Ready(shell) => return Ok(*shell),
                Step::Prepared(starting) | Step::Again(starting) => *starting,
            };
        }
    }

    /// Waits until the functions that the script registered in LAMBDA_BEFORE_SNAPSHOT have run.
    ///
    /// # Errors
    /// As for [`Starting::finish`].
    pub(crate) fn prepare(mut self) -> Result<Starting, Failure> {
        loop {
            self = match self.advance()? {
                Step::Prepared(starting) => return Ok(*starting),
                Step::Again(starting) => *starting,
                Step::Ready(_) => return Err(no_channel(io::Error::other("Bash did not wait for the restore"))),
            };
        }
    }

    /// Waits for the next step of init.
    fn advance(mut self) -> Result<Step, Failure> {
        loop {
            if self.is_newly_prepared() {
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

    /// Whether the functions before the snapshot have run; true once.
    fn is_newly_prepared(&mut self) -> bool {
        let prepared = !self.prepared && self.told.contains(&Status::Prepared);
        self.prepared |= prepared;
        prepared
    }

    fn listen(&mut self) {
        let told = self.shell.read_statuses();
        self.told.extend(told);
    }

    fn wait(&mut self) -> io::Result<()> {
        let fds = [&self.shell.plumbing.status.fd, &self.output.fd];
        let children = PollFd::new(self.shell.children.as_fd(), PollFlags::POLLIN);
        let mut fds =
            [PollFd::new(fds[0].as_fd(), PollFlags::POLLIN), PollFd::new(fds[1].as_fd(), PollFlags::POLLIN), children];
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
            let told = format!("script `{script}` is still being sourced after 5 s; Lambda allows 10 s for init");
            self.shell.host.log.say(Level::Warn, &Owner::default(), &told);
        }
    }

    /// The script is sourced: what its functions say was not known before, where they are in files that nobody could name.
    fn sourced(mut self) -> Result<Step, Failure> {
        let functions = self.functions();
        if self.may_need_posix_mode() && apostrophes::line_read_differently(&functions).is_some() {
            return self.again_in_posix_mode("a function has an apostrophe in an expansion such as \"${name:-it's}\"");
        }
        if !self.habits.headers && !functions.contains("HEADERS") && !sources::has_unknown(&functions) {
            self.shell.plumbing.headers = None;
        }
        self.shell.plumbing.driver_file = None;
        self.shell.has_event_array = self.told.contains(&Status::EventArray);
        let Starting { shell, output, lines, since, warned, .. } = self;
        if warned {
            let script = shell.handler.file().display();
            let told = format!("sourcing script `{script}` took {:.1} s", since.elapsed().as_secs_f64());
            shell.host.log.say(Level::Warn, &Owner::default(), &told);
        }
        shell.host.leftovers.adopt(output.fd, lines, Whose::Bash);
        Ok(Step::Ready(Box::new(shell)))
    }

    /// The text of all functions, where the script sources files. The driver leaves it in the trace file, after three traps.
    fn functions(&mut self) -> String {
        let records = self.shell.read_trace();
        let functions = records.split(|byte| *byte == 0).nth(3).unwrap_or_default();
        String::from_utf8_lossy(functions).into_owned()
    }

    /// Whether POSIX mode is off, and would be on if its need had been known.
    fn may_need_posix_mode(&self) -> bool {
        self.config.posix.is_empty() && self.shell.convention.posix && self.habits.apostrophe.is_none()
    }

    /// Ends this Bash and has a new one source the script in POSIX mode, for the `reason` that is logged.
    fn again_in_posix_mode(mut self, reason: &str) -> Result<Step, Failure> {
        self.lines.finish();
        let script = self.shell.handler.file().display();
        let told = format!(
            "script `{script}` is sourced once more, in POSIX mode: {reason}; set COSHELL_POSIX=1 to start in POSIX mode"
        );
        self.shell.host.log.say(Level::Warn, &Owner::default(), &told);
        self.shell.end();
        let config = Config { posix: "1".to_owned(), ..self.config.clone() };
        let Shell { handler, host, plumbing, turn, .. } = &self.shell;
        let channel = match plumbing.channel {
            Channel::Proc(_) => Channel::proc(),
            Channel::Fifos(_) => Channel::fifos().map_err(no_channel)?,
        };
        Ok(Step::Again(Box::new(Starting::over(channel, &config, handler, host, *turn)?)))
    }

    /// Bash has ended before its time: why?
    fn explain(mut self) -> Result<Step, Failure> {
        self.lines.finish();
        let Phase::Dead(Some(status)) = self.shell.phase else {
            return Err(Failure::ShellDied { status: None });
        };
        if let Some(Status::TooOld(version)) = self.told.iter().find(|status| matches!(status, Status::TooOld(_))) {
            return Err(Failure::BashTooOld { version: version.clone() });
        }
        if self.told.contains(&Status::NoFunction) {
            return Err(self.function_missing());
        }
        if !self.told.contains(&Status::Begun) {
            return self.again_over_fifos(status);
        }
        if self.shell.stillborn > 0 {
            return Err(Failure::NoSubshell { status: status.code().unwrap_or_default() });
        }
        if self.may_need_posix_mode()
            && let Some(file) = posix::parsed_in_posix_mode_only(&self.lines.tail(), &self.config)
        {
            return self.again_in_posix_mode(&format!("Bash can parse `{}` in POSIX mode only", file.display()));
        }
        Err(self.script_failed(status))
    }

    /// Bash could not open its driver: /proc cannot serve here. Then FIFOs below /tmp do.
    fn again_over_fifos(self, status: ExitStatus) -> Result<Step, Failure> {
        let could_not_open = matches!(status.code(), Some(126 | 127));
        if matches!(self.shell.plumbing.channel, Channel::Fifos(_)) || !could_not_open {
            let bash = self.config.bash.to_string_lossy().into_owned();
            return Err(Failure::BashUnusable { bash, status, output: self.lines.tail() });
        }
        let Shell { handler, host, .. } = &self.shell;
        let told = "Bash cannot open /proc/PID/fd of this process; FIFOs in a private folder below /tmp take its place";
        host.log.say(Level::Warn, &Owner::default(), told);
        let starting =
            Starting::over(Channel::fifos().map_err(no_channel)?, &self.config, handler, host, self.shell.turn)?;
        Ok(Step::Again(Box::new(starting)))
    }

    fn function_missing(&mut self) -> Failure {
        // `declare -F` prints a line each: declare -f NAME
        let text = String::from_utf8_lossy(&self.shell.read_trace()).into_owned();
        let declared = text.lines().filter_map(|line| line.trim_start_matches('\0').strip_prefix("declare -f"));
        let names = declared.filter_map(|line| line.split_whitespace().last());
        let defined = names.filter(|name| !self.habits.functions.contains(name)).map(str::to_owned).collect();
        let handler = &self.shell.handler;
        let script = handler.file().strip_prefix(&self.shell.task_root).unwrap_or(handler.file()).to_owned();
        Failure::FunctionMissing { function: handler.name(), script, defined }
    }

    fn script_failed(&mut self, status: ExitStatus) -> Failure {
        use std::os::unix::process::ExitStatusExt;
        let stderr = self.lines.tail();
        let records = self.shell.stack_records(WHILE_SOURCING);
        let place = self.shell.evidence(&records, OF_THE_SCRIPT, &stderr).failure();
        let ending = match status.signal() {
            Some(signal) => Ending::of_command(128 + signal),
            None => Ending::Status(status.code().unwrap_or_default()),
        };
        let failure = Box::new(self.shell.failure(ending, place, stderr, None));
        match () {
            () if self.prepared => Failure::AfterRestore(failure),
            () if self.told.contains(&Status::Sourced) => Failure::BeforeSnapshot(failure),
            () => Failure::ScriptFailed(failure),
        }
    }
}

/// The system's error is the same for a folder and for a program that is not there.
fn not_started(config: &Config, error: &io::Error) -> Failure {
    let can_be_entered = access(&config.task_root, AccessFlags::X_OK).is_ok();
    if config.task_root.is_dir() && can_be_entered {
        Failure::BashNotFound { bash: config.bash.to_string_lossy().into_owned(), cause: error.to_string() }
    } else {
        Failure::TaskRootNotFound { task_root: config.task_root.clone() }
    }
}

/// What the script's text speaks of; a program has none.
fn habits(handler: &Handler, root: &Path) -> Result<Habits, Failure> {
    let Some(script) = handler.script() else { return Ok(Habits::default()) };
    Habits::of(script, root)
        .map_err(|error| Failure::ScriptUnreadable { script: script.to_owned(), cause: error.to_string() })
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

fn no_channel(error: io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
