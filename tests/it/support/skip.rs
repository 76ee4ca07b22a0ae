//! What a test does where a tool is missing: it says so, and with CI=true it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says that a test is skipped, since `what` is not there.
///
/// # Panics
/// With CI=true, where nothing may be skipped.
pub fn skip(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "with CI=true nothing may be skipped: {what}");
    eprintln!("skip: {what}");
}

/// Whether `command` with `arguments` does not succeed here; says so.
pub fn cannot(command: &str, arguments: &[&str]) -> bool {
    let mut probe = Command::new(command);
    probe.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let cannot = !probe.status().is_ok_and(|status| status.success());
    if cannot {
        skip(&format!("`{command} {}` does not work here", arguments.join(" ")));
    }
    cannot
}

/// Whether mount namespaces cannot be made here; says so.
pub fn no_namespaces() -> bool {
    cannot("unshare", &[UNSHARE, "true"])
}

/// Whether this process cannot become another user; says so.
pub fn no_other_user() -> bool {
    cannot("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
}

/// Whether this process, with its own user's rights, cannot make a mount namespace and become another user; says so.
pub fn no_real_root() -> bool {
    cannot("unshare", &["-m", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"])
}

/// A private mount namespace, with the rights to mount in it.
pub const UNSHARE: &str = "-Urm";

/// Lambda's Runtime Interface Emulator: COSHELL_RIE, else where tests/run puts it.
pub fn emulator() -> Option<PathBuf> {
    let path = std::env::var_os("COSHELL_RIE").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/aws-lambda-rie")),
        PathBuf::from,
    );
    if path.is_file() {
        return Some(path);
    }
    skip(&format!("the emulator `{}` is not there: tests/run brings it", path.display()));
    None
}

/// A program of the virtual environment that `tests/run --with-aws` makes: `aws`, `moto_server`, or `python` with boto3.
pub fn aws_tool(name: &str) -> Option<PathBuf> {
    tool("venv", name)
}

/// The same for AWS's local runner of durable executions: `dex-local-runner`, or `python` with PyYAML.
pub fn durable_tool(name: &str) -> Option<PathBuf> {
    tool("durable-venv", name)
}

fn tool(environment: &str, name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(environment).join("bin").join(name);
    // The Python that it was made with may be one that this user cannot reach.
    if path.exists() && path.with_file_name("python").exists() {
        return Some(path);
    }
    skip(&format!("`{}` is not there: tests/run --with-aws brings it", path.display()));
    None
}
