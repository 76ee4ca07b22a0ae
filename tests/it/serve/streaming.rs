//! Streamed responses: to a function URL's client, and to InvokeWithResponseStream.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::support::program::curl_is_missing;
use crate::support::serving::{Serve, Serving, curl};
use crate::support::skip::aws_tool;

const HTTP: [&str; 4] = ["--url-port", "0", "--env", "COSHELL_RESPONSE=http-stream"];
const PLAIN: [&str; 4] = ["--url-port", "0", "--env", "COSHELL_RESPONSE=stream"];

fn head_and_body(serving: &Serving) -> (String, Vec<u8>) {
    let body = serving.path("body");
    let url = format!("{}/", serving.function_url());
    let head = curl(&["--dump-header", "-", "--output", body.to_str().unwrap(), &url]).stdout;
    (String::from_utf8(head).unwrap().to_lowercase(), fs::read(body).unwrap_or_default())
}

#[test]
fn a_function_url_sends_what_the_handler_writes_while_it_writes() {
    if curl_is_missing() {
        return;
    }
    let script = r#"handler() { echo '{"statusCode":201,"headers":{"x-a":"b"}}'; echo one; cat go; }"#;
    let serving = Serve::script(script).fifo("go").with(&HTTP).start();
    let url = format!("{}/", serving.function_url());
    let mut client = Command::new("curl");
    client.args(["-sN", "-i", "--noproxy", "*", "--max-time", "30", &url]).stdout(Stdio::piped());
    let mut client = client.spawn().unwrap();
    let mut answer = BufReader::new(client.stdout.take().unwrap());
    let lines = answer.by_ref().lines().map(|line| line.unwrap().trim_end().to_lowercase());
    let seen: Vec<String> = lines.take_while(|line| line != "one").collect(); // before the handler goes on
    assert!(seen[0].ends_with("201 created") && seen.contains(&"x-a: b".to_owned()), "{seen:?}");
    fs::write(serving.path("go"), "two\n\n").unwrap();
    let mut rest = String::new();
    answer.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n\n");
    assert!(client.wait().unwrap().success());
}

#[test]
fn a_header_of_the_connection_in_a_prelude_reaches_the_client_renamed_and_is_warned_of() {
    if curl_is_missing() {
        return;
    }
    let script = r#"handler() { echo '{"statusCode":200,"headers":{"Content-Length":"2"}}'; echo one; }"#;
    let serving = Serve::script(script).with(&HTTP).start();
    let (head, body) = head_and_body(&serving);
    assert!(head.contains("\nx-amzn-remapped-content-length: 2\r\n") && !head.contains("\ncontent-length"), "{head}");
    assert_eq!(body, b"one\n");
    serving
        .stderr_with("warning: the function URL renames the header `Content-Length`: the client gets it as `x-amzn-");
}

#[test]
fn a_stream_without_a_body_is_an_answer_all_the_same() {
    if curl_is_missing() {
        return;
    }
    let script = "handler() { case $1 in *nothing*) echo '{\"statusCode\":204}';; *) echo '{\"statusCode\":201}';; esac; echo text; }";
    let serving = Serve::script(script).with(&HTTP).start();
    let url = serving.function_url();
    for (arguments, status) in [(["-I", "/some"], "HEAD /some 201 "), (["-i", "/nothing"], "GET /nothing 204 ")] {
        let [option, path] = arguments;
        assert!(curl(&[option, &format!("{url}{path}")]).status.success());
        let told = serving.stderr_with(status);
        assert!(!told.contains("had gone"), "{told}");
    }
}

#[test]
fn a_stream_without_a_prelude_is_bytes_with_status_200() {
    if curl_is_missing() {
        return;
    }
    let serving = Serve::script("handler() { printf 'a\\0b\\n'; }").with(&PLAIN).start();
    let (head, body) = head_and_body(&serving);
    assert!(head.contains("200 ok") && head.contains("content-type: application/octet-stream"), "{head}");
    assert_eq!(body, b"a\0b\n");
}

#[test]
fn a_stream_that_breaks_off_breaks_the_connection_and_one_that_did_not_begin_is_502() {
    if curl_is_missing() {
        return;
    }
    let broken = Serve::script("handler() { echo '{}'; echo one; sleep 0.05; false; }").with(&HTTP).start();
    let url = format!("{}/", broken.function_url());
    let client = Command::new("curl").args(["-sS", "--noproxy", "*", "--max-time", "30", &url]).output().unwrap();
    assert!(!client.status.success() && client.stdout == b"one\n", "{client:?}");
    broken.stderr_with("Function.ExitStatus");
    let refused = Serve::script("handler() { echo 'no prelude'; }").with(&HTTP).start();
    assert!(head_and_body(&refused).0.contains("502 bad gateway"));
    refused.stderr_with("Function.InvalidPrelude");
}

const CLIENT: &str = r#"
import sys, boto3
client = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='a', aws_secret_access_key='b')
answer = client.invoke_with_response_stream(FunctionName='any', Payload=sys.argv[2].encode(), LogType='Tail')
for event in answer['EventStream']:
    if 'PayloadChunk' in event:
        print('chunk', event['PayloadChunk']['Payload'], flush=True)
        if len(sys.argv) > 3:
            open(sys.argv.pop(), 'w').close()
    else:
        end = event['InvokeComplete']
        print('end', end.get('ErrorCode'), end.get('ErrorDetails'), 'LogResult' in end)
"#;

/// What boto3 got.
fn streamed(serving: &Serving, event: &str, more: &[&str]) -> Option<String> {
    let python = aws_tool("python")?;
    let output = Command::new(python).args(["-c", CLIENT, &serving.url(), event]).args(more).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn boto3_gets_the_parts_of_a_streamed_response_and_its_end() {
    let script =
        r#"handler() { case $1 in *fail*) echo a; sleep 0.05; false ;; *) echo one; cat go; echo two ;; esac; }"#;
    let serving = Serve::script(script).fifo("go").with(&PLAIN).start();
    let go = serving.path("go"); // opened by the client when it has the first chunk, which lets the handler go on
    let Some(seen) = streamed(&serving, "{}", &[go.to_str().unwrap()]) else { return };
    assert_eq!(seen, "chunk b'one\\n'\nchunk b'two\\n'\nend None None True\n");
    let Some(seen) = streamed(&serving, "\"fail\"", &[]) else { return };
    assert!(seen.starts_with("chunk b'a\\n'\nend Function.ExitStatus {"), "{seen}");
}

#[test]
fn boto3_gets_a_buffered_response_as_one_part() {
    let serving = Serve::script("handler() { echo \"$1\"; }").start();
    let Some(seen) = streamed(&serving, "{\"a\":1}", &[]) else { return };
    assert_eq!(seen, "chunk b'{\"a\":1}'\nend None None True\n");
}
