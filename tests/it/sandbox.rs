//! The real `bootstrap` under the embedded Runtime API, for tests that read its reports and its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coshell::lambda::environment::{Bootstrap, Environment, Settings};
use coshell::lambda::function::Function;
use coshell::lambda::invocation::{FunctionError, Invocation, Invoke, Outcome};
use coshell::lambda::runtime_api::Init;
use tempfile::TempDir;

/// So that a broken runtime fails its test and does not hang it; never a measure.
pub const GIVE_UP: Duration = Duration::from_secs(20);

/// A function and its settings.
pub struct Sandbox {
    /// LAMBDA_TASK_ROOT.
    pub folder: TempDir,
    variables: Vec<(String, String)>,
}

/// A function that was started.
pub struct Running {
    environment: Environment,
    pub folder: TempDir,
    log: PathBuf,
}

impl Sandbox {
    /// With this function.sh, whose function is `handler`.
    pub fn of_script(script: &str) -> Sandbox {
        Sandbox { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }.file("function.sh", script)
    }

    pub fn file(self, name: &str, content: &str) -> Sandbox {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Sandbox {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it; its init may go on when this returns.
    pub fn start(self) -> Running {
        let log = self.folder.path().join("the log of the test");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let settings = Settings {
            function: Function { task_root: self.folder.path().to_owned(), handler: "function.handler".to_owned() },
            bootstrap: Bootstrap::Executable(env!("CARGO_BIN_EXE_bootstrap").into()),
            memory_mb: 128,
            snap_start: false,
            variables: self.variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            log: Some(Arc::new(file)),
        };
        Running { environment: Environment::start(&settings).unwrap(), folder: self.folder, log }
    }

    /// Starts it and waits for the end of its init.
    pub fn ready(self) -> Running {
        let running = self.start();
        let init = running.init();
        assert!(matches!(init, Init::Ready(_)), "{init:?}; log: {}", running.log());
        running
    }
}

impl Running {
    pub fn init(&self) -> Init {
        self.environment.wait_for_init(GIVE_UP)
    }

    /// Gives it an event with a time limit, and does not wait for the answer.
    pub fn send(&self, request_id: &str, event: &str, timeout: Duration) -> Invocation {
        let invoke = Invoke {
            payload: event.to_owned().into_bytes().into(),
            request_id: request_id.to_owned(),
            timeout,
            ..Invoke::default()
        };
        self.submit(invoke)
    }

    pub fn submit(&self, invoke: Invoke) -> Invocation {
        self.environment.api().submit(invoke).unwrap()
    }

    /// What comes of an event, once the runtime has asked for the next one.
    pub fn outcome(&self, request_id: &str, event: &str) -> Outcome {
        let invocation = self.send(request_id, event, GIVE_UP);
        let outcome = invocation.wait().outcome;
        assert!(invocation.wait_for_next(GIVE_UP).is_some(), "no next after {outcome:?}; log: {}", self.log());
        outcome
    }

    #[track_caller]
    pub fn response(&self, request_id: &str, event: &str) -> String {
        let outcome = self.outcome(request_id, event);
        let Outcome::Response(response) = outcome else { panic!("{outcome:?}; log: {}", self.log()) };
        String::from_utf8_lossy(&response.bytes).into_owned()
    }

    #[track_caller]
    pub fn error(&self, request_id: &str, event: &str) -> FunctionError {
        let outcome = self.outcome(request_id, event);
        let Outcome::Error(error) = outcome else { panic!("{outcome:?}; log: {}", self.log()) };
        error
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// The log, as soon as `enough` says so.
    #[track_caller]
    pub fn log_when(&self, enough: impl Fn(&str) -> bool) -> String {
        let limit = Instant::now() + GIVE_UP;
        loop {
            let log = self.log();
            if enough(&log) {
                return log;
            }
            assert!(Instant::now() < limit, "it never came to stand in the log: {log}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The command lines of all its processes.
    pub fn processes(&self) -> Vec<String> {
        let mark = format!("LAMBDA_TASK_ROOT={}", self.folder.path().display());
        let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let is_ours = |folder: &PathBuf| {
            let variables = fs::read(folder.join("environ")).unwrap_or_default();
            variables.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        };
        entries.filter(is_ours).map(|folder| command_line(&folder)).filter(|line| !line.is_empty()).collect()
    }
}

fn command_line(folder: &Path) -> String {
    String::from_utf8_lossy(&fs::read(folder.join("cmdline")).unwrap_or_default()).replace('\0', " ")
}
