//! The advice for circumstances that a table of whole failures cannot have on every machine.

use nix::sys::signal::Signal;

use super::{Circumstances, advice};
use crate::runtime::event_source::EventSource;
use crate::runtime::failure::ending::Ending;
use crate::runtime::stack::TOP_LEVEL;

fn of<'a>(status: i32, command: &'a str, stderr: &'a str) -> Circumstances<'a> {
    Circumstances {
        ending: Ending::Status(status),
        command,
        is_condition: false,
        stderr,
        function: "handler",
        handler: "handler",
        event_source: EventSource::Argument,
        in_pipeline: false,
    }
}

fn has(circumstances: &Circumstances, parts: &[&str]) {
    let advice = advice(circumstances);
    assert!(parts.iter().all(|part| advice.contains(part)), "{advice:?} lacks one of {parts:?}");
}

#[test]
fn curls_statuses_have_a_meaning_wherever_curl_stands() {
    for (status, part) in [
        (6, "name of the host"),
        (7, "no connection"),
        (22, "400 or more"),
        (28, "NAT gateway"),
        (35, "TLS handshake"),
        (52, "answered nothing"),
        (56, "connection broke"),
        (60, "certificate"),
    ] {
        has(&of(status, "curl -s \"$url\"", ""), &[&format!("curl's status {status}: "), part, "curl -sS"]);
    }
    has(&of(7, "body=$(/usr/bin/curl -fs \"$url\")", ""), &["no connection"]);
    has(&of(7, "fetch", "curl: (7) Failed to connect\n"), &["no connection"]);
    assert!(!advice(&of(7, "curl -sS x", "curl: (7) Failed to connect\n")).contains("-sS"));
    has(&of(77, "curl -s x", ""), &["curl -sS"]);
    assert_eq!(advice(&of(7, "fetch curl", "")), "");
    assert_eq!(advice(&of(7, "fetch", "curl: (6) Could not resolve host: x\n")), "");
}

#[test]
fn a_missing_library_and_an_old_c_library_are_told_from_a_missing_program() {
    let missing = "./tool: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory\n";
    has(&of(127, "./tool", missing), &["the program exists", "`lib/`"]);
    has(
        &of(127, "./tool", "Error loading shared library libpq.so.5: No such file or directory (needed by ./tool)\n"),
        &["`lib/`"],
    );
    let old = "./tool: /lib64/libc.so.6: version `GLIBC_2.38' not found (required by ./tool)\n";
    has(&of(1, "./tool", old), &["newer C library"]);
}

#[test]
fn what_lambdas_file_system_refuses_is_explained() {
    has(&of(1, "touch x", "touch: cannot touch 'x': Read-only file system\n"), &["only /tmp can be written"]);
    let python =
        "Traceback (most recent call last):\n  File \"x.py\", line 1\nOSError: [Errno 30] Read-only file system: 'x'\n";
    has(&of(1, "python3 x.py", python), &["only /tmp can be written"]);
    has(
        &of(1, "cp a /tmp/a", "cp: error writing '/tmp/a': No space left on device\n"),
        &["512 MB", "between the events"],
    );
    has(
        &of(1, "mkdir /tmp/work", "mkdir: cannot create directory '/tmp/work': File exists\n"),
        &["mkdir -p", "between the events"],
    );
    let git = "fatal: destination path '/tmp/repo' already exists and is not an empty directory.\n";
    has(&of(128, "git clone \"$url\" /tmp/repo", git), &["between the events"]);
    assert_eq!(advice(&of(1, "mkdir /data", "mkdir: cannot create directory '/data': File exists\n")), "");
}

#[test]
fn the_event_and_the_context_are_shown_where_they_are() {
    let unset = |parameter, function| {
        let stderr = match parameter {
            1 => "/var/task/function.sh: line 1: $1: unbound variable\n",
            _ => "/var/task/function.sh: line 1: 2: unbound variable\n",
        };
        advice(&Circumstances { function, ..of(1, "", stderr) })
    };
    assert!(unset(1, TOP_LEVEL).contains("argument of the function `handler`"));
    assert!(unset(2, TOP_LEVEL).contains("argument of the function `handler`"));
    assert!(unset(2, "handler").contains("LAMBDA_RUNTIME_AWS_REQUEST_ID"));
    assert_eq!(unset(2, "greet"), "");
    assert_eq!(unset(1, "handler"), "");
    let stderr = "/var/task/function.sh: line 1: $1: unbound variable\n";
    let by = |event_source| Circumstances { event_source, ..of(1, "", stderr) };
    has(&by(EventSource::Stdin), &["on the stdin of `handler`"]);
    has(&by(EventSource::Cgi), &["body of the request is on the stdin", "QUERY_STRING"]);
}

#[test]
fn a_variable_that_is_not_set_is_explained_by_its_name() {
    let unset = |name: &str| {
        let stderr = format!("/nonexistent/function.sh: line 1: {name}: unbound variable\n");
        advice(&of(1, "", &stderr))
    };
    for (name, parts) in [
        ("TABLE_NAME", ["--env TABLE_NAME=VALUE", "--env-file", "`${TABLE_NAME-}`"]),
        ("total", ["nothing has set `total`", "", "`${total-}`"]),
        ("QUERY_STRING", ["--env COSHELL_CONVENTION=cgi", "`QUERY_STRING`", ""]),
        ("HTTP_HOST", ["--env COSHELL_CONVENTION=cgi", "`HTTP_HOST`", ""]),
        ("LAMBDA_RUNTIME_CLIENT_CONTEXT", ["for each event that has the value", "not while Bash sources", ""]),
    ] {
        let advice = unset(name);
        assert!(parts.iter().all(|part| advice.contains(part)), "{name}: {advice}");
    }
    assert_eq!(unset("list[3]"), "where this element may be unset, write `${list[3]-}`");
    assert!(unset("event").contains("write `event=$1` first") && unset("EVENT").contains("`EVENT=$1`"));
    let stderr = "/f.sh: line 1: QUERY_STRING: unbound variable\n";
    let advice = advice(&Circumstances { event_source: EventSource::Cgi, ..of(1, "", stderr) });
    assert!(!advice.contains("CONVENTION"), "{advice}");
}

#[test]
fn a_name_that_differs_in_a_letter_from_one_that_the_script_sets_is_suggested() {
    let script = tempfile::NamedTempFile::new().unwrap();
    let text = "handler() {\n  local total=1 i n\n  read -r customer rest <<<\"$1\"\n  for item in a; do :; done\n  export TABLE=x\n}\n";
    std::fs::write(script.path(), text).unwrap();
    for (name, similar) in
        [("totl", "total"), ("costumer", "customer"), ("itme", "item"), ("TABLES", "TABLE"), ("Total", "total")]
    {
        let stderr = format!("{}: line 3: {name}: unbound variable\n", script.path().display());
        let advice = advice(&of(1, "", &stderr));
        assert!(advice.contains(&format!("did you mean `{similar}`")), "{name}: {advice}");
    }
    for name in ["other", "n2", "resolved"] {
        let stderr = format!("{}: line 3: {name}: unbound variable\n", script.path().display());
        assert!(!advice(&of(1, "", &stderr)).contains("did you mean"), "{name}");
    }
}

#[test]
fn a_read_at_the_end_of_its_input_is_told_what_stdin_has() {
    let read = |command| of(1, command, "");
    has(&read("read -r event"), &["stdin is empty", "`read -r event <<<\"$1\"`"]);
    has(&read("IFS= read -r event"), &["stdin is empty"]);
    has(&read("read -r line < /dev/null"), &["ends before a newline"]);
    has(&read("read -r -d '' text <<EOF"), &["always 1"]);
    has(&Circumstances { event_source: EventSource::Stdin, ..read("read -r event") }, &["ends before a newline"]);
    has(&Circumstances { in_pipeline: true, ..read("read -r event") }, &["ends before a newline"]);
    assert_eq!(advice(&of(2, "read -r event", "")), "");
    assert_eq!(advice(&read("readonly x")), "");
}

#[test]
fn blanks_around_the_sign_of_an_assignment_are_explained() {
    let missing = "f.sh: line 2: name: command not found\n";
    for (command, right) in
        [("name = \"x y\"", "`name=\"x y\"`"), ("name =\"x\"", "`name=\"x\"`"), ("name= \"x\"", "`name=\"x\"`")]
    {
        has(&of(127, command, missing), &["no blanks around `=`", right]);
    }
    has(&of(1, "export A = b", "f.sh: line 2: export: `=': not a valid identifier\n"), &["no blanks around `=`"]);
    has(&of(127, "echo\u{a0}hi", "f.sh: line 2: echo\u{a0}hi: command not found\n"), &["no-break space"]);
    for command in ["LC_ALL= tool x", "name == x", "2x = y", "name x=y"] {
        assert!(!advice(&of(127, command, missing)).contains("blanks"), "{command}");
    }
}

#[test]
fn missing_tools_that_have_a_page_are_sent_there() {
    let missing = |name: &str| format!("f.sh: line 2: {name}: command not found\n");
    has(&of(127, "jq -r .a <<< \"$1\"", &missing("jq")), &["LAMBDA_EVENT", "EVENTS.md", "BINARIES.md"]);
    has(&of(127, "name=$(jq -r .a <<< \"$1\")", &missing("jq")), &["LAMBDA_EVENT"]);
    has(&of(127, "aws s3 ls", &missing("aws")), &["BINARIES.md"]);
    has(&of(127, "ecoh", &missing("ecoh")), &["is the name right?"]);
}

#[test]
fn programs_that_need_root_cannot_work() {
    for (status, command, stderr) in [
        (127, "sudo yum install -y jq", "f.sh: line 2: sudo: command not found\n"),
        (1, "/usr/bin/dnf install jq", "Error: This command has to be run with superuser privileges\n"),
        (100, "apt-get update", "E: Could not open lock file\n"),
        (127, "install_tools", "f.sh: line 2: yum: command not found\n"),
    ] {
        has(&of(status, command, stderr), &["cannot become root"]);
    }
}

#[test]
fn a_child_without_an_environment_has_no_path() {
    let stderr = "env: 'tool': No such file or directory\n";
    has(&of(127, "env -i LANG=C tool", stderr), &["without PATH"]);
    has(&of(127, "env -i PATH=/opt/bin tool", stderr), &["minimal image"]);
    has(&of(127, "tool", "f.sh: line 2: tool: command not found\n"), &["minimal image"]);
}

#[test]
fn an_argument_has_a_limit() {
    has(&of(126, "jq -n", "f.sh: line 2: /usr/bin/jq: Argument list too long\n"), &["128 KiB", "stdin"]);
    let in_cgi = Circumstances {
        event_source: EventSource::Cgi,
        ..of(126, "jq -n", "f.sh: line 2: /usr/bin/jq: Argument list too long\n")
    };
    assert!(!advice(&in_cgi).contains("$1"), "{}", advice(&in_cgi));
    has(&of(126, "./tool", "f.sh: line 2: ./tool: Permission denied\n"), &["mode 0755", "`chmod +x ./tool`"]);
}

#[test]
fn arithmetic_whose_result_is_0_is_told_from_arithmetic_that_bash_refuses() {
    has(&of(1, "((n = 0))", ""), &["n=$((n + 1))"]);
    let refused = "f.sh: line 2: ((: n = 1 / 0: division by 0 (error token is \"0\")\n";
    assert_eq!(advice(&of(1, "((n = 1 / 0))", refused)), "");
}

#[test]
fn a_death_is_explained_by_its_signal() {
    has(&Circumstances { ending: Ending::Signal(Signal::SIGKILL), ..of(0, "sort", "") }, &["out of memory"]);
    has(&of(137, "sort", ""), &["status 137 usually tells of SIGKILL", "out of memory"]);
    assert_eq!(advice(&of(3, "tool", "")), "");
}

#[test]
fn a_path_that_is_made_from_the_runtimes_own_name_gets_the_scripts_name() {
    let missing = "/var/task/function.sh: line 1: /var/runtime/lib/u.sh: No such file or directory\n";
    for command in ["source \"$(dirname \"$0\")/lib/u.sh\"", ". \"${0%/*}/lib/u.sh\"", "cat \"$(dirname -- $0)/u\""] {
        has(&of(1, command, missing), &["${BASH_SOURCE[0]}"]);
    }
    assert_eq!(advice(&of(1, "source lib/u.sh", missing)), "");
}
