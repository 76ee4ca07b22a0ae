//! The real Runtime Interface Emulator, with the real `bootstrap` under it. It takes one invoke at a time: two at once
//! crash it.

use std::fs::{self, File, Permissions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use coshell::lambda::process_tree::ProcessTree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::function::BOOTSTRAP;
use super::hidden::{KEEP, of_this_project};
use super::running::{until, until_or_show};
use super::skip::{UNSHARE, emulator};
use super::wire::{Answer, Wire};

const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";
/// Finds the processes again that have left their group.
const MARK: &str = "COSHELL_TEST_MARK";

/// A running emulator; dropping it ends all of its processes.
pub struct Emulator {
    child: Child,
    tree: ProcessTree,
    address: SocketAddr,
    folder: TempDir,
}

impl Emulator {
    /// Starts it on a function.sh with this text; `None` where there is no emulator.
    pub fn serve(script: &str) -> Option<Emulator> {
        Emulator::serve_with(script, &[])
    }

    /// The same with a time limit.
    pub fn serve_with_limit(script: &str, seconds: u32) -> Option<Emulator> {
        Emulator::serve_with(script, &[("AWS_LAMBDA_FUNCTION_TIMEOUT", &seconds.to_string())])
    }

    /// The same with more variables.
    pub fn serve_with(script: &str, variables: &[(&str, &str)]) -> Option<Emulator> {
        Emulator::start(script, variables, |emulator, root| {
            let mut command = Command::new("sh");
            command.args(["-c", "exec \"$@\" \"$0\"", BOOTSTRAP]).arg(emulator).env("LAMBDA_TASK_ROOT", root);
            command
        })
    }

    /// Starts it in a mount namespace with function.sh in /var/task, and `bootstrap` in this folder, as on Lambda; the emulator
    /// has to find it by itself.
    pub fn serve_with_bootstrap_in(folder: &str, script: &str) -> Option<Emulator> {
        Emulator::serve_in_namespace(UNSHARE, folder, script, &[])
    }

    /// As a user without rights and home, where nothing but /tmp can be written to: the emulator and all below it. Only root can
    /// build that place.
    pub fn serve_as_nobody(script: &str) -> Option<Emulator> {
        let commands = "bootstrap=$1 emulator=$2 root=$3; shift 3
keep \"${emulator%/*}\" \"$root\"
mount -t tmpfs tmpfs /mnt; mount -t tmpfs tmpfs /var; mount -t tmpfs -o mode=1777 tmpfs /tmp; restore
cp -L \"$bootstrap\" \"$emulator\" /mnt
mkdir /var/task; cp \"$bootstrap\" \"$root/function.sh\" /var/task; chmod 644 /var/task/function.sh
for folder in /mnt /var /; do mount -o remount,bind,ro $folder; done
cd /var/task; unset HOME TMPDIR
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \"/mnt/${emulator##*/}\" \"$@\"";
        Emulator::start(script, &[], |emulator, root| {
            let mut command = Command::new("unshare");
            command.args(["-m", "bash", "-c", &in_a_place(commands), "bash", BOOTSTRAP]).arg(emulator).arg(root);
            command.env_remove("LAMBDA_TASK_ROOT");
            command
        })
    }

    /// In its mode of managed instances, with so many slots. Only root can have it: the runtime becomes another user.
    pub fn serve_managed(slots: usize, script: &str, variables: &[(&str, &str)]) -> Option<Emulator> {
        let slots = slots.to_string();
        let emulator = Emulator::serve_in_namespace(
            "-m",
            "/var/task",
            script,
            &[&[("AWS_LAMBDA_MAX_CONCURRENCY", &slots[..])], variables].concat(),
        )?;
        fs::set_permissions(emulator.folder.path(), Permissions::from_mode(0o755)).unwrap();
        emulator.invoke_at_once(b"{}");
        Some(emulator)
    }

    fn serve_in_namespace(unshare: &str, folder: &str, script: &str, more: &[(&str, &str)]) -> Option<Emulator> {
        let commands = "bootstrap=$1 folder=$2 root=$3 emulator=$4; shift 3
keep \"${emulator%/*}\" \"$root\"
mount -t tmpfs tmpfs /mnt; mount -t tmpfs tmpfs /var; mount -t tmpfs tmpfs /opt; restore; mkdir /var/task
cp \"$root/function.sh\" /var/task; cp \"$bootstrap\" \"$folder\"
cd /var/task; exec \"$@\"";
        Emulator::start(script, more, |emulator, root| {
            let mut command = Command::new("unshare");
            command.args([unshare, "bash", "-c", &in_a_place(commands), "bash", BOOTSTRAP, folder]);
            command.arg(root).arg(emulator);
            command.env_remove("LAMBDA_TASK_ROOT");
            command
        })
    }

    fn start(script: &str, more: &[(&str, &str)], command: impl Fn(&Path, &Path) -> Command) -> Option<Emulator> {
        let emulator = emulator()?;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("function.sh"), script).unwrap();
        let [address, api] = free_addresses();
        let log = File::create(folder.path().join("log")).unwrap();
        let mark = folder.path().display().to_string();
        let child = command(&emulator, folder.path())
            .args(["--log-level", "error"])
            .args(["--runtime-interface-emulator-address", &address.to_string()])
            .args(["--runtime-api-address", &api.to_string()])
            .env("_HANDLER", "function.handler")
            .env(MARK, &mark)
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let tree = ProcessTree::new(child.id(), &format!("{MARK}={mark}"));
        let mut emulator = Emulator { child, tree, address, folder };
        emulator.wait_for_its_port();
        Some(emulator)
    }

    /// Where it never listens, its log says why.
    fn wait_for_its_port(&mut self) {
        let Emulator { child, address, folder, .. } = self;
        let log = || shown_log(folder.path());
        let listens = || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the emulator ended before it listened, with {status}{}", log());
            }
            TcpStream::connect(*address).ok()
        };
        until_or_show("the emulator's port", listens, log);
    }

    /// One invoke. It must not be called twice at a time.
    pub fn invoke(&mut self, event: &[u8]) -> Answer {
        self.post(&[], event)
    }

    /// One of several invokes, in the mode of managed instances; again and again while no slot waits for an event.
    pub fn invoke_at_once(&self, event: &[u8]) -> Answer {
        self.invoke_with(&[], event)
    }

    /// The same with a request id of the client's choice.
    pub fn invoke_as(&self, request_id: &str, event: &[u8]) -> Answer {
        self.invoke_with(&[("X-Amzn-RequestId", request_id)], event)
    }

    /// One invoke for a tenant, as of a function with tenant isolation.
    pub fn invoke_for_tenant(&mut self, tenant: &str, event: &[u8]) -> Answer {
        self.post(&[("X-Amz-Tenant-Id", tenant)], event)
    }

    fn invoke_with(&self, headers: &[(&str, &str)], event: &[u8]) -> Answer {
        let is_taken = |answer: &Answer| !answer.text().contains("Runtime.Unavailable");
        until_or_show("a slot", || Some(self.post(headers, event)).filter(is_taken), || shown_log(self.folder.path()))
    }

    fn post(&self, headers: &[(&str, &str)], event: &[u8]) -> Answer {
        Wire::connect(self.address).post(INVOCATIONS, headers, event)
    }

    /// Lets the handlers that wait for this file go on: `$COSHELL_TEST_MARK/NAME`.
    pub fn touch(&self, name: &str) {
        fs::write(self.folder.path().join(name), "").unwrap();
    }

    /// The log as soon as it has `part`.
    #[track_caller]
    pub fn log_with(&self, part: &str) -> String {
        let has_part = || Some(self.log()).filter(|log| log.contains(part));
        until_or_show(&format!("{part:?} in the log"), has_part, || shown_log(self.folder.path()))
    }

    /// Tells it to shut down, as Lambda does an environment, and gives the whole log.
    pub fn end(mut self) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    pub fn log(&self) -> String {
        log_in(self.folder.path())
    }
}

fn log_in(folder: &Path) -> String {
    String::from_utf8_lossy(&fs::read(folder.join("log")).unwrap()).into_owned()
}

fn shown_log(folder: &Path) -> String {
    format!("; its log:\n{}", log_in(folder))
}

impl Drop for Emulator {
    fn drop(&mut self) {
        until("the emulator's end", || (!self.tree.kill()).then_some(()));
        let _ = self.child.wait();
    }
}

/// `commands` with `keep` and `restore`; this project's folders are kept.
fn in_a_place(commands: &str) -> String {
    format!("set -eu\n{KEEP}\nkeep {}\n{commands}", of_this_project())
}

/// Two addresses that are free now; both are held until both are known.
fn free_addresses() -> [SocketAddr; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

#[test]
fn an_emulator_that_does_not_listen_shows_its_log() {
    if emulator().is_none() {
        return;
    }
    let start = |_: &Path, _: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason >&2; exit 3"]);
        command
    };
    let ended = std::panic::catch_unwind(|| Emulator::start("", &[], start));
    let message = ended.err().unwrap().downcast::<String>().unwrap();
    assert!(message.contains("exit status: 3; its log:\nthe reason"), "{message}");
}
