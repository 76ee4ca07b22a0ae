//! Defines how handlers that were written for other runtimes are called, with one row for each convention. The public Bash
//! runtimes were surveyed in November 2026. The README says which convention to set for each.

use crate::runtime::event_source::EventSource;
use crate::runtime::failure::Failure;

/// How a handler gets its event, and where it writes its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Convention {
    /// The value of COSHELL_CONVENTION.
    pub(super) name: &'static str,
    /// The options of Bash while the script is sourced. The handler runs with the options that the script leaves.
    pub(crate) options: &'static str,
    /// Whether init fails if the script's last command fails, although errexit is off.
    pub(super) must_source: bool,
    /// Whether the handler is called as the condition of an `if`. There Bash ignores errexit, even if the handler itself sets it.
    pub(super) in_if: bool,
    /// Whether the bootstrap of the convention is `#!/bin/sh`, Bash in POSIX mode, so that scripts may need that mode.
    pub(super) posix: bool,
    /// Where a function finds its event. A program finds the event on stdin in any case.
    pub(crate) event: EventSource,
    /// Whether a program gets the event in `$1` as well. An event over 128 KiB then fails: Linux takes no longer argument.
    pub(super) program_argument: bool,
    /// Which stream is the response. The other stream is the log. The runtime waits in both cases until no process holds stdout.
    pub(super) response: Stream,
    /// Shell variables, not exported, that hold parts of the event.
    pub(super) globals: &'static str,
    /// Environment variables of Bash.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// Further names for the LAMBDA_RUNTIME_ variables; these names are exported too.
    pub(super) names: &'static [(&'static str, &'static str)],
}

/// One of a handler's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

const TUTORIAL: Convention = Convention {
    name: "tutorial",
    options: "-euo pipefail",
    must_source: false,
    in_if: false,
    posix: true,
    event: EventSource::Argument,
    program_argument: false,
    response: Stream::Stdout,
    globals: "EVENT_DATA REQUEST_ID HEADERS",
    environment: &[],
    names: &[],
};

const CONVENTIONS: [Convention; 6] = [
    // AWS's tutorial, pahud/cdk-lambda-bash, and most others.
    TUTORIAL,
    // gkrizek/bash-lambda-layer and its forks.
    Convention {
        name: "gkrizek",
        options: "-uo pipefail",
        must_source: true,
        posix: false, // its bootstrap is `#!/bin/bash`
        response: Stream::Stderr,
        globals: "EVENT_DATA",
        environment: &[("HOME", "/tmp"), ("AWS_CONFIG_FILE", "/tmp/.aws/config")],
        names: &[
            ("AWS_LAMBDA_REQUEST_ID", "LAMBDA_RUNTIME_AWS_REQUEST_ID"),
            ("AWS_LAMBDA_DEADLINE_MS", "LAMBDA_RUNTIME_DEADLINE_MS"),
            ("AWS_LAMBDA_FUNCTION_ARN", "LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN"),
            ("AWS_LAMBDA_TRACE_ID", "LAMBDA_RUNTIME_TRACE_ID"),
        ],
        ..TUTORIAL
    },
    // ql4b/lambda-shell-runtime calls the handler in an `if`.
    Convention { name: "ql4b", options: "-o pipefail", in_if: true, globals: "", ..TUTORIAL },
    // mparkachov/lambda-shell-runtime, m5d215; unverified: interchecks/bash-lambda-runtime.
    Convention { name: "mparkachov", options: "-u", event: EventSource::Stdin, globals: "", ..TUTORIAL },
    // Bootstraps that call a program as `./main.sh "$EVENT"`, such as two public layers of AWS's samples.
    Convention { name: "argument", program_argument: true, ..TUTORIAL },
    // CGI programs and functions in their style: RFC 3875. A variable that is not set is as good as an empty one there: no nounset.
    Convention { name: "cgi", options: "-eo pipefail", event: EventSource::Cgi, posix: false, globals: "", ..TUTORIAL },
];

impl Convention {
    /// The convention called `name`; the tutorial's for an empty name.
    ///
    /// # Errors
    ///
    /// [`Failure::UnknownConvention`] with the known names.
    pub(crate) fn named(name: &str) -> Result<Convention, Failure> {
        if name.is_empty() {
            return Ok(TUTORIAL);
        }
        let found = CONVENTIONS.into_iter().find(|convention| convention.name == name);
        found.ok_or_else(|| Failure::UnknownConvention {
            name: name.to_owned(),
            known: CONVENTIONS.map(|convention| convention.name).to_vec(),
        })
    }

    /// Whether the handler reads the event, or the body of its request, from stdin.
    pub(crate) fn on_stdin(&self) -> bool {
        match self.event {
            EventSource::Argument => false,
            EventSource::Stdin | EventSource::Cgi => true,
        }
    }

    /// Whether the event becomes a CGI request, and the output, a CGI response, what Lambda expects.
    pub(crate) fn is_cgi(&self) -> bool {
        self.event == EventSource::Cgi
    }

    /// The variables with further names for `variables`, and their values.
    pub(crate) fn more(&self, variables: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
        let value = |of: &str| variables.iter().find(|(name, _)| *name == of).map(|(_, value)| value.clone());
        self.names.iter().filter_map(|(name, of)| Some((*name, value(of)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_row_is_the_default_and_unknown_names_are_refused() {
        assert_eq!(Convention::named("").unwrap().name, "tutorial");
        assert_eq!(Convention::named("gkrizek").unwrap().response, Stream::Stderr);
        let refused = Convention::named("lambda").unwrap_err().to_string();
        assert!(refused.contains("`tutorial`, `gkrizek`, `ql4b`, `mparkachov`, `argument`, `cgi`"), "{refused}");
    }
}
