//! The server that stands in for AWS and judges signatures with botocore (tests/it/runtime/signature_judge.py), and keys for it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::running::until;
use super::skip::aws_tool;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
pub const ACCESS_KEY: &str = "ASIAEXAMPLE";
pub const SECRET_KEY: &str = "example/secret+key==";
pub const TOKEN: &str = "example/session+token==";
pub const REGION: &str = "eu-west-1";

/// Keys, and how SigV4 writes them in a path: each byte encoded but letters, digits, `-._~` and the slashes.
pub const KEYS: [(&str, &str); 20] = [
    ("plain.txt", "plain.txt"),
    ("-._~", "-._~"),
    ("a b+c.txt", "a%20b%2Bc.txt"),
    ("!'()*", "%21%27%28%29%2A"),
    ("=&:@,;$", "%3D%26%3A%40%2C%3B%24"),
    ("?x=1#[]{}|\\^`\"<>", "%3Fx%3D1%23%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E"),
    ("100%, %41%2F%zz", "100%25%2C%20%2541%252F%25zz"),
    ("data/asset_id=x/dt=2024-05-22/part.parquet", "data/asset_id%3Dx/dt%3D2024-05-22/part.parquet"),
    ("../other-bucket/secret.txt", "../other-bucket/secret.txt"),
    ("%2e%2e/other-bucket/secret.txt", "%252e%252e/other-bucket/secret.txt"),
    ("a/./b/../c", "a/./b/../c"),
    ("..", ".."),
    ("a/..", "a/.."),
    ("//a///b", "//a///b"),
    ("folder/", "folder/"),
    ("M\u{e4}rz/\u{65e5}\u{672c}/\u{1f389}", "M%C3%A4rz/%E6%97%A5%E6%9C%AC/%F0%9F%8E%89"),
    ("e\u{301} \u{a0}\u{feff}", "e%CC%81%20%C2%A0%EF%BB%BF"),
    ("a\nb\tc\rd", "a%0Ab%09c%0Dd"),
    ("\u{1}\u{7f}", "%01%7F"),
    ("-o/tmp/x", "-o/tmp/x"),
];

/// The server that judges; it ends when it is dropped.
pub struct Judge {
    child: Child,
    pub address: String,
    log: PathBuf,
    _folder: TempDir,
}

impl Judge {
    pub fn start() -> Option<Judge> {
        let python = aws_tool("python")?;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let script = Path::new(PROJECT).join("tests/it/runtime/signature_judge.py");
        let child = Command::new(python)
            .arg(script)
            .args([ACCESS_KEY, SECRET_KEY, TOKEN, REGION])
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut judge = Judge { child, address: String::new(), log, _folder: folder };
        let port = until("the judge's port", || {
            let line = BufReader::new(File::open(&judge.log).unwrap()).lines().next()?.unwrap();
            line.parse::<u16>().ok()
        });
        judge.address = format!("http://127.0.0.1:{port}");
        Some(judge)
    }

    /// All requests so far. None of them may be wrong.
    #[track_caller]
    pub fn requests(&self) -> Vec<Value> {
        let requests = self.all_requests();
        for request in &requests {
            assert_eq!(request["fault"], Value::Null, "{request:#}");
        }
        requests
    }

    /// The same, also those that AWS would refuse.
    pub fn all_requests(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
