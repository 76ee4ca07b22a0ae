//! A running `coshell serve`, on free ports, with the real runtime under it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use tempfile::TempDir;

use super::program::{coshell, runs};
use super::running::GIVE_UP;
use super::wire::{Answer, Wire};

/// Where a function is invoked.
pub const INVOCATIONS: &str = "/2015-03-31/functions/any-name/invocations";

/// `coshell serve` before its start.
pub struct Serve {
    pub folder: TempDir,
    functions: Vec<OsString>,
    arguments: Vec<String>,
    open_files: Option<u32>,
}

/// It runs; dropping it ends all of its processes.
pub struct Serving {
    child: Child,
    pub folder: TempDir,
    stderr: Arc<Stderr>,
}

#[derive(Default)]
struct Stderr {
    text: Mutex<(String, bool)>,
    grown: Condvar,
}

impl Serve {
    /// A folder with this script as its `function.sh`.
    pub fn script(script: &str) -> Serve {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("function.sh"), script).unwrap();
        let functions = vec![folder.path().into()];
        Serve { folder, functions, arguments: Vec::new(), open_files: None }
    }

    /// This program, and an empty folder.
    pub fn program(program: &Path) -> Serve {
        let folder = tempfile::tempdir().unwrap();
        Serve { folder, functions: vec![program.into()], arguments: Vec::new(), open_files: None }
    }

    /// A folder with this template and with these scripts, each in a folder of this name.
    pub fn template(template: &str, scripts: &[(&str, &str)]) -> Serve {
        let serve = Serve::scripts(scripts);
        let file = serve.folder.path().join("template.yaml");
        fs::write(&file, template).unwrap();
        Serve { functions: vec!["--template".into(), file.into()], ..serve }
    }

    /// Several functions: a folder of this name for each script.
    pub fn scripts(scripts: &[(&str, &str)]) -> Serve {
        let folder = tempfile::tempdir().unwrap();
        let functions = scripts.iter().map(|(name, script)| {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("function.sh"), script).unwrap();
            folder.path().join(name).into()
        });
        let functions = functions.collect();
        Serve { folder, functions, arguments: Vec::new(), open_files: None }
    }

    /// A FIFO in the folder, for the test and the function to wait for each other.
    pub fn fifo(self, name: &str) -> Serve {
        mkfifo(&self.folder.path().join(name), Mode::S_IRWXU).unwrap();
        self
    }

    pub fn with(mut self, arguments: &[&str]) -> Serve {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// It may have so many files open.
    pub fn with_open_files(mut self, most: u32) -> Serve {
        self.open_files = Some(most);
        self
    }

    /// The command, with its stderr in a pipe. Where a test sets no time limit, none must end its events on a busy machine.
    pub fn command(&self) -> Command {
        let mut command = match self.open_files {
            Some(most) => limited(&format!("ulimit -n {most}"), &coshell()),
            None => coshell(),
        };
        command.arg("serve").args(&self.functions).args(["--port", "0"]).args(&self.arguments);
        let has_limit =
            self.functions[0] == "--template" || self.arguments.iter().any(|argument| argument == "--timeout");
        if !has_limit {
            command.args(["--timeout", "60"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Starts it, and returns when it listens.
    pub fn start(self) -> Serving {
        let mut child = self.command().spawn().unwrap();
        let stderr = Arc::new(Stderr::default());
        let (lines, collected) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&stderr));
        std::thread::spawn(move || collected.collect(lines));
        let serving = Serving { child, folder: self.folder, stderr };
        serving.stderr_with("aws lambda invoke");
        serving
    }
}

impl Stderr {
    fn collect(&self, mut lines: impl BufRead) {
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            self.text.lock().unwrap().0.push_str(&String::from_utf8_lossy(&line));
            self.grown.notify_all();
            line.clear();
        }
        self.text.lock().unwrap().1 = true;
        self.grown.notify_all();
    }

    #[track_caller]
    fn until(&self, what: &str, enough: impl Fn(&(String, bool)) -> bool) -> String {
        let text = self.text.lock().unwrap();
        let (text, waited) = self.grown.wait_timeout_while(text, GIVE_UP, |text| !enough(text)).unwrap();
        let said = text.0.clone();
        drop(text);
        assert!(!waited.timed_out(), "no {what} in {said}");
        said
    }
}

impl Serving {
    /// What it has said, as soon as `part` is in it.
    #[track_caller]
    pub fn stderr_with(&self, part: &str) -> String {
        self.stderr.until(&format!("{part:?}"), |(text, _)| text.contains(part))
    }

    /// The same for a part that stands there so often.
    #[track_caller]
    pub fn stderr_with_times(&self, part: &str, times: usize) -> String {
        self.stderr.until(&format!("{times} times {part:?}"), |(text, _)| text.matches(part).count() >= times)
    }

    /// Where the Invoke API is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        after(&self.stderr_with("Invoke API on "), "Invoke API on ")
    }

    /// Where the function URL is, without the `/` at its end.
    pub fn function_url(&self) -> String {
        after(&self.stderr_with("function URL on "), "function URL on ").trim_end_matches('/').to_owned()
    }

    /// The same where the function is behind an API or a load balancer.
    pub fn http_url(&self) -> String {
        let url = |text: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(" on ")?.1.strip_suffix('/'));
            lines.next_back().filter(|url| url.starts_with("http://")).map(str::to_owned)
        };
        url(&self.stderr.until("URL of the function", |(text, _)| url(text).is_some())).unwrap()
    }

    /// Invokes the function of this name, logical id or ARN.
    pub fn invoke_named(&self, name: &str, event: &str) -> Answer {
        let host = self.address().to_string();
        let path = format!("/2015-03-31/functions/{name}/invocations");
        self.wire().host(&host).post(&path, &[], event.as_bytes())
    }

    pub fn wire(&self) -> Wire {
        Wire::connect(self.address())
    }

    pub fn address(&self) -> SocketAddr {
        self.url().trim_start_matches("http://").parse().unwrap()
    }

    /// One invocation, with more headers.
    pub fn invoke_with(&self, headers: &[(&str, &str)], event: &[u8]) -> Answer {
        let host = self.address().to_string();
        self.wire().host(&host).post(INVOCATIONS, headers, event)
    }

    pub fn invoke(&self, event: &str) -> Answer {
        self.invoke_with(&[], event.as_bytes())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Its exit status, and all that it has said.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap().code();
        (status, self.stderr.until("end", |(_, ended)| *ended))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

/// The command under a limit of the shell's.
fn limited(limit: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]).arg(command.get_program()).args(command.get_args());
    shell
}

/// The word that follows.
fn after(text: &str, words: &str) -> String {
    text.split_once(words).unwrap().1.split_whitespace().next().unwrap().to_owned()
}

/// curl, with these arguments.
pub fn curl(arguments: &[&str]) -> Output {
    let output = Command::new("curl").args(["--silent", "--noproxy", "*", "--max-time", "30"]).args(arguments).output();
    let output = output.unwrap();
    assert!(output.status.success(), "curl {arguments:?}: {output:?}");
    output
}

/// None of the processes runs whose pids stand in this file.
#[track_caller]
pub fn assert_gone(pids: &Path) {
    let pids = fs::read_to_string(pids).unwrap();
    let left: Vec<&str> = pids.split_whitespace().filter(|pid| runs(pid)).collect();
    assert!(left.is_empty(), "still running: {left:?} of {pids}");
}
