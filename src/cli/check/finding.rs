//! One finding: where, what, and what to do about it.

use std::fmt::{self, Display, Formatter};

use serde_json::{Value, json};

use super::code::Code;
use super::position::Position;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It will fail on Lambda.
    Error,
    /// It may fail, or is not as it looks.
    Warning,
    /// It is as it should be, and worth knowing.
    Note,
}

impl Severity {
    pub(super) fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// As a path that the user can open.
    pub(super) file: String,
    pub(super) position: Option<Position>,
    pub(super) severity: Severity,
    pub(super) code: Code,
    pub(super) message: String,
}

impl Finding {
    /// The object of the finding in the JSON output.
    pub(super) fn object(&self) -> Value {
        json!({
            "file": self.file,
            "line": self.position.map(|position| position.line),
            "column": self.position.and_then(|position| position.column),
            "severity": self.severity.name(),
            "check": self.code.check(),
            "code": self.code.name(),
            "message": self.message,
        })
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        match self.severity {
            Severity::Error => f.write_str(": ")?,
            Severity::Warning | Severity::Note => write!(f, ": {}: ", self.severity.name())?,
        }
        write!(f, "{} [{}]", self.message, self.code.name())
    }
}
