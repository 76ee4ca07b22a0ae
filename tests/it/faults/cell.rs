//! One cell: a process is brought to its place by handshakes, is signalled there, and then its event and three more must be answered.

use std::fs;
use std::time::Duration;

use coshell::lambda::invocation::Invoke;
use coshell::lambda::runtime_api::Init;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::told::{Told, What};
use crate::support::function::Function;
use crate::support::program::runs;
use crate::support::running::{GIVE_UP, Running, Sent, until};

/// Says who is who at its place (`pids`), and goes on when it may (`go`, `late`).
const SCRIPT: &str = r#"
if [[ $WHEN == Sourcing ]]; then echo "$$ - -" >pids; read -r line <go; fi
child() { read -r line <late; echo "late of $1"; }
handler() {
  local how=${1% *} mark=${1#* }
  echo "log of $mark" >&2
  case $how in
    Begun*) ;;
    *) echo "begin of $mark" ;;
  esac
  case $how in
    *Child | Returned*) child "$mark" & ;;
  esac
  case $how in
    plain) ;;
    *) echo "$$ $BASHPID ${!--}" >pids ;;
  esac
  case $how in
    Begun* | Writing*) read -r line <go ;;
  esac
  echo "end of $mark"
}
"#;
/// The time limit of an event that hangs, at first: where a busy machine did not do its part in time, it is doubled.
const SHORT: Duration = Duration::from_millis(800);
const MOST_ATTEMPTS: u32 = 6;
/// So many events follow.
const MORE: usize = 3;

/// Who is signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Bash,
    Waiting,
    Running,
    Child,
    Supervisor,
}

/// At which moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Sourcing,
    Between,
    Begun,
    Writing,
    Returned,
}

#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub victim: Victim,
    pub when: When,
    pub signal: Signal,
}

impl Victim {
    pub const ALL: [Victim; 5] = [Victim::Bash, Victim::Waiting, Victim::Running, Victim::Child, Victim::Supervisor];

    /// Whether there is such a process then; the page says why where not.
    pub fn lives(self, when: When) -> bool {
        match self {
            Victim::Bash | Victim::Supervisor => true,
            Victim::Waiting => matches!(when, When::Between | When::Returned),
            Victim::Running => matches!(when, When::Begun | When::Writing),
            Victim::Child => matches!(when, When::Begun | When::Writing | When::Returned),
        }
    }
}

impl When {
    pub const ALL: [When; 5] = [When::Sourcing, When::Between, When::Begun, When::Writing, When::Returned];
}

impl Cell {
    pub fn run(&self) -> Told {
        let attempts = (0..MOST_ATTEMPTS).map(|attempt| SHORT * 2_u32.pow(attempt));
        let told = attempts.into_iter().find_map(|short| self.attempt(short));
        told.unwrap_or_else(|| panic!("{self:?}: no answer within any limit"))
    }

    /// `None` where time was up before the handler came to its place, or before the runtime had ended it.
    fn attempt(&self, short: Duration) -> Option<Told> {
        let function = Function::script(SCRIPT).env("WHEN", format!("{:?}", self.when));
        // More than an event has: then it is ended at half of its time.
        let function = function.env("COSHELL_TIMEOUT_MARGIN_MS", GIVE_UP.as_millis().to_string());
        for fifo in ["go", "late"] {
            mkfifo(&function.path(fifo), Mode::S_IRWXU).unwrap();
        }
        let function = function.start();
        let opened = |name| fs::File::options().read(true).write(true).open(function.path(name)).unwrap();
        let fifos = [opened("go"), opened("late")];
        let release = || fifos.iter().for_each(|mut fifo| std::io::Write::write_all(&mut fifo, b"\n").unwrap());
        let mut told = Told::of(*self);
        match self.when {
            When::Sourcing => {
                self.strike(&function, &place(&function)?);
                release();
                let limit = if self.blocks() == Some(0) { SHORT } else { GIVE_UP };
                match function.environment().wait_for_init(limit) {
                    Init::Ready(_) => {}
                    ended => told.init(&ended),
                }
            }
            When::Between => {
                let sent = self.send(&function, "Between", "m0", GIVE_UP);
                sent.answer_and_next().responds("begin of m0\nend of m0");
                let pids = place(&function)?;
                self.strike(&function, &pids);
            }
            When::Begun | When::Writing | When::Returned => {
                let limit = if self.blocks() == Some(0) { short } else { GIVE_UP };
                let child = if self.victim == Victim::Child { "Child" } else { "" };
                let sent = self.send(&function, &format!("{:?}{child}", self.when), "m1", limit);
                let pids = place(&function)?;
                self.strike(&function, &pids);
                // Where the event fails, it must not do so for what would come then.
                if !self.fails() {
                    release();
                }
                told.event(What::of(self, child), "m1", sent.answer().outcome);
                release();
            }
        }
        while !told.is_over() && told.outcomes.len() <= MORE {
            let number = told.outcomes.len();
            let limit = if self.blocks() == Some(number) { short } else { GIVE_UP };
            let mark = format!("m{}", number + 1);
            let sent = self.send(&function, "plain", &mark, limit);
            told.event(What::Plain, &mark, sent.answer().outcome);
        }
        if told.is_too_late() && self.victim != Victim::Supervisor {
            return None;
        }
        told.log(&function.log());
        Some(told)
    }

    /// Which event hangs, by its index, when this process is stopped.
    fn blocks(&self) -> Option<usize> {
        match (self.signal, self.victim, self.when) {
            (Signal::SIGSTOP, Victim::Bash, When::Between | When::Begun | When::Writing) => Some(1),
            (Signal::SIGSTOP, Victim::Bash, When::Returned) => Some(2),
            (Signal::SIGSTOP, Victim::Waiting, When::Returned) => Some(1),
            (Signal::SIGSTOP, ..) => Some(0),
            _ => None,
        }
    }

    /// Whether its event fails at once.
    fn fails(&self) -> bool {
        self.signal != Signal::SIGSTOP && matches!(self.victim, Victim::Bash | Victim::Running)
    }

    fn send<'a>(&self, function: &'a Running, how: &str, mark: &str, timeout: Duration) -> Sent<'a> {
        function.send_with(format!("{how} {mark}"), |invoke| Invoke { timeout, ..invoke })
    }

    /// Signals the process, and waits until that shows.
    fn strike(&self, function: &Running, [bash, subshell, child]: &[String; 3]) {
        let pid = match self.victim {
            Victim::Bash => bash.clone(),
            Victim::Running => subshell.clone(),
            Victim::Child => child.clone(),
            Victim::Supervisor => function.pid().to_string(),
            Victim::Waiting => String::new(),
        };
        let waiting = matches!(self.when, When::Between | When::Returned).then(|| waiting_subshell(bash, subshell));
        let pid = if self.victim == Victim::Waiting { waiting.unwrap() } else { pid };
        kill(Pid::from_raw(pid.parse().unwrap()), self.signal).unwrap();
        match (self.signal, self.victim) {
            (Signal::SIGSTOP, _) => until("its stop", || (state(&pid) == Some('T')).then_some(())),
            (Signal::SIGSEGV, Victim::Supervisor) => {} // which it survives
            _ => until("its end", || (!runs(&pid)).then_some(())),
        }
    }
}

/// Who is who, once the script or the handler is at its place: it has said so, and has gone on to the command that waits.
fn place(function: &Running) -> Option<[String; 3]> {
    until("the place", || {
        let pids = fs::read_to_string(function.path("pids")).unwrap_or_default();
        let pids: Option<Vec<String>> =
            pids.strip_suffix('\n').map(|line| line.split(' ').map(str::to_owned).collect());
        match pids {
            Some(pids) => pids
                .iter()
                .all(|pid| state(pid).is_none_or(|state| state == 'S'))
                .then(|| Some(pids.try_into().unwrap())),
            None => function.log().contains("[ERROR]").then_some(None),
        }
    })
}

/// The subshell that waits for the next event; the one that ran the event before is gone then.
fn waiting_subshell(bash: &str, ran: &str) -> String {
    until("one child that waits", || {
        let children = fs::read_to_string(format!("/proc/{bash}/task/{bash}/children")).unwrap_or_default();
        let mut children = children.split_whitespace();
        let (first, second) = (children.next()?, children.next());
        let waits = fs::read_to_string(format!("/proc/{first}/wchan")).unwrap_or_default().contains("pipe");
        (second.is_none() && waits && first != ran).then(|| first.to_owned())
    })
}

fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}
