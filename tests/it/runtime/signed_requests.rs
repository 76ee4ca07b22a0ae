//! The requests that the examples s3-ssm and secret send to AWS: signed rightly for every key, by every curl. botocore is the judge.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use coshell::lambda::invocation::Invoke;
use serde_json::{Value, json};

use crate::support::function::Function;
use crate::support::program::curl_is_missing;
use crate::support::running::Running;
use crate::support::signature_judge::{ACCESS_KEY, Judge, KEYS, REGION, SECRET_KEY, TOKEN};
use crate::support::skip::{cannot, skip};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a5b0c6d7:0";

/// Debian's suites, the curl of which tests/other-curl brings.
const SUITES: [&str; 2] = ["trixie", "sid"];

/// The folder of each curl that is here; `None` is the machine's own.
fn curls() -> Vec<Option<PathBuf>> {
    let others = SUITES.map(|suite| Path::new(PROJECT).join(format!("target/tools/curl-of-{suite}")));
    let is_here = |folder: &PathBuf| {
        let is_here = folder.join("curl").is_file();
        if !is_here {
            skip(&format!("`{}` is not there: tests/other-curl brings it", folder.display()));
        }
        is_here
    };
    std::iter::once(None).chain(others.into_iter().filter(is_here).map(Some)).collect()
}

/// Whether curl would resolve a part of the key, if it might.
fn has_dot_segment(key: &str) -> bool {
    key.split('/').any(|segment| segment == "." || segment == "..")
}

/// Runs `check` with each curl and a judge of its own.
fn with_each_curl(check: impl Fn(&Judge, Option<&Path>)) {
    if curl_is_missing() || cannot("jq", &["--version"]) {
        return;
    }
    for curl in curls() {
        let Some(judge) = Judge::start() else { return };
        eprintln!("with {}", curl.as_ref().map_or("the machine's curl".into(), |folder| folder.display().to_string()));
        check(&judge, curl.as_deref());
    }
}

/// This script beside the files of an example, with the credentials that the judge knows.
fn function(example: &str, script: Option<&str>, judge: &Judge, curl: Option<&Path>) -> Running {
    let keys = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_SESSION_TOKEN", TOKEN)];
    function_with(&keys, example, script, judge, curl)
}

/// The same with these variables for its credentials.
fn function_with(
    credentials: &[(&str, &str)],
    example: &str,
    script: Option<&str>,
    judge: &Judge,
    curl: Option<&Path>,
) -> Running {
    let folder = Path::new(PROJECT).join("handlers").join(example);
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let script = script.map_or_else(|| text("function.sh"), str::to_owned);
    let mut function = Function::without_script().file("function.sh", script).file("aws.sh", text("aws.sh"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = curl.map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
    let scratch = function.path("scratch");
    fs::create_dir(&scratch).unwrap();
    for (name, value) in [
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_S3", &judge.address),
        ("AWS_ENDPOINT_URL_SSM", &judge.address),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &judge.address),
        ("SECRET_ID", "prod/it's (a) token=+*"),
        ("NO_PROXY", "127.0.0.1"),
        ("no_proxy", "127.0.0.1"),
    ]
    .into_iter()
    .chain(credentials.iter().copied())
    {
        function = function.env(name, value);
    }
    function.env("TMPDIR", scratch).env("PATH", std::env::join_paths(folders).unwrap()).start()
}

#[test]
fn s3_ssm_signs_every_key_rightly_and_reaches_no_other_bucket() {
    with_each_curl(|judge, curl| {
        let function = function("s3-ssm", None, judge, curl);
        for (key, path) in KEYS {
            let before = judge.requests().len();
            let answer = function.answer(json!({ "bucket": "example-reports", "key": key }).to_string());
            let requests = judge.requests().split_off(before);
            let calls: Vec<String> = requests
                .iter()
                .map(|request| {
                    format!("{} {}", request["method"].as_str().unwrap(), request["target"].as_str().unwrap())
                })
                .collect();
            if has_dot_segment(key) && calls.len() == 1 {
                // This curl signs no such path.
                answer.fails("Function.ExitStatus", "Cannot use sigv4 authentication with path-as-is flag");
                continue;
            }
            let expected =
                ["POST /".to_owned(), format!("GET /example-reports/{path}"), format!("PUT /results/{path}")];
            assert_eq!(calls, expected, "{key:?}: {}", answer.log);
            assert_eq!(requests[2]["body"], "a\nb\n");
            let response: Value = serde_json::from_str(&answer.text()).unwrap();
            assert_eq!(response, json!({ "to": format!("s3://results/{key}"), "lines": 2 }));
        }
    });
}

#[test]
fn with_snap_start_the_credentials_come_from_lambda() {
    with_each_curl(|judge, curl| {
        let uri = format!("{}/2021-04-23/credentials", judge.address);
        for token in ["container-token", "another"] {
            let variables = [
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token),
                ("AWS_ACCESS_KEY_ID", ""),
                ("AWS_SECRET_ACCESS_KEY", ""),
                ("AWS_SESSION_TOKEN", ""),
            ];
            let function = function_with(&variables, "s3-ssm", None, judge, curl);
            let answer = function.answer(json!({ "bucket": "b", "key": "k" }).to_string());
            if token == "another" {
                answer.fails("Function.ExitStatus", "status 22");
            } else {
                answer.responds("{\"to\":\"s3://results/k\",\"lines\":2}");
                assert_eq!(judge.requests().len(), 3);
            }
        }
    });
}

#[test]
fn a_bucket_name_cannot_reach_another_path() {
    with_each_curl(|judge, curl| {
        let function = function("s3-ssm", None, judge, curl);
        function.answer(json!({ "bucket": "b/../other?x#y", "key": "k" }).to_string());
        assert_eq!(judge.all_requests()[1]["target"], "/b%2F..%2Fother%3Fx%23y/k");
    });
}

#[test]
fn a_query_that_is_encoded_is_signed_rightly() {
    let script = "source \"$LAMBDA_TASK_ROOT/aws.sh\"
    handler() {
      aws_request s3 \"$AWS_ENDPOINT_URL_S3/bucket?continuation-token=$(uri_encode \"$1\")&list-type=2&start-after=\" \\
        --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD'
    }";
    with_each_curl(|judge, curl| {
        let function = function("s3-ssm", Some(script), judge, curl);
        for (value, encoded) in [
            ("1/2/3==", "1%2F2%2F3%3D%3D"),
            ("!'()*=&:@ ;", "%21%27%28%29%2A%3D%26%3A%40%20%3B"),
            ("%2B \u{e4}?#", "%252B%20%C3%A4%3F%23"),
            ("1+2", "1%2B2"),
        ] {
            let answer = function.answer(value);
            let target = format!("/bucket?continuation-token={encoded}&list-type=2&start-after=");
            let last = judge.all_requests().pop().unwrap();
            assert_eq!(last["target"], target.as_str());
            if value.contains('+') && curl.is_some_and(|folder| folder.ends_with("curl-of-trixie")) {
                answer.fails("Function.ExitStatus", "status 22"); // curl 8.14 signs a plus as a blank
            } else {
                assert_eq!((answer.text(), &last["fault"]), ("b\na".to_owned(), &Value::Null));
            }
        }
    });
}

#[test]
fn every_request_carries_the_events_trace_id_and_none_without_one() {
    with_each_curl(|judge, curl| {
        let s3 = function("s3-ssm", None, judge, curl);
        let event = json!({ "bucket": "b", "key": "k" }).to_string();
        for trace in [Some(TRACE), None] {
            let before = judge.requests().len();
            s3.send_with(&event, |invoke| Invoke { trace_id: trace.map(str::to_owned), ..invoke }).answer().text();
            let traces: Vec<Value> =
                judge.requests().into_iter().skip(before).map(|request| request["trace"].clone()).collect();
            assert_eq!(traces, vec![json!(trace); 3]);
        }
        let secret = function("secret", None, judge, curl);
        let event = json!({ "headers": { "authorization": "Bearer correct horse" } }).to_string();
        let sent = secret.send_with(event, |invoke| Invoke { trace_id: Some(TRACE.to_owned()), ..invoke });
        sent.answer().responds("{\"isAuthorized\":true}");
        let last = judge.requests().pop().unwrap();
        assert_eq!((&last["trace"], &last["target"]), (&json!(TRACE), &json!("/")));
        let question: Value = serde_json::from_str(last["body"].as_str().unwrap()).unwrap();
        assert_eq!(question, json!({ "SecretId": "prod/it's (a) token=+*" }));
    });
}

#[test]
fn a_refused_request_fails_the_event_and_tells_awss_reason() {
    with_each_curl(|judge, curl| {
        let script = "source \"$LAMBDA_TASK_ROOT/aws.sh\"
        handler() { AWS_SECRET_ACCESS_KEY=wrong; aws_request ssm \"$AWS_ENDPOINT_URL_SSM/\"; echo no; }";
        let answer = function("s3-ssm", Some(script), judge, curl).answer("{}").fails("Function.ExitStatus", "");
        assert!(answer.log.contains("wrong signature"), "{}", answer.log);
    });
}

/// The rule of SigV4: every byte but those of RFC 3986's unreserved characters.
fn encoded(bytes: &[u8], kept: Option<u8>) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || Some(byte) == kept;
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn uri_encode_encodes_every_byte_alike_in_every_locale_and_every_bash() {
    let others = ["bullseye", "trixie", "sid"].map(|suite| format!("{PROJECT}/target/tools/bash-of-{suite}/bash"));
    let bashes = others.iter().map(String::as_str).filter(|bash| Path::new(bash).is_file()).chain(["bash"]);
    let bytes: Vec<u8> = (1..=255).collect();
    for bash in bashes {
        for locale in ["C", "C.UTF-8", "POSIX"] {
            for kept in [None, Some(b'/')] {
                let keeps = kept.map_or("", |_| "/");
                let script = format!(
                    "set -euo pipefail; source '{PROJECT}/handlers/s3-ssm/aws.sh'; shopt -s nocasematch
                    text=$(for code in {{1..255}}; do printf \"\\\\x$(printf %x \"$code\")\"; done; printf .)
                    uri_encode \"${{text%.}}\" '{keeps}'; printf ' %s' \"$LC_ALL\""
                );
                let output = Command::new(bash).args(["-c", &script]).env("LC_ALL", locale).output().unwrap();
                let expected = format!("{} {locale}", encoded(&bytes, kept));
                assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{bash} {locale}: {output:?}");
            }
        }
    }
}

#[test]
fn both_examples_carry_the_same_file() {
    let text = |example: &str| fs::read(Path::new(PROJECT).join(format!("handlers/{example}/aws.sh"))).unwrap();
    assert!(text("s3-ssm") == text("secret"), "copy handlers/s3-ssm/aws.sh to handlers/secret/aws.sh");
}
