//! The codes of the findings: stable names, by which a comment in the script can silence a finding.

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Code {
    ArithmeticStatus,
    AwsCall,
    BrokenProgram,
    ByteOrderMark,
    CommandNotOnPath,
    DurableBackground,
    DurableInProgram,
    DurableInStep,
    DurableReplay,
    DurableStdin,
    EarlyExit,
    EmptyStdin,
    ErrexitIgnored,
    EventArray,
    ExitTrap,
    FileMode,
    HiddenStatus,
    LargeDocument,
    LastStatus,
    LineEnds,
    MissingCommand,
    MissingProgram,
    MissingSource,
    NoErrexit,
    NoFunction,
    NotExecutable,
    NotParsed,
    PosixMode,
    ProcessSubstitution,
    ScriptPath,
    Shellcheck,
    Syntax,
    UnknownIgnore,
    UnknownCommand,
    UnpackableFolder,
    Unreadable,
    UnwatchedJob,
    WriteOutsideTmp,
}

impl Code {
    /// All codes, in the order of their names.
    pub(super) const ALL: [Code; 38] = [
        Code::ArithmeticStatus,
        Code::AwsCall,
        Code::BrokenProgram,
        Code::ByteOrderMark,
        Code::CommandNotOnPath,
        Code::DurableBackground,
        Code::DurableInProgram,
        Code::DurableInStep,
        Code::DurableReplay,
        Code::DurableStdin,
        Code::EarlyExit,
        Code::EmptyStdin,
        Code::ErrexitIgnored,
        Code::EventArray,
        Code::ExitTrap,
        Code::FileMode,
        Code::HiddenStatus,
        Code::LargeDocument,
        Code::LastStatus,
        Code::LineEnds,
        Code::MissingCommand,
        Code::MissingProgram,
        Code::MissingSource,
        Code::NoErrexit,
        Code::NoFunction,
        Code::NotExecutable,
        Code::NotParsed,
        Code::PosixMode,
        Code::ProcessSubstitution,
        Code::ScriptPath,
        Code::Shellcheck,
        Code::Syntax,
        Code::UnknownIgnore,
        Code::UnknownCommand,
        Code::UnpackableFolder,
        Code::Unreadable,
        Code::UnwatchedJob,
        Code::WriteOutsideTmp,
    ];

    /// Its name, as a comment has it.
    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// The group of findings that it is in: `check` in the JSON output.
    pub(super) fn check(self) -> &'static str {
        self.row().1
    }

    /// What it means, in one sentence without a full stop.
    pub(super) fn meaning(self) -> &'static str {
        self.row().2
    }

    /// The code with this name.
    pub(super) fn named(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.name() == name)
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Code::ArithmeticStatus => {
                ("arithmetic-status", "errexit", "`((n++))` fails where the result is 0, and errexit ends the event")
            }
            Code::AwsCall => ("aws-call", "command", "only the whole AWS CLI serves the call, and not the small `aws`"),
            Code::BrokenProgram => ("broken-program", "program", "a program of the folder cannot start on Lambda"),
            Code::ByteOrderMark => ("byte-order-mark", "byte-order-mark", "the script begins with a byte order mark"),
            Code::CommandNotOnPath => {
                ("command-not-on-path", "command", "a command is in the function's bin/, which is not on PATH")
            }
            Code::DurableBackground => {
                ("durable-background", "durable", "durable operations run at once, in an order that is left to chance")
            }
            Code::DurableInProgram => (
                "durable-in-program",
                "durable",
                "a program calls `durable`, which is a function of the handler's shell",
            ),
            Code::DurableInStep => ("durable-in-step", "durable", "the command of a step has durable operations"),
            Code::DurableReplay => (
                "durable-replay",
                "durable",
                "outside of steps, a command gives another value or repeats its work when a durable execution goes on",
            ),
            Code::DurableStdin => {
                ("durable-stdin", "durable", "a durable operation gets an input and does not read it")
            }
            Code::EarlyExit => ("early-exit", "init", "the script exits while the runtime sources it"),
            Code::EmptyStdin => ("empty-stdin", "stdin", "a command reads the handler's stdin, which is empty"),
            Code::ErrexitIgnored => {
                ("errexit-ignored", "errexit", "a function is called where Bash ignores failures inside it")
            }
            Code::EventArray => {
                ("event-array", "event", "the script reads the array LAMBDA_EVENT and does not declare it")
            }
            Code::ExitTrap => (
                "exit-trap",
                "state",
                "with COSHELL_STATE=keep a handler's EXIT trap does not run at the end of the event",
            ),
            Code::FileMode => ("file-mode", "mode", "Lambda's user cannot read or execute the file"),
            Code::HiddenStatus => ("hidden-status", "errexit", "`local x=$(command)` hides a failure of the command"),
            Code::LargeDocument => (
                "large-document",
                "document",
                "a here-document over 64 kB is written to a file below /tmp for each use",
            ),
            Code::LastStatus => {
                ("last-status", "errexit", "a function ends with `A && B`, which fails where A is false")
            }
            Code::LineEnds => ("line-ends", "line-ends", "the lines end as on Windows"),
            Code::MissingCommand => ("missing-command", "command", "provided.al2023 lacks the command"),
            Code::MissingProgram => {
                ("missing-program", "program", "a program that the script calls by its path is not in the folder")
            }
            Code::MissingSource => ("missing-source", "source", "a file that the script sources is not in the folder"),
            Code::NoErrexit => {
                ("no-errexit", "errexit", "the convention has no errexit, and the script does not set it")
            }
            Code::NoFunction => ("no-function", "function", "the handler's function is not defined"),
            Code::NotExecutable => ("not-executable", "executable", "a program outside of bin/ is not executable"),
            Code::NotParsed => ("not-parsed", "parser", "the parser of `coshell check` cannot parse the script"),
            Code::PosixMode => ("posix-mode", "posix", "Bash runs the script in POSIX mode"),
            Code::ProcessSubstitution => {
                ("process-substitution", "dev-fd", "`<( )` and `>( )` need /dev/fd, which Lambda lacks")
            }
            Code::ScriptPath => ("script-path", "source", "`$0` is the runtime's path, not the script's"),
            Code::Shellcheck => ("shellcheck", "shellcheck", "a warning of shellcheck, where shellcheck is installed"),
            Code::Syntax => ("syntax", "syntax", "Bash cannot parse the script"),
            Code::UnknownIgnore => ("unknown-code", "ignore", "a `coshell-ignore` comment names no code of this table"),
            Code::UnknownCommand => {
                ("unknown-command", "command", "the command is in no list of the commands of provided.al2023")
            }
            Code::UnpackableFolder => ("unpackable-folder", "folder", "`coshell package` cannot package the folder"),
            Code::Unreadable => ("unreadable", "unreadable", "the file cannot be read"),
            Code::UnwatchedJob => {
                ("unwatched-job", "jobs", "`wait` without a pid hides the failure of a background job")
            }
            Code::WriteOutsideTmp => ("write-outside-tmp", "read-only", "the script writes to a path outside of /tmp"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_once_in_the_order_of_their_names() {
        let names = Code::ALL.map(Code::name);
        assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(Code::ALL.into_iter().all(|code| Code::named(code.name()) == Some(code)));
    }
}
