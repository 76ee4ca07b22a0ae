//! A function that was started: events go in, answers and a log come out.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use coshell::lambda::environment::Environment;
use coshell::lambda::invocation::{Completion, FunctionError, Invocation, Invoke};
use coshell::lambda::runtime_api::Init;
use tempfile::TempDir;

use super::answer::{Answer, assert_report, text};

/// So that a broken runtime fails its test and does not hang it; never a measure.
pub const GIVE_UP: Duration = Duration::from_secs(30);

/// A running function; dropping it ends all of its processes.
pub struct Running {
    pub(super) environment: Option<Environment>,
    /// The task root.
    pub folder: TempDir,
    /// Where its log is, and what else it was started with.
    pub(super) _place: TempDir,
    pub(super) log_path: PathBuf,
    pub(super) submitted: AtomicU32,
}

/// An event on its way.
pub struct Sent<'a> {
    running: &'a Running,
    pub invocation: Invocation,
    log_bytes: usize,
}

impl Running {
    /// Gives it an event and waits for the answer.
    pub fn answer(&self, event: impl AsRef<[u8]>) -> Answer {
        self.send(event).answer()
    }

    /// As `answer`, without a look at the log: for many events.
    pub fn answer_alone(&self, event: impl AsRef<[u8]>) -> Answer {
        let invoke = self.invoke(event);
        let outcome = self.environment().api().submit(invoke).unwrap().wait().outcome;
        Answer { outcome, log: String::new() }
    }

    /// Gives it an event and does not wait.
    pub fn send(&self, event: impl AsRef<[u8]>) -> Sent<'_> {
        self.send_with(event, |invoke| invoke)
    }

    /// Gives it an event with more headers.
    pub fn send_with(&self, event: impl AsRef<[u8]>, more: impl FnOnce(Invoke) -> Invoke) -> Sent<'_> {
        let invoke = self.invoke(event);
        let log_bytes = self.log().len();
        Sent { running: self, invocation: self.environment().api().submit(more(invoke)).unwrap(), log_bytes }
    }

    fn invoke(&self, event: impl AsRef<[u8]>) -> Invoke {
        let number = self.submitted.fetch_add(1, Ordering::Relaxed) + 1;
        Invoke {
            payload: event.as_ref().to_vec().into(),
            request_id: format!("event-{number}"),
            timeout: GIVE_UP,
            ..Invoke::default()
        }
    }

    /// Its init error; the process must have ended by itself, with a status that is not 0.
    #[track_caller]
    pub fn init_error(&self) -> FunctionError {
        let init = self.environment().wait_for_init(GIVE_UP);
        let Init::Failed(error) = init else { panic!("{init:?}; log: {}", self.log()) };
        self.assert_ended_in_failure();
        error
    }

    /// Init failed with this error type, and `part` stands in its message, which the log has too.
    #[track_caller]
    pub fn fails_init(self, error_type: &str, part: &str) -> Running {
        assert_report(&self.init_error(), error_type, part);
        assert!(self.log().contains(part), "no {part:?} in the log: {}", self.log());
        self
    }

    /// The process has ended, or ends now, with a status that is not 0.
    #[track_caller]
    pub fn assert_ended_in_failure(&self) {
        let answer = self.answer("one more");
        let how = answer.ends_the_runtime();
        assert!(how.starts_with("exit status ") && how != "exit status 0", "{how}");
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log_path).unwrap()).into_owned()
    }

    /// The log as soon as it has `part`.
    #[track_caller]
    pub fn log_with(&self, part: &str) -> String {
        until(&format!("{part:?} in the log"), || Some(self.log()).filter(|log| log.contains(part)))
    }

    pub fn environment(&self) -> &Environment {
        self.environment.as_ref().unwrap()
    }

    pub fn pid(&self) -> i32 {
        self.environment().runtime_pid().try_into().unwrap()
    }

    /// A path in the task root.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ends it, and gives its whole log.
    pub fn end(mut self) -> String {
        drop(self.environment.take());
        self.log()
    }
}

/// Until the runtime removes its folder of FIFOs on SIGTERM, the tests do.
impl Drop for Running {
    fn drop(&mut self) {
        let Some(environment) = self.environment.take() else { return };
        let folders = folders_of_fifos(environment.runtime_pid());
        drop(environment);
        for folder in folders {
            let _ = fs::remove_dir_all(folder); // the runtime may have done it
        }
    }
}

/// The folders that the drivers of this runtime's Bashes lie in.
fn folders_of_fifos(runtime: u32) -> Vec<PathBuf> {
    let children = fs::read_to_string(format!("/proc/{runtime}/task/{runtime}/children")).unwrap_or_default();
    let lines = children.split_whitespace().filter_map(|child| fs::read(format!("/proc/{child}/cmdline")).ok());
    let drivers = lines.filter_map(|line| Some(text(line.split(|byte| *byte == 0).nth(1)?)));
    let drivers = drivers.filter(|driver| driver.starts_with("/tmp/coshell-"));
    drivers.filter_map(|driver| Some(PathBuf::from(driver).parent()?.to_owned())).collect()
}

impl Sent<'_> {
    pub fn answer(self) -> Answer {
        let (sender, receiver) = mpsc::channel();
        let invocation = self.invocation.clone();
        std::thread::spawn(move || drop(sender.send(invocation.wait())));
        let Ok(Completion { outcome, .. }) = receiver.recv_timeout(2 * GIVE_UP) else {
            panic!("no answer to {:?}; log: {}", self.invocation.invoke().request_id, self.running.log())
        };
        Answer { outcome, log: self.running.log()[self.log_bytes..].to_owned() }
    }

    /// Waits for the answer, and then until the runtime asks for the next event.
    pub fn answer_and_next(self) -> Answer {
        let invocation = self.invocation.clone();
        let answer = self.answer();
        assert!(invocation.wait_for_next(GIVE_UP).is_some(), "no next after {answer:?}");
        answer
    }
}

/// Waits for what another process is about to do.
///
/// # Panics
/// Where it never comes.
#[track_caller]
pub fn until<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    until_or_show(what, found, String::new)
}

/// The same; `evidence` is shown where it never comes.
///
/// # Panics
/// Where it never comes.
#[track_caller]
pub fn until_or_show<T>(what: &str, mut found: impl FnMut() -> Option<T>, evidence: impl Fn() -> String) -> T {
    let limit = Instant::now() + GIVE_UP;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < limit, "never came: {what}{}", evidence());
        std::thread::sleep(Duration::from_millis(2));
    }
}
