//! One case under each bootstrap.

use std::path::PathBuf;

use coshell::lambda::invocation::Outcome;
use coshell::lambda::runtime_api::Init;

use super::case::Case;
use crate::support::function::Function;
use crate::support::running::{GIVE_UP, Running};

/// Of a long response only so much is shown.
const SHOWN_BYTES: usize = 160;

/// A bootstrap that handlers were written for, or what does as it did.
pub struct Original {
    pub name: String,
    pub path: PathBuf,
    pub options: &'static str,
}

/// What came of an event.
#[derive(Clone, PartialEq, Eq)]
pub enum Seen {
    Response(Vec<u8>),
    /// Of a reported failure, its type; it counts as the same whatever the type is.
    Failure(String),
    /// The runtime ended without a report.
    Death(String),
}

impl Seen {
    /// A failure is a failure, by whatever name it is reported.
    fn is_as(&self, other: &Seen) -> bool {
        matches!((self, other), (Seen::Failure(_), Seen::Failure(_))) || self == other
    }

    pub fn told(&self) -> String {
        match self {
            Seen::Response(bytes) if bytes.len() > SHOWN_BYTES => format!("{} bytes", bytes.len()),
            Seen::Response(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            Seen::Failure(error_type) => error_type.clone(),
            Seen::Death(how) => how.clone(),
        }
    }
}

pub type Both = [Seen; 2];

pub fn told(both: &Both) -> String {
    if both[0] == both[1] { both[0].told() } else { format!("{} then {}", both[0].told(), both[1].told()) }
}

/// A case and what came of it.
pub struct Compared {
    pub case: Case,
    pub ours: Both,
    /// Those that differ, by name.
    pub others: Vec<(String, Both)>,
}

impl Compared {
    pub fn run(case: &Case, convention: &str, originals: &[Original]) -> Compared {
        let ours = both(case, &|function| function.env("COSHELL_CONVENTION", convention));
        let others = originals.iter().filter_map(|original| {
            let theirs = both(case, &|function| function.under(original.options, &original.path));
            let same = theirs.iter().zip(&ours).all(|(theirs, ours)| theirs.is_as(ours));
            (!same).then(|| (original.name.clone(), theirs))
        });
        Compared { others: others.collect(), case: case.clone(), ours }
    }

    pub fn line(&self) -> String {
        let Case { title, why, may, .. } = &self.case;
        if self.others.is_empty() {
            return format!("same     {title}");
        }
        let theirs: Vec<String> = self.others.iter().map(|(name, seen)| format!("{name}: {}", told(seen))).collect();
        let why = why.as_ref().or(may.as_ref()).map_or("NO REASON GIVEN", String::as_str);
        format!("differs  {title} | {} | ours: {} | {why}", theirs.join(" | "), told(&self.ours))
    }

    pub fn fault(&self) -> Option<String> {
        let Case { why, may, ours, .. } = &self.case;
        let unlike = ours.as_ref().is_some_and(|part| !told(&self.ours).contains(part.as_str()));
        let died = self.ours.iter().any(|seen| matches!(seen, Seen::Death(_)));
        match (self.others.is_empty(), why) {
            _ if died => Some(format!("ours must never end without an answer: {}", self.line())),
            _ if unlike => Some(format!("ours is not as the case says: {}", self.line())),
            (false, None) if may.is_none() => Some(self.line()),
            (true, Some(_)) => Some(format!("it no longer differs: {}, ours: {}", self.line(), told(&self.ours))),
            _ => None,
        }
    }
}

/// The two events one after the other; where the first ended the runtime, in a new environment, as on Lambda.
fn both(case: &Case, by: &dyn Fn(Function) -> Function) -> Both {
    let scratch = tempfile::tempdir().unwrap();
    let start = || {
        let function = Function::without_script().env("TMPDIR", scratch.path()).env("LC_ALL", "C.UTF-8");
        let function = match case.handler.contains('.') {
            true => function.file("function.sh", &case.script),
            false => function.program(&case.handler, &case.script),
        };
        let function = case.files.iter().fold(function, |function, (path, text)| function.file(path, text));
        by(function.handler(&case.handler)).start()
    };
    let running = start();
    let first = seen(&running, &case.events[0]);
    let again = matches!(first, Seen::Death(_)).then(start);
    let second = seen(again.as_ref().unwrap_or(&running), &case.events[1]);
    [first, second]
}

fn seen(running: &Running, event: &[u8]) -> Seen {
    match running.environment().wait_for_init(GIVE_UP) {
        Init::Ready(_) => {}
        Init::Failed(error) => return Seen::Failure(format!("init error {}", error.error_type)),
        Init::RuntimeExited(how) => return Seen::Death(format!("{how} in init")),
        Init::TimedOut => panic!("no init; log: {}", running.log()),
    }
    match running.answer_alone(event).outcome {
        Outcome::Response(response) => Seen::Response(without_root(&response.bytes, running)),
        Outcome::Error(error) => Seen::Failure(error.error_type),
        Outcome::RuntimeExited(how) => Seen::Death(how),
        Outcome::TimedOut => Seen::Death("no answer in time".to_owned()),
    }
}

/// Each run has a task root of its own.
fn without_root(bytes: &[u8], running: &Running) -> Vec<u8> {
    let root = running.folder.path().display().to_string();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(&root, "/var/task").into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}
