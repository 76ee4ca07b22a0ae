//! What came of one event, with what stood in the log when the answer arrived.

use coshell::lambda::invocation::{FunctionError, Outcome};
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub outcome: Outcome,
    /// What was added to the log between the event's submission and the arrival of its answer.
    pub log: String,
}

impl Answer {
    pub fn bytes(&self) -> &[u8] {
        match &self.outcome {
            Outcome::Response(response) => &response.bytes,
            Outcome::Error(error) => panic!("an error: {} {}", error.error_type, text(&error.body)),
            Outcome::TimedOut | Outcome::RuntimeExited(_) => panic!("no response: {self:?}"),
        }
    }

    pub fn text(&self) -> String {
        text(self.bytes())
    }

    /// The response is this text, to the byte.
    #[track_caller]
    pub fn responds(self, expected: &str) -> Answer {
        assert_eq!(self.text(), expected, "log: {}", self.log);
        self
    }

    /// It failed with this error type, and `part` stands in its message.
    #[track_caller]
    pub fn fails(self, error_type: &str, part: &str) -> Answer {
        let Outcome::Error(error) = &self.outcome else { panic!("no error: {self:?}") };
        assert_report(error, error_type, part);
        self
    }

    /// It failed, and `part` stands in its message.
    #[track_caller]
    pub fn fails_with(&self, part: &str) {
        let report: Value = serde_json::from_slice(self.error_body()).unwrap();
        assert!(report["errorMessage"].as_str().unwrap().contains(part), "no {part:?} in {report}");
    }

    /// The report as it was posted.
    #[track_caller]
    pub fn error_body(&self) -> &[u8] {
        let Outcome::Error(error) = &self.outcome else { panic!("no error: {self:?}") };
        &error.body
    }

    /// The stack trace of the report.
    pub fn stack(&self) -> Vec<String> {
        let report: Value = serde_json::from_slice(self.error_body()).unwrap();
        let frames = report["stackTrace"].as_array().unwrap().iter();
        frames.map(|frame| frame.as_str().unwrap().to_owned()).collect()
    }

    /// The log had these lines when the answer arrived.
    #[track_caller]
    pub fn logs(self, lines: &str) -> Answer {
        assert!(self.log.contains(lines), "no {lines:?} in {:?}", self.log);
        self
    }

    /// What killed the runtime under this event.
    #[track_caller]
    pub fn ends_the_runtime(&self) -> &str {
        let Outcome::RuntimeExited(how) = &self.outcome else { panic!("the runtime did not end: {self:?}") };
        how
    }
}

/// A report is in Lambda's form, with the same error type in header and body.
#[track_caller]
pub fn assert_report(error: &FunctionError, error_type: &str, part: &str) {
    let report: Value = serde_json::from_slice(&error.body).unwrap_or_else(|_| panic!("no JSON: {error:?}"));
    let message = report["errorMessage"].as_str().unwrap_or_else(|| panic!("no message: {report}"));
    assert_eq!(error.error_type, error_type, "{report}");
    assert_eq!(report["errorType"], error_type, "{report}");
    assert!(message.contains(part), "no {part:?} in {message:?}");
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
