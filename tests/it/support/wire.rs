//! A client that speaks HTTP/1.1 by hand, so that the tests see what is on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

/// So that a broken test fails and does not hang.
const GIVE_UP: Duration = Duration::from_secs(20);

pub const NEXT: &str = "/2018-06-01/runtime/invocation/next";
pub const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";

pub fn response_path(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/response")
}

pub fn error_path(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/error")
}

/// One kept-alive connection.
pub struct Wire(BufReader<TcpStream>, String);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The header's value; its name must be spelt as on the wire.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The error type of a refusal.
    pub fn error_type(&self) -> String {
        let document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert!(document["errorMessage"].is_string(), "no message in {document}");
        document["errorType"].as_str().unwrap().to_owned()
    }
}

impl Wire {
    pub fn connect(address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(GIVE_UP)).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire(BufReader::new(stream), "lambda".to_owned())
    }

    /// Another `Host` than `lambda`.
    pub fn host(mut self, host: &str) -> Wire {
        host.clone_into(&mut self.1);
        self
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub fn ask_next(&mut self) {
        self.send(format!("GET {NEXT} HTTP/1.1\r\nHost: lambda\r\n\r\n").as_bytes());
    }

    pub fn next(&mut self) -> Answer {
        self.ask_next();
        self.answer()
    }

    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let length = body.len().to_string();
        self.send_head(path, &[headers, &[("Content-Length", &length)]].concat());
        self.send(body);
        self.answer()
    }

    /// A request without a body.
    pub fn send_request(&mut self, method: &str, path: &str) {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.1).as_bytes());
    }

    pub fn send_head(&mut self, path: &str, headers: &[(&str, &str)]) {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.send(format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", self.1).as_bytes());
    }

    pub fn answer(&mut self) -> Answer {
        let first = self.line();
        let status = first.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {first:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        answer.body = match answer.header("Content-Length") {
            Some(length) => self.exactly(length.parse().unwrap()),
            None if answer.status == 204 => Vec::new(), // it has none
            None => self.chunks(),
        };
        answer
    }

    /// Closes its half of the connection: no further request follows.
    pub fn close_its_half(&self) {
        self.0.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Goes away by a reset, as a process does that is killed with unread data.
    pub fn reset(self) {
        let at_once = linger { l_onoff: 1, l_linger: 0 };
        setsockopt(self.0.get_ref(), sockopt::Linger, &at_once).unwrap();
    }

    /// Whether the server has closed the connection.
    pub fn is_closed_by_server(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset, // with a request unread
        }
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            body.extend(self.exactly(size));
            assert_eq!(self.line(), "");
            if size == 0 {
                return body;
            }
        }
    }

    fn exactly(&mut self, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
