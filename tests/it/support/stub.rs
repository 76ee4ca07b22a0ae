//! A Runtime API that misbehaves as it is told: each connection is read and answered by hand, byte for byte.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use coshell::lambda::process_tree::ProcessTree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::function::BOOTSTRAP;
use super::running::{GIVE_UP, until};

/// The real `bootstrap` and its stub of an API.
pub struct Stub {
    listener: TcpListener,
    runtime: Child,
    folder: TempDir,
    started: Instant,
}

/// One connection of the runtime's.
pub struct Peer(BufReader<TcpStream>);

/// What the runtime sent.
#[derive(Debug)]
pub struct Request {
    /// Method and path.
    pub call: String,
    /// Its other lines, as they came.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

pub const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";
pub const RESPONSE: &str = "POST /2018-06-01/runtime/invocation/id-1/response";
pub const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}";

/// An event whose request id is `id-1`.
pub fn event(body: &str) -> String {
    event_with("", body)
}

/// The same with more header lines, each with its end.
pub fn event_with(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

pub fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

impl Stub {
    /// Starts the runtime with this script as its function.sh.
    pub fn serve(script: &str) -> Stub {
        Stub::serve_with(script, &[])
    }

    /// The same with more variables.
    pub fn serve_with(script: &str, variables: &[(&str, &str)]) -> Stub {
        Stub::serve_by("exec \"$@\"", script, variables)
    }

    /// The same, started by these commands: `"$@"` is the runtime.
    pub fn serve_by(commands: &str, script: &str, variables: &[(&str, &str)]) -> Stub {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("function.sh"), script).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let runtime = Command::new("bash")
            .args(["-c", commands, "bash", BOOTSTRAP])
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .env("_HANDLER", "function.handler")
            .env("LAMBDA_TASK_ROOT", folder.path())
            .env("HTTP_PROXY", "http://127.0.0.1:1") // must not matter
            .env("http_proxy", "http://127.0.0.1:1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        Stub { listener, runtime, folder, started: Instant::now() }
    }

    /// The runtime's next connection.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        let (stream, _) = until("a connection", || self.listener.accept().ok());
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(GIVE_UP)).unwrap();
        Peer(BufReader::new(stream))
    }

    /// Writes to a FIFO of the script's, or to a file, in the task root.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The runtime and all below it.
    pub fn pids(&self) -> Vec<u32> {
        ProcessTree::new(self.runtime.id(), "COSHELL_TEST_STUB=nobody").pids()
    }

    /// The names of what lies in the task root.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// For how long the runtime has run.
    pub fn age_seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Sends SIGTERM to the runtime.
    pub fn terminate(&self) {
        kill(Pid::from_raw(i32::try_from(self.runtime.id()).unwrap()), Signal::SIGTERM).unwrap();
    }

    /// The most memory that the runtime had so far.
    pub fn peak_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.runtime.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        1024 * peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    }

    /// The runtime ends by itself with a status that is not 0, has asked nothing more, and said this.
    #[track_caller]
    pub fn ends_in_failure(self, part: &str) {
        self.ends_in_failure_after(part, |_| {});
    }

    /// The same, and then `check`.
    #[track_caller]
    pub fn ends_in_failure_after(mut self, part: &str, check: impl FnOnce(&Stub)) {
        let status: ExitStatus = until("the runtime's end", || self.runtime.try_wait().unwrap());
        let log = self.log();
        assert!(status.code().is_some_and(|code| code != 0), "{status}");
        assert!(self.listener.accept().is_err(), "it connected once more; log: {log}");
        assert!(log.contains(part), "no {part:?} in {log}");
        check(&self);
    }
}

impl Request {
    /// The value of the header with this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let split = self.headers.iter().filter_map(|line| line.split_once(": "));
        split.into_iter().find(|(other, _)| other.to_lowercase() == name).map(|(_, value)| value)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.runtime.kill(); // it may have ended
        let _ = self.runtime.wait();
    }
}

impl Peer {
    /// Reads a request to its end.
    #[track_caller]
    pub fn request(&mut self) -> Request {
        self.request_or_end().expect("the runtime closed the connection")
    }

    /// The next request is this one.
    #[track_caller]
    pub fn expect(&mut self, call: &str) -> Request {
        let request = self.request();
        assert_eq!(request.call, call);
        request
    }

    /// `None` when the connection is closed.
    pub fn request_or_end(&mut self) -> Option<Request> {
        let first = self.line()?;
        let mut headers = Vec::new();
        loop {
            match self.line()? {
                line if line.is_empty() => break,
                line => headers.push(line),
            }
        }
        let mut request = Request { call: first.trim_end_matches(" HTTP/1.1").to_owned(), headers, body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body.resize(length, 0);
        self.0.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    /// Reads only the head of a request: its lines in lower case, the call first.
    pub fn head(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line().map(|line| line.to_lowercase()).filter(|line| !line.is_empty())).collect()
    }

    /// The next chunk of a request's body; `None` for the last one, which is empty.
    #[track_caller]
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.line().expect("the stream broke off");
        let size = usize::from_str_radix(&size, 16).unwrap_or_else(|_| panic!("no size of a chunk: {size:?}"));
        if size == 0 {
            return None;
        }
        let mut chunk = vec![0; size];
        self.0.read_exact(&mut chunk).unwrap();
        assert_eq!(self.line().as_deref(), Some(""));
        Some(chunk)
    }

    /// All chunks to the last one.
    #[track_caller]
    pub fn chunks(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.chunk()).flatten().collect()
    }

    /// The lines after the last chunk.
    pub fn trailers(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line().filter(|line| !line.is_empty())).collect()
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(1..) => Some(line.trim_end().to_owned()),
            Ok(0) | Err(_) => None,
        }
    }
}
