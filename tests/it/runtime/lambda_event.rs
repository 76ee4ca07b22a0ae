//! The array LAMBDA_EVENT, and the functions `lambda_json` and `lambda_remaining_ms`.

use serde_json::{Value, json};

use crate::support::function::{Channel, Function};

/// Prints the array, a path and a value on each line, sorted.
const PRINT: &str = "print_entries() {
  local path
  for path in \"${!LAMBDA_EVENT[@]}\"; do printf '%s=%s\\n' \"$path\" \"${LAMBDA_EVENT[$path]}\"; done | LC_ALL=C sort
}
handler() { print_entries; }
";

fn declared() -> String {
    format!("declare -A LAMBDA_EVENT\n{PRINT}")
}

#[test]
fn a_script_that_declares_the_array_finds_the_events_entries_in_it_and_no_others() {
    for channel in Channel::BOTH {
        let function = Function::script(&declared()).over(channel).start();
        let event =
            r#"{"Records":[{"s3":{"object":{"key":"a b'\"$(x)`y`\\é"}}}],"n":1e400,"t":true,"none":null,"a.b":""}"#;
        let expected = "Records.0.length=1\nRecords.0.s3.length=1\nRecords.0.s3.object.key=a b'\"$(x)`y`\\é\n\
            Records.0.s3.object.length=1\nRecords.length=1\na\\.b=\nlength=5\nn=1e400\nt=true";
        assert_eq!(function.answer(event).text(), expected);
        assert_eq!(function.answer("[12345678901234567890]").text(), "0=12345678901234567890\nlength=1");
        assert_eq!(function.answer("\"text\"").text(), ".=text");
        assert_eq!(function.answer("null").text(), "");
        assert_eq!(function.answer(event).text(), expected);
    }
}

#[test]
fn subscripts_that_mean_something_to_bash_are_ordinary_paths() {
    let names = [
        "@",
        "*",
        "a]b",
        "[",
        "$x",
        "$(exit 3)",
        "`x`",
        "it's",
        "~",
        "!",
        "0",
        "-1",
        " ",
        "\t",
        "x=y",
        "\u{7f}",
        "\u{1}",
    ];
    for name in names {
        let function = Function::script(
            "declare -A LAMBDA_EVENT\nhandler() { unset -v 'LAMBDA_EVENT[length]'; printf '%s' \"${#LAMBDA_EVENT[@]}:${LAMBDA_EVENT[@]}\"; }",
        );
        let answer = function.start().answer(json!({ name: format!("v{name}") }).to_string());
        assert_eq!(answer.text(), format!("1:v{name}"), "{name:?}");
    }
}

#[test]
fn it_works_whatever_the_script_sets_and_wherever_it_declares_the_array() {
    let expected = "a.b=x y\na.length=1\nlength=1";
    for start in [
        "IFS=.=; declare -A LAMBDA_EVENT",
        "shopt -s nocasematch failglob; set -f; declare -gA LAMBDA_EVENT",
        "set -o posix; declare -A LAMBDA_EVENT=([default]=1)",
        "set -x; declare -Ax LAMBDA_EVENT",
        "declare() { :; }; builtin declare -A LAMBDA_EVENT; trap 'echo' DEBUG; trap - DEBUG",
        "init() { declare -gA LAMBDA_EVENT; }; init",
        "source lib.sh",
        "set -v; declare -A LAMBDA_EVENT",
        "set +eu; set -o noclobber; declare -A LAMBDA_EVENT; declare -i __coshell=1; readonly i=1 key=2",
        "declare -A LAMBDA_EVENT; local_only() { local -A LAMBDA_EVENT; }",
    ] {
        let function = Function::script(&format!("{start}\n{PRINT}")).file("lib.sh", "declare -A LAMBDA_EVENT\n");
        let function = function.start();
        for _ in 0..2 {
            let answer = function.answer(r#"{"a":{"b":"x y"}}"#);
            assert_eq!(answer.text(), expected, "{start}: {}", answer.log);
        }
    }
}

#[test]
fn a_variable_that_cannot_hold_entries_stays_as_the_script_left_it() {
    for (start, expected) in [
        ("LAMBDA_EVENT=text", "declare -- LAMBDA_EVENT=\"text\""),
        ("declare -a LAMBDA_EVENT=(1)", "declare -a LAMBDA_EVENT=([0]=\"1\")"),
        ("declare -Ar LAMBDA_EVENT=([a]=1)", "declare -Ar LAMBDA_EVENT=([a]=\"1\" )"),
        ("declare -Ai LAMBDA_EVENT=([a]=1)", "declare -Ai LAMBDA_EVENT=([a]=\"1\" )"),
        ("f() { local -A LAMBDA_EVENT; }; f; LAMBDA_EVENT=", "declare -- LAMBDA_EVENT=\"\""),
        (": LAMBDA_EVENT", "none"),
    ] {
        let script =
            format!("{start}\nhandler() {{ declare -p LAMBDA_EVENT 2>/dev/null || echo none; printf '%s' \"$1\"; }}");
        let function = Function::script(&script).start();
        let answer = function.answer(r#"{"a":"b[$(exit 9)]"}"#).text();
        assert_eq!(answer, format!("{expected}\n{{\"a\":\"b[$(exit 9)]\"}}"), "{start}");
    }
}

#[test]
fn a_kept_shell_fills_the_array_anew_whatever_an_event_made_of_it() {
    let script = format!(
        "declare -A LAMBDA_EVENT\n{PRINT}work() {{ print_entries; eval \"$1\"; }}\nhandler() {{ work \"${{LAMBDA_EVENT[do]-}}\"; }}\n"
    );
    let function = Function::script(&script).env("COSHELL_STATE", "keep").start();
    for command in ["LAMBDA_EVENT[more]=1", "unset LAMBDA_EVENT", "unset LAMBDA_EVENT; LAMBDA_EVENT=(1 2)", ":"] {
        let answer = function.answer(json!({ "do": command, "a[$(exit 3)]": 1 }).to_string());
        assert_eq!(answer.text(), format!("a[$(exit 3)]=1\ndo={command}\nlength=2"), "{}", answer.log);
    }
    assert_eq!(function.answer(r#"{"do":"readonly LAMBDA_EVENT"}"#).text(), "do=readonly LAMBDA_EVENT\nlength=1");
    function.answer("{}").fails("Function.ExitStatus", "an earlier event has made a variable readonly");
    assert_eq!(function.answer("{}").text(), "length=0");
}

#[test]
fn an_event_with_too_many_entries_leaves_the_array_empty_and_says_so_once() {
    let function = Function::script("declare -A LAMBDA_EVENT\nhandler() { echo ${#LAMBDA_EVENT[@]}; }").start();
    let event = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let answer = function.answer(event(10_000));
    assert_eq!(answer.text(), "0");
    assert_eq!(answer.log.matches("LAMBDA_EVENT is empty for this event: it has more than 10000 entries").count(), 1);
    let answer = function.answer(event(9_999));
    assert_eq!(answer.text(), "10000");
    assert!(!answer.log.contains("LAMBDA_EVENT"), "{}", answer.log);
    let answer = function.answer("not JSON");
    assert_eq!(answer.text(), "0");
    assert!(answer.log.contains("it is not JSON"), "{}", answer.log);
}

#[test]
fn a_name_that_the_event_does_not_have_is_explained() {
    let function =
        Function::script("declare -A LAMBDA_EVENT\nhandler() {\n  echo \"${LAMBDA_EVENT[Recrods.0.name]}\"\n}").start();
    let report: Value = serde_json::from_slice(function.answer(r#"{"Records":[{"name":"n"}]}"#).error_body()).unwrap();
    let message = report["errorMessage"].as_str().unwrap();
    assert!(message.contains("the event has no `Recrods.0.name`; did you mean `Records.0.name`?"), "{message}");
}

#[test]
fn lambda_json_escapes_what_bash_can_hold_and_keeps_the_order() {
    let script = r#"handler() {
      lambda_json z=1 'a="\\' $'c=\x01\x1f\x7f\n\t' 'u=é😀' $'bad=\xff\xc3' n:=1e400 'list:=[1,
        {"x":2}]' 'x\=y\:=v' empty=
      lambda_json -a =a ':={"b":1}'
      lambda_json
      items=(); lambda_json -v list -a "${items[@]/#/=}"; printf '%s\n' "$list"
    }"#;
    let expected = "{\"z\":\"1\",\"a\":\"\\\"\\\\\\\\\",\"c\":\"\\u0001\\u001f\u{7f}\\n\\t\",\"u\":\"é😀\",\"bad\":\"\u{fffd}\u{fffd}\",\
        \"n\":1e400,\"list\":[1,         {\"x\":2}],\"x=y:\":\"v\",\"empty\":\"\"}\n[\"a\",{\"b\":1}]\n{}\n[]";
    for start in ["", "IFS=_:lpw; shopt -s nocasematch\n", "set -x\n", "export LC_ALL=C.UTF-8; shopt -s failglob\n"] {
        let answer = Function::script(&format!("{start}{script}")).start().answer("{}");
        assert_eq!(answer.text(), expected, "{start}{}", answer.log);
        assert!(!answer.log.contains("__coshell") && !answer.log.contains("builtin"), "{}", answer.log);
    }
}

#[test]
fn of_two_calls_of_lambda_json_on_one_line_the_line_is_known() {
    let script = "handler() {\n  lambda_json -v a a=b; lambda_json -v b x:=many\n}";
    let answer = Function::script(script).start().answer("{}");
    let report: Value = serde_json::from_slice(answer.error_body()).unwrap();
    let message = "function.sh:2: Bash cannot tell which command on this line exited with status 1 in `handler`: \
        lambda_json: the value of `x:=many` is not JSON; a string is written NAME=STRING";
    assert_eq!(report["errorMessage"], message);
    assert_eq!(report["stackTrace"], json!(["handler (function.sh:2)"]));
}

#[test]
fn arguments_that_are_no_json_fail_where_lambda_json_is_called() {
    for (arguments, message) in [
        ("n:=01", "lambda_json: the value of `n:=01` is not JSON; a string is written NAME=STRING"),
        ("n:=text", "the value of `n:=text` is not JSON"),
        ("name", "lambda_json: `name` is not NAME=STRING or NAME:=JSON"),
        ("-v 1x a=1", "printf: `1x': not a valid identifier"),
        ("-a x=1", "lambda_json: `x=1` is not =STRING or :=JSON"),
    ] {
        let script = format!("handler() {{\n  answer\n}}\nanswer() {{\n  lambda_json {arguments}\n}}");
        let answer = Function::script(&script).start().answer("{}");
        let report: Value = serde_json::from_slice(answer.error_body()).unwrap();
        let told = report["errorMessage"].as_str().unwrap();
        assert!(
            told.starts_with(&format!("function.sh:5: `lambda_json {arguments}` exited with status 1 in `answer`")),
            "{told}"
        );
        assert!(told.contains(message), "{told}");
        assert_eq!(report["stackTrace"], json!(["answer (function.sh:5)", "handler (function.sh:2)"]), "{report}");
    }
}

#[test]
fn lambda_remaining_ms_counts_down_to_the_deadline() {
    let script = "{ lambda_remaining_ms || echo \"status $?\"; } >&2
      handler() {
        lambda_remaining_ms; lambda_remaining_ms left; echo \"$left\"
        LAMBDA_RUNTIME_DEADLINE_MS=1; lambda_remaining_ms
        LAMBDA_RUNTIME_DEADLINE_MS=99999999999999; LC_ALL=C.UTF-8; unset EPOCHREALTIME; lambda_remaining_ms
      }";
    let function = Function::script(script).start();
    let answer = function.answer("{}");
    function
        .log_with("lambda_remaining_ms: there is no deadline: call the function while the handler runs on an event");
    function.log_with("status 1");
    let numbers: Vec<u64> = answer.text().lines().map(|line| line.parse().unwrap()).collect();
    let [printed, assigned, past, far] = numbers[..] else { panic!("{numbers:?}") };
    assert!(printed >= assigned && assigned > 0 && printed < 900_000, "{numbers:?}");
    assert_eq!(past, 0);
    assert!(far > 90_000_000_000_000, "{numbers:?}");
}

#[test]
fn a_script_sees_the_functions_only_if_it_mentions_them_and_may_define_its_own() {
    for (script, expected) in [
        ("handler() { declare -F; }", "declare -f handler"),
        ("handler() { declare -F; : lambda_json; }", "declare -f handler\ndeclare -f lambda_json"),
        ("handler() { lambda_json a=b; }; lambda_json() { echo \"mine $*\"; }", "mine a=b"),
        ("handler() { lambda_remaining_ms; }; source lib.sh", "from lib.sh"),
    ] {
        let function = Function::script(script).file("lib.sh", "lambda_remaining_ms() { echo from lib.sh; }\n").start();
        assert_eq!(function.answer("{}").text(), expected);
    }
    let missing = Function::script("other() { lambda_json a=b; }").start().answer("{}");
    assert!(missing.log.contains("`other`") && !missing.log.contains("lambda_json"), "{}", missing.log);
}
