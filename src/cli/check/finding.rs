//! One thing that was found.

use std::fmt::{self, Display, Formatter};

use serde_json::{Value, json};

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

/// Where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// As a path that the user can open.
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) severity: Severity,
    /// What looked for it: one word.
    pub(super) check: &'static str,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn object(&self) -> Value {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let Finding { file, line, check, message, .. } = self;
        json!({ "file": file, "line": line, "severity": severity, "check": check, "message": message })
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match self.severity {
            Severity::Error => write!(f, ": {}", self.message),
            Severity::Warning => write!(f, ": warning: {}", self.message),
            Severity::Note => write!(f, ": note: {}", self.message),
        }
    }
}
