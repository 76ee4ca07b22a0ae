//! One case: its file, what came of it, and the two compared.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use coshell::lambda::invocation::{FunctionError, Outcome, Response};
use coshell::lambda::runtime_api::Init;
use serde_json::Value;

use super::observation::Observation;
use super::truth::{Truth, is_truth};
use crate::sandbox::{GIVE_UP, Running, Sandbox};

/// A server that never answers: nobody takes its connections.
static SILENT: LazyLock<TcpListener> = LazyLock::new(|| TcpListener::bind(("127.0.0.1", 0)).unwrap());

/// A case as its file has it.
pub struct Case {
    path: PathBuf,
    /// What fails, in a few words.
    pub title: String,
    event: String,
    timeout: Duration,
    variables: Vec<(String, String)>,
    files: Vec<(String, String)>,
    /// Whether the X-Ray cause is compared too.
    xray: bool,
    /// The lines of its truth.
    truth: Vec<(String, String)>,
    input: String,
    golden: String,
}

/// A case and what came of it.
pub struct Ran {
    pub case: Case,
    pub error_type: String,
    pub message: String,
    pub frames: Vec<String>,
    told: String,
}

impl Case {
    pub fn read(folder: &Path, name: &str) -> Case {
        let path = folder.join(name).with_extension("txt");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (input, golden) = match text.find("\n===") {
            Some(end) => text.split_at(end + 1),
            None => (text.as_str(), ""),
        };
        let mut parts = input.split("--- ");
        let mut case = Case {
            title: String::new(),
            event: "{}".to_owned(),
            timeout: GIVE_UP,
            variables: Vec::new(),
            files: Vec::new(),
            xray: false,
            truth: Vec::new(),
            input: input.to_owned(),
            golden: golden.to_owned(),
            path,
        };
        parts.next().unwrap_or_default().lines().for_each(|line| case.set(line));
        case.files =
            parts.filter_map(|part| part.split_once('\n')).map(|(name, text)| (name.into(), text.into())).collect();
        case
    }

    fn set(&mut self, line: &str) {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line:?}", self.path.display()));
        match name {
            "title" => self.title = value.to_owned(),
            "event" => self.event = value.to_owned(),
            "timeout" => self.timeout = Duration::from_millis(value.parse().unwrap()),
            "xray" => self.xray = value == "yes",
            name if is_truth(name) => self.truth.push((name.to_owned(), value.to_owned())),
            variable => self.variables.push((variable.to_owned(), value.to_owned())),
        }
    }

    /// The line of the function that a frame such as `fetch (function.sh:12)` means.
    pub fn line_of(&self, frame: &str) -> Option<&str> {
        let (file, line) = frame.rsplit_once('(')?.1.strip_suffix(')')?.rsplit_once(':')?;
        let (_, text) = self.files.iter().find(|(name, _)| name == file)?;
        text.lines().nth(line.parse::<usize>().ok()? - 1)
    }

    /// The right answer under Bash `version`.
    pub fn truth(&self, version: &str) -> Truth {
        Truth::of_lines(&self.truth, version)
    }

    /// What comes of its event, three times in one environment, under `bash`; and the log of them all. A failed init comes once.
    pub fn observe(&self, bash: &Path) -> (Vec<Observation>, String) {
        let running = self.sandbox().env("COSHELL_BASH", &bash.display().to_string()).start();
        let events = match running.init() {
            Init::Failed(error) => {
                let _ = running.send("event-1", "{}", GIVE_UP).wait(); // which its end refuses: all of its log is there then
                vec![Observation::of_error(&error, "", &running.log())]
            }
            Init::Ready(_) => (1..=3).map(|number| self.observe_event(&running, &format!("event-{number}"))).collect(),
            other @ (Init::RuntimeExited(_) | Init::TimedOut) => vec![Observation::Other(format!("{other:?}"))],
        };
        (events, running.log())
    }

    fn observe_event(&self, running: &Running, request_id: &str) -> Observation {
        let invocation = running.send(request_id, &self.event, self.timeout);
        let outcome = invocation.wait().outcome;
        let _ = invocation.wait_for_next(GIVE_UP); // all of its log is there then
        Observation::new(outcome, request_id, &running.log())
    }

    /// Its function, ready to be started.
    pub fn sandbox(&self) -> Sandbox {
        let port = SILENT.local_addr().unwrap().port().to_string();
        let of_files = |sandbox: Sandbox, (name, text): &(String, String)| sandbox.file(name, text);
        // Whoever runs the tests: the commands speak English, and quote as they do in UTF-8.
        let sandbox = Sandbox::of_script("").env("PORT", &port).env("LC_ALL", "C.UTF-8");
        let sandbox = self.files.iter().fold(sandbox, of_files);
        self.variables.iter().fold(sandbox, |sandbox, (name, value)| sandbox.env(name, value))
    }

    pub fn run(self) -> Ran {
        let running = self.sandbox().start();
        let error = match running.init() {
            Init::Failed(error) => {
                let _ = running.send("event-1", "{}", GIVE_UP).wait(); // which its end refuses: all of its log is there then
                error
            }
            Init::Ready(_) => match self.outcome(&running) {
                Ok(error) => error,
                Err(response) => return self.ran_without_failure(&response),
            },
            other => panic!("{}: {other:?}; log: {}", self.title, running.log()),
        };
        let report: Value = serde_json::from_slice(&error.body).unwrap();
        let text = |key: &str| timeless(report[key].as_str().unwrap());
        let frames = report["stackTrace"].as_array().unwrap().iter().map(|frame| frame.as_str().unwrap().to_owned());
        let (error_type, message, frames) = (text("errorType"), text("errorMessage"), frames.collect());
        let mut ran = Ran { case: self, error_type, message, frames, told: String::new() };
        ran.told = ran.tell(&error, &running);
        ran
    }

    /// The error, or the response of a handler that does not fail.
    fn outcome(&self, running: &Running) -> Result<FunctionError, String> {
        let invocation = running.send("event-1", &self.event, self.timeout);
        match invocation.wait().outcome {
            Outcome::Error(error) => Ok(error),
            Outcome::Response(Response { trailing_error: Some(error), .. }) => Ok(error),
            Outcome::Response(Response { bytes, .. }) => Err(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
            other => panic!("{}: {other:?}; log: {}", self.title, running.log()),
        }
    }

    fn ran_without_failure(self, response: &str) -> Ran {
        let (error_type, message) = ("no failure".to_owned(), format!("the response is `{response}`"));
        Ran { case: self, error_type, message, frames: Vec::new(), told: format!("=== response\n{response}\n") }
    }
}

impl Ran {
    fn tell(&self, error: &FunctionError, running: &Running) -> String {
        let mut told =
            format!("=== report\nerrorType: {}\nerrorMessage: {}\nstackTrace:\n", self.error_type, self.message);
        if error.error_type != self.error_type {
            told.insert_str("=== report\n".len(), &format!("header: {}\n", error.error_type));
        }
        self.frames.iter().for_each(|frame| told.push_str(&format!("    {frame}\n")));
        if self.case.xray {
            told.push_str(&format!("=== X-Ray cause\n{}\n", xray(error, running.folder.path())));
        }
        let log = running.log().replace(&running.folder.path().display().to_string(), "/var/task");
        let log = if self.error_type == "Function.TimedOut" { without_killed(&log) } else { log };
        told + "=== log\n" + &timeless(&log)
    }

    /// What differs from the golden text; with UPDATE_GOLDEN it is written anew instead.
    pub fn difference(&self) -> Option<String> {
        if self.told == self.case.golden {
            return None;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&self.case.path, format!("{}{}", self.case.input, self.told)).unwrap();
            return None;
        }
        Some(format!("{}: expected\n{}\ngot\n{}", self.case.path.display(), self.case.golden, self.told))
    }
}

fn xray(error: &FunctionError, root: &Path) -> String {
    let cause = error.xray_error_cause.as_deref().unwrap_or_default();
    let cause: Value = serde_json::from_str(&cause.replace(&root.display().to_string(), "/var/task")).unwrap();
    serde_json::to_string_pretty(&cause).unwrap()
}

/// Replaces what differs from run to run: `1.23 s` by `N.N s`, and the process number in Bash's `f.sh: line 3: 4711 Killed …`.
pub fn timeless(text: &str) -> String {
    let address = SILENT.local_addr().unwrap().to_string();
    text.replace(&address, "127.0.0.1:PORT").split_inclusive('\n').map(timeless_line).collect()
}

fn timeless_line(line: &str) -> String {
    if let Some((name, _)) = line.split_once('\t')
        && ["real", "user", "sys"].contains(&name)
    {
        return format!("{name}\tN.N s\n"); // of `time`
    }
    if let Some((pid, job)) = line.trim_start().split_once(' ')
        && line.starts_with(' ')
        && is_number(pid)
        && job.contains('|')
    {
        return format!("     PID {}", job.trim_start()); // another member of a pipeline, in Bash's report of a killed one
    }
    let mut words: Vec<&str> = line.split(' ').collect();
    if let Some(at) = words.iter().position(|word| *word == "line") {
        while words.get(at + 2).is_some_and(|padding| padding.is_empty()) {
            words.remove(at + 2); // in front of a short process number
        }
    }
    let is_pid = |index: usize| index > 2 && words[index - 2] == "line" && is_number(words[index]);
    let is_seconds = |index: usize| {
        let unit =
            words.get(index + 1).is_some_and(|unit| unit.trim_end_matches(|c: char| !c.is_alphanumeric()) == "s");
        unit && words[index].contains('.') && words[index].parse::<f64>().is_ok()
    };
    let timeless = words.iter().enumerate().map(|(index, word)| match word {
        _ if is_pid(index) => "PID",
        _ if is_seconds(index) => "N.N",
        word => word,
    });
    timeless.collect::<Vec<&str>>().join(" ")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Without Bash's own lines about what was killed at the deadline: whether it comes to print them is a race.
fn without_killed(log: &str) -> String {
    let of_bash = |line: &&str| line.contains(" Killed  ") || line.starts_with("     ") && line.contains('|');
    log.split_inclusive('\n').filter(|line| !of_bash(line)).collect()
}
