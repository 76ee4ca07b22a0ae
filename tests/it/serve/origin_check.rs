//! Requests from web pages of other sites are refused, and idle connections are closed.

use std::io::Read;
use std::net::TcpStream;

use crate::support::running::GIVE_UP;
use crate::support::serving::{INVOCATIONS, Serve};

const RUNS: &str = "handler() { echo ran >&2; }";

#[test]
fn a_foreign_host_or_origin_is_refused_with_a_sentence_and_runs_nothing() {
    let serving = Serve::script(RUNS).start();
    let own = serving.address().to_string();
    let port = serving.address().port();
    let rebound = format!("rebound.example:{port}");
    let table = [
        (rebound.as_str(), &[][..], "the host `rebound.example:"),
        (&own, &[("Origin", "https://evil.example")], "the origin `https://evil.example`"),
        (&own, &[("Origin", "null")], "the origin `null`"),
        (&own, &[("Origin", "http://localhost:1")], "the origin `http://localhost:1`"),
        (&own, &[("Sec-Fetch-Site", "cross-site")], "a page of another site"),
    ];
    for (host, headers, sentence) in table {
        let answer = serving.wire().host(host).post(INVOCATIONS, headers, b"{}");
        let came = (answer.status, answer.header("X-Amzn-Errortype"));
        assert_eq!(came, (403, Some("AccessDeniedException")), "{host} {headers:?}");
        assert!(answer.text().contains(sentence), "no {sentence:?} in {answer:?}");
        serving.stderr_with(sentence);
    }
    let own_origin = format!("http://{own}");
    for headers in [&[][..], &[("Origin", own_origin.as_str())], &[("Sec-Fetch-Site", "same-origin")]] {
        assert_eq!(serving.invoke_with(headers, b"{}").status, 200, "{headers:?}");
    }
    assert_eq!(serving.stderr_with_times("invoke 200", 3).matches("ran\n").count(), 3);
}

#[test]
fn a_connection_on_which_no_request_comes_is_closed() {
    let serving = Serve::script(RUNS).start();
    let mut silent = TcpStream::connect(serving.address()).unwrap();
    silent.set_read_timeout(Some(2 * GIVE_UP)).unwrap();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "");
    assert_eq!(serving.invoke_with(&[], b"{}").status, 200);
}
