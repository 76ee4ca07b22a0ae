//! moto's server in AWS's place, on a free port of 127.0.0.1.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::venv;
use crate::support::running::until;
use crate::support::wire::Wire;

/// It serves until it is dropped.
pub struct Moto {
    child: Child,
    pub address: SocketAddr,
}

impl Moto {
    /// Starts it; its log goes to `folder`.
    pub fn start(folder: &Path) -> Moto {
        let path = folder.join("moto.log");
        let log = File::create(&path).unwrap();
        let child = Command::new(Path::new(venv::PROGRAMS).join("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut moto = Moto { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        moto.address = until("moto's port", || {
            let log = fs::read_to_string(&path).unwrap();
            let (_, after) = log.split_once("Running on http://")?;
            after.split_once('\n')?.0.trim().parse().ok()
        });
        let settings = br#"{"lambda":{"use_docker":false}}"#;
        let answer = Wire::connect(moto.address).post("/moto-api/config", &[], settings);
        assert_eq!(answer.status, 201, "{answer:?}");
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
