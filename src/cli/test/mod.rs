//! `coshell test`: every event in `events/` beside the script, and whether the handler answers it as it is written there.
//!
//! An expected answer is a file, so that it can be read, reviewed and rewritten (`--update`): `NAME.response`, byte for byte but for
//! newlines at its end, or `NAME.error`, of which type and message are compared. One environment serves all events, as on Lambda, so
//! that what one event leaves behind for the next is found; the request id of an event is always the same, so that a response may have
//! it. What a handler cannot have on a developer's machine is replaced by commands in `tests/bin`.

pub(crate) mod case;
mod comparison;
mod diff;
mod junit;
mod report;
mod runner;
mod setup;
mod stubs;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use self::case::Case;
use self::runner::{Answer, Bench};
use super::event;
use super::exit_status::Exit;
use super::interruption::Interruption;
use super::invoke::arguments::{long_limit, seconds};
use super::progress::Progress;
use super::stdin_hint;
use super::terminal::warn;
use super::variables::Given;
use crate::lambda::contract;
use crate::lambda::function::Function;

const EXAMPLES: &str = "\
Examples:
  coshell events sqs > handlers/sqs/events/two.json    a sample event, to be changed
  coshell test handlers/sqs --update                   writes what the handler answers; read it before you commit it
  coshell test handlers/sqs                            compares
  coshell test handlers/sqs --filter two --env STAGE=test
  coshell test . --junit report.xml                    for CI

Files, in the folder events/ beside the script:
  NAME.json      the event
  NAME.response  the response to it; newlines at the end do not count
  NAME.error     instead, where the event fails: {\"errorType\": \"…\", \"errorMessage\": \"…\"}; what is left out is not compared
  Commands in the folder tests/bin/ beside the script come first on PATH; each must have execute permission. The program tests/setup beside it, where there is one, is run
  before the handler with a new folder as its argument; it prints NAME=VALUE lines, the handler's variables.

Exit status:
  0 every answer is as expected, or was written   1 some are not   2 wrong usage, or there are no events; nothing was run";

/// The arguments of `coshell test`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, or `dir/file.function`
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Writes the answers as those that are expected
    #[arg(long)]
    pub update: bool,

    /// Only the events whose name has this text in it
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// Writes the results as JUnit's XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// The function's time limit, at most 5400; 3 is Lambda's own default
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub timeout: Duration,

    /// What sets variables.
    #[command(flatten)]
    pub variables: Given,
}

/// What came of one event.
#[derive(Debug)]
struct Tested {
    name: String,
    verdict: Verdict,
    duration: Duration,
    /// What it wrote to its log.
    log: String,
    /// What its caller could not use.
    warnings: Vec<String>,
}

#[derive(Debug)]
enum Verdict {
    Passed,
    /// The expected answer was written to this file; where the event failed, the failure as a person reads it.
    Written {
        file: PathBuf,
        failure: Option<String>,
    },
    Failed(Fault),
    /// An earlier event left no environment to run it in.
    NotRun,
}

/// Why an event failed its test.
#[derive(Debug)]
struct Fault {
    /// A sentence.
    why: String,
    /// The evidence, on lines of its own; a line that begins with `-` is expected, one with `+` is not.
    shown: String,
}

/// Runs the command to its end.
#[must_use]
pub fn run(arguments: &Arguments) -> Exit {
    match read(arguments) {
        Ok(asked) => test(asked, arguments).unwrap_or_else(|error| Exit::Failed.with(&error)),
        Err(error) => Exit::Usage.with(&error),
    }
}

/// What is to be tested, checked before anything runs.
struct Asked {
    function: Function,
    cases: Vec<Case>,
    stubs: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

fn read(arguments: &Arguments) -> Result<Asked> {
    let function = Function::locate(&arguments.path)?;
    case::strays(&function.task_root)?.iter().for_each(|stray| warn(stray));
    let cases = case::all(&function.task_root, arguments.filter.as_deref())?;
    let stubs = stubs::folder(&function.task_root)?;
    let variables = arguments.variables.all()?;
    long_limit(arguments.timeout).iter().for_each(|warning| warn(warning));
    Ok(Asked { function, cases, stubs, variables })
}

fn test(asked: Asked, arguments: &Arguments) -> Result<Exit> {
    let Asked { function, cases, stubs, variables } = asked;
    let suite = function.name();
    let interruption = Interruption::watch()?;
    let mut bench = Bench::new(function, &variables, stubs, arguments.timeout, interruption.clone())?;
    let progress = Progress::new(cases.len() as u64, "events");
    let mut tested: Vec<Tested> = Vec::new();
    for case in &cases {
        let result = if bench.is_lost() { not_run(case) } else { one(case, &mut bench, arguments.update)? };
        if let Some(status) = interruption.exit_status() {
            return Ok(Exit::Interrupted(status)); // what came of this event came of Ctrl-C
        }
        progress.advance();
        progress.aside(|| report::one(&result))?;
        tested.push(result);
    }
    drop(progress);
    drop(bench);
    if let Some(file) = &arguments.junit {
        junit::write(file, &suite, &tested)?;
    }
    report::all(&tested)?;
    Ok(if tested.iter().all(Tested::is_well) { Exit::Done } else { Exit::Failed })
}

fn one(case: &Case, bench: &mut Bench, update: bool) -> Result<Tested> {
    let event = match event::in_file(&case.event()) {
        Ok(event) => event,
        Err(error) => return Ok(Tested::failed(case, Fault { why: format!("{error:#}"), shown: String::new() })),
    };
    let ran = bench.run(&case.name, &event)?;
    let verdict = if update {
        comparison::update(case, &ran.answer, bench.task_root())
    } else {
        comparison::compare(case, &ran.answer, bench.task_root())
    };
    let warnings = match &ran.answer {
        Answer::Response(response) => {
            let mut warnings = contract::warnings(&event, response);
            warnings.extend(stdin_hint::warning(bench.settings(), response));
            warnings
        }
        Answer::Failure(_) | Answer::Lost(_) | Answer::InitFailed(_) => Vec::new(),
    };
    let verdict =
        verdict.unwrap_or_else(|error| Verdict::Failed(Fault { why: format!("{error:#}"), shown: String::new() }));
    Ok(Tested { name: case.name.clone(), verdict, duration: ran.duration, log: ran.log, warnings })
}

fn not_run(case: &Case) -> Tested {
    Tested { verdict: Verdict::NotRun, ..Tested::failed(case, Fault { why: String::new(), shown: String::new() }) }
}

impl Tested {
    fn failed(case: &Case, fault: Fault) -> Tested {
        let verdict = Verdict::Failed(fault);
        Tested { name: case.name.clone(), verdict, duration: Duration::ZERO, log: String::new(), warnings: Vec::new() }
    }

    fn is_well(&self) -> bool {
        match self.verdict {
            Verdict::Passed | Verdict::Written { .. } => true,
            Verdict::Failed(_) | Verdict::NotRun => false,
        }
    }
}
