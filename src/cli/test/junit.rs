//! Writes the results as a JUnit XML file, which CI services read: one test suite for the function, one test case for each event.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{TestResult, Verdict};
use crate::cli::terminal::printable;

/// Writes the results to `file`.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(file: &Path, function: &str, results: &[TestResult]) -> Result<()> {
    let time: Duration = results.iter().map(|result| result.duration).sum();
    let mut suite = TestSuite::new(function);
    suite.set_time(time).add_test_cases(results.iter().map(|result| case(function, result)));
    let mut report = Report::new(function);
    report.set_time(time).add_test_suite(suite);
    let xml = report.to_string().context("cannot make the JUnit report")?;
    fs::write(file, xml).with_context(|| format!("cannot write `{}`", file.display()))
}

fn case(function: &str, result: &TestResult) -> TestCase {
    let status = match &result.verdict {
        Verdict::Passed | Verdict::Written { .. } => TestCaseStatus::success(),
        Verdict::NotRun => TestCaseStatus::skipped(),
        Verdict::Failed(fault) => {
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(printable(&fault.reason)).set_description(printable(&fault.details));
            failure
        }
    };
    let mut case = TestCase::new(printable(&result.name), status);
    case.set_classname(function).set_time(result.duration);
    if !result.log.is_empty() {
        case.set_system_out(printable(&result.log));
    }
    case
}
