//! What a handler sees of its event and of the place it runs in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use coshell::lambda::invocation::Invoke;

use crate::support::function::{BOOTSTRAP, Channel, Function};
use crate::support::skip::no_other_user;

const NAMES: [&str; 8] = [
    "LAMBDA_RUNTIME_AWS_REQUEST_ID",
    "LAMBDA_RUNTIME_DEADLINE_MS",
    "LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN",
    "LAMBDA_RUNTIME_TRACE_ID",
    "LAMBDA_RUNTIME_CLIENT_CONTEXT",
    "LAMBDA_RUNTIME_COGNITO_IDENTITY",
    "LAMBDA_RUNTIME_AWS_TENANT_ID",
    "_X_AMZN_TRACE_ID",
];

/// Whoever runs the tests may have left descriptors open in them.
const CLOSE_ALL: &str = "for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -lt 3 ] || eval \"exec $fd>&-\"; done";

/// Prints what `printenv`, and so every program, sees.
const PRINT_VARIABLES: &str = "handler() { for name in $1; do printenv \"$name\" || echo unset; done; }";

#[test]
fn each_event_has_its_own_context_variables_and_those_of_no_other() {
    let full = |invoke: Invoke| Invoke {
        function_arn: Some("arn:aws:lambda:us-east-1:123456789012:function:f".into()),
        trace_id: Some("Root=1-5759e988;Parent=53995c3f42cd8ad8;Sampled=1".into()),
        client_context: Some("{\"custom\":{\"a\":\"b c\\u00fc'\\\"\"}}".into()),
        cognito_identity: Some("{\"cognitoIdentityId\":\"id\"}".into()),
        tenant_id: Some("blue $(x) `y`".into()),
        ..invoke
    };
    for channel in Channel::BOTH {
        let function = Function::script(PRINT_VARIABLES).over(channel).env("_X_AMZN_TRACE_ID", "of init").start();
        for round in [0, 1] {
            let event = NAMES.join(" ");
            let with_all = function.send_with(&event, full);
            let invoke = with_all.invocation.invoke().clone();
            let answer = with_all.answer().text();
            let seen: Vec<Option<&str>> = answer.lines().map(Some).collect();
            let expected = [
                Some(invoke.request_id.as_str()),
                seen[1],
                invoke.function_arn.as_deref(),
                invoke.trace_id.as_deref(),
                invoke.client_context.as_deref(),
                invoke.cognito_identity.as_deref(),
                invoke.tenant_id.as_deref(),
                invoke.trace_id.as_deref(),
            ];
            assert_eq!(seen, expected);
            assert!(seen[1].unwrap().parse::<u64>().unwrap() > 1_700_000_000_000, "{seen:?}");

            let text = function.answer(&event).text();
            let seen: Vec<&str> = text.lines().collect();
            assert_eq!(seen[0], format!("event-{}", 2 * round + 2));
            assert_eq!(seen[2..], ["unset"; 6]);
        }
    }
}

#[test]
fn a_context_text_that_is_not_utf_8_passes_as_it_is() {
    let function = Function::script("handler() { printf %s \"$LAMBDA_RUNTIME_CLIENT_CONTEXT\"; }").start();
    let sent = function.send_with("", |invoke| Invoke { client_context: Some("{\"a\":\"ü€\"}".into()), ..invoke });
    sent.answer().responds("{\"a\":\"ü€\"}");
}

#[test]
fn the_script_is_sourced_without_any_events_context() {
    let script = "seen=${LAMBDA_RUNTIME_AWS_REQUEST_ID-unset}; handler() { echo \"$seen\"; }";
    Function::script(script).answer("").responds("unset");
}

#[test]
fn a_home_that_cannot_be_entered_is_tmp() {
    let script = "at_start=$HOME; handler() { echo \"$at_start $HOME $(printenv HOME)\"; }";
    let home = |home: &str| Function::script(script).env("HOME", home).answer("");
    home("").responds("/tmp /tmp /tmp");
    home("/no/such/folder").responds("/tmp /tmp /tmp");
    home("/dev/null").responds("/tmp /tmp /tmp");
    home("/").responds("/ / /");
    Function::script(script).started_by("unset HOME; exec \"$@\"").answer("").responds("/tmp /tmp /tmp");
}

#[test]
fn a_home_that_its_user_may_not_enter_is_tmp() {
    if no_other_user() {
        return;
    }
    let drop_root = "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";
    let forbidden = tempfile::tempdir().unwrap(); // of the user who runs the tests
    fs::set_permissions(forbidden.path(), Permissions::from_mode(0o700)).unwrap();
    let script = "handler() { echo \"$HOME $UID\"; }";
    let function = Function::script(script).env("HOME", forbidden.path()).started_by(drop_root);
    function.answer("").responds("/tmp 65534");
}

#[test]
fn the_handler_is_called_as_the_tutorials_bootstrap_calls_it() {
    for channel in Channel::BOTH {
        let script = r#"
at_source="$# $(readlink /proc/self/fd/0)"
handler() {
  echo "$#|${FUNCNAME[*]}|${BASH_SOURCE[0]}|$0"
  echo "$(pwd)|$(/bin/pwd)"
  echo "$(readlink /proc/self/fd/0)|$(wc -c)"
  printf '%q|%s|%s\n' "$IFS" "${-//E/}" "$BASH_SUBSHELL"
  [[ -o errexit && -o nounset && -o pipefail ]] && shopt -q inherit_errexit expand_aliases && echo as expected
  [[ -p /dev/stdout ]] && echo to a pipe >/dev/stdout
  echo "$at_source"
  [[ $$ != "$BASHPID" ]] && echo "a subshell of its own"
}"#;
        let function = Function::script(script).over(channel);
        let root = function.folder.path().display().to_string();
        let expected = format!(
            "1|handler main|{root}/function.sh|{BOOTSTRAP}\n{root}|{root}\n/dev/null|0\n$' \\t\\n'|ehuB|1\n\
             as expected\nto a pipe\n0 /dev/null\na subshell of its own"
        );
        function.answer("an event").responds(&expected);
    }
}

#[test]
fn a_handlers_children_inherit_no_descriptor_but_the_three() {
    for channel in Channel::BOTH {
        // The descriptor 3 is that of the folder which ls reads.
        let script = "init=$(ls /proc/self/fd)\nhandler() { echo $init; echo $(ls /proc/self/fd); }";
        let function = Function::script(script).over(channel).started_by(&format!("{CLOSE_ALL}; exec \"$@\"")).start();
        function.answer("").responds("0 1 2 3\n0 1 2 3");
        function.answer("").responds("0 1 2 3\n0 1 2 3");
    }
}

#[test]
fn bash_env_is_not_sourced_and_the_handlers_children_see_it() {
    let function = Function::script("handler() { echo \"${by_bash_env-not sourced} $(printenv BASH_ENV)\"; }");
    let path = function.path("env.sh");
    let function = function.file("env.sh", "by_bash_env=sourced").env("BASH_ENV", &path);
    function.answer("").responds(&format!("not sourced {}", path.display()));
}

#[test]
fn exported_functions_and_variables_of_the_environment_are_there() {
    let function = Function::script("handler() { greet \"$NAME\"; }").env("NAME", "you");
    function.env("BASH_FUNC_greet%%", "() { echo \"hello $1\"; }").answer("").responds("hello you");
}

#[test]
fn posix_mode_can_be_asked_for() {
    let script = "handler() { [[ -o posix ]] && echo strict; }";
    Function::script(script).env("POSIXLY_CORRECT", "1").answer("").responds("strict");
}
