//! Runs `coshell test`: sends every event in `events/` beside the script, and compares each answer with the expected one.
//!
//! An expected answer is a file, so that it can be read, reviewed and rewritten (`--update`): `NAME.response` is compared byte for byte,
//! except newlines at the end; of `NAME.error`, type and message are compared. One environment serves all events, as on Lambda, so that the
//! test finds state that one event leaves for the next. The request id of an event is always the same, so that a response can contain it.
//! `NAME.history` and `NAME.callbacks` make an event the input of a durable execution (`durable.rs`).
//! Commands in `tests/bin` replace real commands that a test must not run.

pub(crate) mod case;
mod comparison;
mod diff;
mod durable;
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
use self::runner::{Answer, Runner};
use super::event;
use super::exit_status::ExitStatus;
use super::handler_hints;
use super::interruption::Interruption;
use super::invoke::arguments::{seconds, time_limit_warning};
use super::progress::Progress;
use super::terminal::warn;
use super::variables::VariableOptions;
use crate::lambda::contract;
use crate::lambda::function::Function;

const EXAMPLES: &str = "\
Examples:
  coshell events sqs > handlers/sqs/events/two.json    saves a sample event, for you to change
  coshell test handlers/sqs --update                   writes the answers of the handler; read them before you commit them
  coshell test handlers/sqs                            compares the answers
  coshell test handlers/sqs --filter two --env STAGE=test
  coshell test . --junit report.xml                    for CI

Files, in the folder events/ beside the script:
  NAME.json      the event
  NAME.response  the response to it; newlines at the end do not count
  NAME.error     the failure of the event: {\"errorType\": \"…\", \"errorMessage\": \"…\"}; a field that is left out is not compared
  NAME.history   the event is the input of a durable execution, which has this history; waits and retries pass at once.
                 Create an empty file and let --update fill it
  NAME.callbacks the answers to callbacks of the execution: lines NAME=RESULT, or NAME!=ERROR for a failure
  Commands in the folder tests/bin/ beside the script come first on PATH; each must have execute permission. If there is a
  program tests/setup beside the script, it runs before the handler with a new folder as its argument. It prints NAME=VALUE
  lines, which become variables of the handler.

Exit status:
  0 every answer is as expected, or was written   1 an answer differs   2 wrong usage, or no events; nothing was run";

/// The arguments of `coshell test`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, or `dir/file.function`
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Writes the answers as the expected answers
    #[arg(long)]
    pub update: bool,

    /// Runs only the events whose name contains TEXT
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// Also writes the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// The function's time limit, at most 5400; 3 is Lambda's own default
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub timeout: Duration,

    /// The options that set variables.
    #[command(flatten)]
    pub variables: VariableOptions,
}

/// The result of one event.
#[derive(Debug)]
struct TestResult {
    name: String,
    verdict: Verdict,
    duration: Duration,
    /// The log of the event.
    log: String,
    /// Warnings about parts of the response that its caller cannot use.
    warnings: Vec<String>,
}

#[derive(Debug)]
enum Verdict {
    Passed,
    /// The answer was written to this file as the expected answer. `failure` is the failure for a person, if the event failed.
    Written {
        file: PathBuf,
        failure: Option<String>,
    },
    Failed(Fault),
    /// Not run, because init failed for an earlier event.
    NotRun,
}

/// Why an event failed its test.
#[derive(Debug)]
struct Fault {
    /// A sentence.
    reason: String,
    /// The difference or the error, on several lines; a line that begins with `-` is expected, a line that begins with `+` is not.
    details: String,
}

/// Runs the command to its end.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    match read(arguments) {
        Ok(plan) => test(plan, arguments).unwrap_or_else(|error| ExitStatus::Failed.with_error(&error)),
        Err(error) => ExitStatus::Usage.with_error(&error),
    }
}

/// The tests to run, checked before anything runs.
struct TestPlan {
    function: Function,
    cases: Vec<Case>,
    stubs: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

fn read(arguments: &Arguments) -> Result<TestPlan> {
    let function = Function::locate(&arguments.path)?;
    case::unused_files(&function.task_root)?.iter().for_each(|unused_file| warn(unused_file));
    let cases = case::all(&function.task_root, arguments.filter.as_deref())?;
    let stubs = stubs::folder(&function.task_root)?;
    let variables = arguments.variables.all()?;
    time_limit_warning(arguments.timeout).iter().for_each(|warning| warn(warning));
    Ok(TestPlan { function, cases, stubs, variables })
}

fn test(plan: TestPlan, arguments: &Arguments) -> Result<ExitStatus> {
    let TestPlan { function, cases, stubs, variables } = plan;
    let suite = function.name();
    let interruption = Interruption::watch()?;
    let mut runner = Runner::new(function, &variables, stubs, arguments.timeout, interruption.clone())?;
    let progress = Progress::new(cases.len() as u64, "events");
    let mut results: Vec<TestResult> = Vec::new();
    for case in &cases {
        let result = if runner.init_failed() { not_run(case) } else { run_case(case, &mut runner, arguments.update)? };
        if let Some(status) = interruption.exit_status() {
            return Ok(ExitStatus::Interrupted(status)); // Ctrl-C ended this event
        }
        progress.advance();
        progress.suspend(|| report::print_result(&result))?;
        results.push(result);
    }
    drop(progress);
    drop(runner);
    if let Some(file) = &arguments.junit {
        junit::write(file, &suite, &results)?;
    }
    report::print_summary(&results)?;
    Ok(if results.iter().all(TestResult::is_success) { ExitStatus::Success } else { ExitStatus::Failed })
}

fn run_case(case: &Case, runner: &mut Runner, update: bool) -> Result<TestResult> {
    let event = match event::read_file(&case.event()) {
        Ok(event) => event,
        Err(error) => {
            return Ok(TestResult::failed(case, Fault::of(&error)));
        }
    };
    let run = match case.is_durable() {
        false => runner.run(&case.name, &event)?,
        true => match runner.run_durable(case, &event) {
            Ok(run) => run,
            Err(error) => return Ok(TestResult::failed(case, Fault::of(&error))),
        },
    };
    let verdict = if update {
        comparison::update(case, &run, runner.task_root())
    } else {
        comparison::compare(case, &run, runner.task_root())
    };
    let warnings = match &run.answer {
        Answer::Response(_) if case.is_durable() => Vec::new(),
        Answer::Response(response) => {
            let mut warnings = contract::warnings(&event, response);
            warnings.extend(handler_hints::warnings(runner.settings(), response));
            warnings
        }
        Answer::Failure(_) | Answer::Unanswered(_) | Answer::InitFailed(_) => Vec::new(),
    };
    let verdict = verdict.unwrap_or_else(|error| Verdict::Failed(Fault::of(&error)));
    Ok(TestResult { name: case.name.clone(), verdict, duration: run.duration, log: run.log, warnings })
}

fn not_run(case: &Case) -> TestResult {
    TestResult {
        verdict: Verdict::NotRun,
        ..TestResult::failed(case, Fault { reason: String::new(), details: String::new() })
    }
}

impl Fault {
    fn of(error: &anyhow::Error) -> Fault {
        Fault { reason: format!("{error:#}"), details: String::new() }
    }
}

impl TestResult {
    fn failed(case: &Case, fault: Fault) -> TestResult {
        let verdict = Verdict::Failed(fault);
        TestResult {
            name: case.name.clone(),
            verdict,
            duration: Duration::ZERO,
            log: String::new(),
            warnings: Vec::new(),
        }
    }

    fn is_success(&self) -> bool {
        match self.verdict {
            Verdict::Passed | Verdict::Written { .. } => true,
            Verdict::Failed(_) | Verdict::NotRun => false,
        }
    }
}
