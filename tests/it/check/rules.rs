//! What `coshell check` says of scripts that run and do something else than they seem to.

use super::{Bundle, NOTHING};

/// The codes of the findings, each with its line and severity: `3 warning hidden-status`.
pub(super) fn codes(bundle: &Bundle, arguments: &[&str]) -> Vec<String> {
    let ran = bundle.check_at("", &[&["--json"], arguments].concat());
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] != "shellcheck");
    findings
        .map(|finding| {
            format!(
                "{} {} {}",
                finding["line"],
                finding["severity"].as_str().unwrap(),
                finding["code"].as_str().unwrap()
            )
        })
        .collect()
}

#[track_caller]
pub(super) fn finds(script: &str, expected: &[&str]) {
    assert_eq!(codes(&Bundle::of(script), &[]), expected, "{script}");
}

#[test]
fn a_function_in_a_condition_is_a_warning_where_a_failure_inside_it_is_ignored() {
    let load = "load() {\n  curl -sf \"$1\" -o /tmp/x\n  date\n}\n";
    for call in [
        "if load a; then :; fi",
        "load a || echo no",
        "load a && echo yes || :",
        "! load a",
        "while load a; do :; done",
    ] {
        finds(&format!("{load}handler() {{ {call}; echo; }}\n"), &["5 warning errexit-ignored"]);
    }
    finds(&format!("{load}handler() {{ load a; }}\n"), &[]);
    // Nothing in it is ignored, or errexit is off.
    finds("load() {\n  local url=$1\n  curl -sf \"$url\"\n}\nhandler() { load a || echo no; }\n", &[]);
    finds("load() {\n  curl -sf \"$1\" || return\n  date\n}\nhandler() { load a || echo no; }\n", &[]);
    finds(&format!("set +e\n{load}handler() {{ load a || echo no; }}\n"), &[]);
    let bundle = Bundle::of(&format!("{load}handler() {{ load a || echo no; }}\n"));
    assert_eq!(codes(&bundle, &["--convention", "ql4b"]), [""; 0]);
    assert_eq!(codes(&bundle, &["--convention", "gkrizek"]), ["null warning no-errexit"]);
}

#[test]
fn a_declaration_that_hides_a_status_is_a_warning() {
    for declaring in ["local", "export", "declare", "readonly", "typeset"] {
        finds(
            &format!("handler() {{\n  {declaring} x=$(curl -s a)\n  echo \"$x\"\n}}\n"),
            &["2 warning hidden-status"],
        );
    }
    finds(
        "f() { sha256sum a; }\nhandler() {\n  local x y=\"a $(f | cut -c 1)\"\n  echo \"$x $y\"\n}\n",
        &["3 warning hidden-status"],
    );
    // These hardly fail, or are handled, or their status counts.
    for line in [
        "local x=$(date)",
        "local x=$((1 + 1))",
        "local x=$(cut -c 1 <<<\"$1\")",
        "local x=$(curl a || :)",
        "x=$(curl a)",
        "local x=$1; x=$(curl a)",
    ] {
        finds(&format!("handler() {{\n  {line}\n  echo \"$x\"\n}}\n"), &[]);
    }
}

#[test]
fn a_last_command_that_is_a_question_is_a_warning() {
    finds("handler() {\n  date\n  [[ $1 == a ]] && echo a\n}\n", &["3 warning last-status"]);
    finds(
        "handler() {\n  date\n  if [[ $1 ]]; then\n    [ -n \"$1\" ] && echo a\n  fi\n}\n",
        &["4 warning last-status"],
    );
    finds("log() { [[ $DEBUG ]] && echo a >&2; }\nhandler() { log; date; }\n", &["1 warning last-status"]);
    finds("handler() { date; }\n[[ -e x ]] && echo x >&2\n", &["2 warning last-status"]);
    finds("handler() {\n  n=0\n  ((n++))\n  ((n++))\n  echo \"$n\"\n}\n", &["3 warning arithmetic-status"]);
    finds("is() { [[ $1 ]] && [[ $2 ]]; }\nhandler() { if is; then date; fi; }\n", &[]);
    finds("handler() { [[ $1 ]] && date || :; }\n", &[]);
    finds("handler() { mkdir /tmp/a && date; }\n", &[]);
    finds("handler() { for ((i = 0; i < 3; i++)); do echo \"$i\"; done; }\n", &[]);
}

#[test]
fn a_command_that_reads_the_empty_stdin_is_a_warning() {
    let have = ["--have", "jq"];
    let read = |script: &str, arguments: &[&str]| codes(&Bundle::of(script), &[&have, arguments].concat());
    for command in [
        "cat",
        "jq -r .a",
        "read -r x",
        "x=$(cat)",
        "mapfile -t x",
        "cat /dev/stdin",
        "base64 | cat",
        "x=$(</dev/stdin)",
    ] {
        let script = format!("handler() {{\n  {command}\n  echo \"$1\"\n}}\n");
        assert_eq!(read(&script, &[]), ["2 warning empty-stdin"], "{command}");
        assert_eq!(read(&script, &["--convention", "mparkachov"]), [""; 0], "{command}");
    }
    for command in [
        "jq -r .a <<<\"$1\"",
        "jq -n 1",
        "jq .a x",
        "echo \"$1\" | cat",
        "while read -r x; do :; done <\"$1\"",
        "cat <<E\na\nE",
    ] {
        assert_eq!(read(&format!("handler() {{\n  {command}\n}}\n"), &[]), [""; 0], "{command}");
    }
    assert_eq!(read("name() { jq .n; }\nhandler() { name; }\n", &[]), ["1 warning empty-stdin"]);
    assert_eq!(read("name() { jq .n; }\nhandler() { name <<<\"$1\"; }\nother() { cat; }\n", &[]), [""; 0]);
}

#[test]
fn files_that_commands_write_and_the_scripts_own_path_are_warnings() {
    let lines = "handler() {\n  mkdir -p /var/cache/x\n  cp a /opt/b\n  mv /tmp/a /tmp/b\n  sed -i s/a/b/ conf\n  curl -o out.html a\n  \
                 mktemp -p /var/tmp\n  echo a | tee /tmp/a log\n}\n";
    finds(
        lines,
        &[2, 3, 5, 6, 7, 8].map(|line| format!("{line} warning write-outside-tmp")).each_ref().map(String::as_str),
    );
    finds("here=${0%/*}\nhandler() { date; }\n", &["1 warning script-path"]);
    finds("handler() { cd \"$(dirname \"$0\")\"; echo \"$0: done\"; }\n", &["1 warning script-path"]);
}

#[test]
fn a_wait_that_hides_a_failure_is_a_warning() {
    finds("handler() {\n  curl a &\n  curl b &\n  wait\n}\n", &["4 warning unwatched-job"]);
    finds("handler() {\n  curl a & p=$!\n  wait \"$p\"\n}\n", &[]);
}

#[test]
fn a_large_here_document_is_a_note() {
    finds(&format!("handler() {{ cat <<'E'\n{}\nE\n}}\n", "x".repeat(70_000)), &["1 note large-document"]);
}

#[test]
fn lacking_commands_are_found_wherever_they_are_called() {
    for line in [
        "x=$(unzip a)",
        "x=`unzip a`",
        "date | unzip a",
        "timeout 5 unzip a",
        "env X=1 unzip a",
        "nice -n 5 nohup unzip a",
        "command unzip a",
        "exec unzip a",
        "trap unzip EXIT",
        "echo \"${x:-a} $(unzip a)\"",
        "for i in $(unzip a); do :; done",
        "case $(unzip a) in *) ;; esac",
        "cat <<E\n$(unzip a)\nE",
    ] {
        let bundle = Bundle::of(&format!("handler() {{\n{line}\n}}\n"));
        let found = codes(&bundle, &[]);
        assert!(found.iter().any(|code| code.ends_with("error missing-command")), "{line}: {found:?}");
    }
    let bundle = Bundle::of("handler() { find . -exec unzip {} \\; ; echo | xargs -n 1 zip; }\n");
    assert_eq!(codes(&bundle, &["--have", "find", "--have", "xargs"]), ["1 error missing-command"; 2]);
    finds("f() { date; }\nhandler() { timeout 5 f; }\n", &["2 warning unknown-command"]);
}

#[test]
fn a_command_that_the_script_can_do_without_is_no_error() {
    for (line, severity) in [
        ("unzip a || echo none", "warning"),
        ("if unzip a; then :; fi", "warning"),
        ("if [[ $OSTYPE == darwin* ]]; then unzip a; fi", "warning"),
        ("x=${1:-$(unzip a)}", "warning"),
        ("hash unzip && unzip a || :", "note"),
        ("if type unzip >/dev/null; then unzip a; fi", "note"),
        ("if [[ -x /usr/bin/unzip ]]; then unzip a; fi", "note"),
        ("has() { command -v \"$1\" >/dev/null; }; if has unzip; then unzip a; fi", "note"),
    ] {
        finds(&format!("handler() {{\n{line}\n}}\n"), &[&format!("2 {severity} missing-command")]);
    }
}

#[test]
fn an_interpreter_that_the_script_calls_too_is_one_finding() {
    let bundle = Bundle::of("handler() { bin/tool; python3 x; }\n").file("bin/tool", "#!/usr/bin/env python3\n", 0o755);
    bundle.fails_with("say --have python3; it is the interpreter of `./bin/tool` too [missing-command]");
    assert_eq!(codes(&bundle, &[]), ["1 error missing-command"]);
}

#[test]
fn comments_silence_findings() {
    let script = "handler() {\n  find . # coshell-ignore: missing-command\n  # coshell-ignore: hidden-status, errexit-ignored\n  local x=$(curl a)\n  \
                  jq .\n}\n# coshell-ignore-file: empty-stdin\n";
    assert_eq!(codes(&Bundle::of(script), &[]), ["5 error missing-command"]);
    let silent = script.replace("file: empty-stdin", "file: empty-stdin, missing-command, shellcheck");
    Bundle::of(&silent).check().assert_status(0).assert_stdout(NOTHING);
    let unknown = script.replace("hidden-status,", "hidden-states,");
    let ran = Bundle::of(&unknown).check().assert_status(1);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        told.contains("./function.sh:3: warning: the comment silences nothing: there is no code `hidden-states`"),
        "{told}"
    );
}

#[test]
fn a_call_that_the_small_aws_refuses_is_a_note() {
    let calls = "handler() {
  aws s3 cp - s3://bucket/key --content-type text/plain <<<\"$1\"
  aws --region eu-west-1 --output=text ssm get-parameter --name \"$2\" --with-decryption --query 'Parameter.Value'
  aws dynamodb wait table-exists --table-name items
  aws $service describe-instances
  aws ec2 describe-instances
  timeout 9 aws lambda update-function-code --function-name f
  aws s3 cp a s3://bucket/key --sse-c AES256
  aws sqs send-message --queue-url \"$3\" --message-body=--anything \"$@\"
}
";
    let bundle = Bundle::of(calls);
    let expected = ["6 note aws-call", "7 note aws-call", "8 note aws-call"];
    assert_eq!(codes(&bundle, &["--have", "aws"]), expected);
    let printed = bundle.check_at("", &["--have", "aws"]).assert_status(0).stdout;
    let printed = String::from_utf8_lossy(&printed);
    for line in [
        "function.sh:6:3: note: the small `aws` does not serve the service `ec2`: this call needs the whole AWS CLI [aws-call]",
        "function.sh:7:13: note: the small `aws` does not serve `aws lambda update-function-code`: this call needs the whole AWS CLI [aws-call]",
        "function.sh:8:3: note: the small `aws` does not serve the option `--sse-c` of `aws s3 cp`: this call needs the whole AWS CLI [aws-call]",
    ] {
        assert!(printed.contains(line), "no {line:?} in {printed}");
    }
    let own = "aws() { echo \"$@\"; }\nhandler() { aws ec2 describe-instances; }\n";
    assert_eq!(codes(&Bundle::of(own), &[]), [""; 0]);
}

#[test]
fn a_release_brings_jq_and_aws() {
    let bundle = Bundle::of("handler() { aws s3 ls; }\n");
    bundle.fails_with(
        "`aws` is not on Lambda's provided.al2023: bring it in a layer, by `coshell layer --tools`, and say --have aws",
    );
}
