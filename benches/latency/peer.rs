//! Who is measured, and how each is built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The bootstraps that run side by side, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Ours.
    Coshell,
    /// An earlier build of ours, given by `--before`.
    Before,
    /// A Rust function without Bash: benches/peers/rust/src/bin/rust-echo.rs.
    Rust,
    /// A new Bash for every event, from Rust: bash-per-event.rs beside it.
    BashPerEvent,
    /// benches/peers/shell-bootstrap.
    Shell,
}

impl Peer {
    /// All of them; `Before` is not always there.
    pub(crate) const ALL: [Peer; 5] = [Peer::Coshell, Peer::Before, Peer::Rust, Peer::BashPerEvent, Peer::Shell];

    /// Its name in the tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Peer::Coshell => "coshell",
            Peer::Before => "coshell before",
            Peer::Rust => "Rust without Bash",
            Peer::BashPerEvent => "new Bash per event",
            Peer::Shell => "shell bootstrap",
        }
    }

    /// How many events it gets where a fast peer gets `events`: the shell bootstrap needs a hundred times as long for each.
    pub(crate) fn share_of(self, events: usize) -> usize {
        match self {
            Peer::Coshell | Peer::Before | Peer::Rust | Peer::BashPerEvent => events,
            Peer::Shell => (events / 10).max(3),
        }
    }

    /// Whether events and responses of `bytes` reach the handler and come back: Linux takes no argument over 128 KiB.
    pub(crate) fn takes(self, event_bytes: usize, response_bytes: usize) -> bool {
        const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;
        match self {
            Peer::Coshell | Peer::Before | Peer::Rust => true,
            Peer::BashPerEvent => event_bytes <= LONGEST_ARGUMENT,
            Peer::Shell => event_bytes.max(response_bytes) <= LONGEST_ARGUMENT,
        }
    }
}

/// The files of the peers.
#[derive(Debug)]
pub(crate) struct Bootstraps {
    coshell: PathBuf,
    before: Option<PathBuf>,
    rust: PathBuf,
    bash_per_event: PathBuf,
    shell: PathBuf,
}

impl Bootstraps {
    /// Builds ours as it goes into a zip, unless another is given, and the peers; both in a target folder of their own. `before` is an
    /// earlier build of ours.
    pub(crate) fn build(coshell: Option<&Path>, before: Option<&Path>) -> Result<Bootstraps> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        let built = target.join("release");
        if coshell.is_none() {
            let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
            cargo_build(&ours, &target, &["--no-default-features", "--bin", "bootstrap"])?;
        }
        cargo_build(&folder().join("peers/rust/Cargo.toml"), &target, &[])?;
        Ok(Bootstraps {
            coshell: coshell.map_or_else(|| built.join("bootstrap"), Path::to_owned),
            before: before.map(Path::to_owned),
            rust: built.join("rust-echo"),
            bash_per_event: built.join("bash-per-event"),
            shell: folder().join("peers/shell-bootstrap"),
        })
    }

    /// The peers that there are, in the order of the tables.
    pub(crate) fn peers(&self) -> Vec<Peer> {
        Peer::ALL.into_iter().filter(|peer| *peer != Peer::Before || self.before.is_some()).collect()
    }

    /// The executable of a peer.
    pub(crate) fn of(&self, peer: Peer) -> &Path {
        match peer {
            Peer::Coshell => &self.coshell,
            Peer::Before => self.before.as_deref().unwrap_or(&self.coshell),
            Peer::Rust => &self.rust,
            Peer::BashPerEvent => &self.bash_per_event,
            Peer::Shell => &self.shell,
        }
    }
}

fn cargo_build(manifest: &Path, target: &Path, more: &[&str]) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--locked", "--manifest-path"]).arg(manifest).args(more);
    let status = cargo.arg("--target-dir").arg(target).status().context("cannot start cargo for the peers")?;
    if !status.success() {
        bail!("cargo could not build `{}`: {status}", manifest.display());
    }
    Ok(())
}

/// The folder `benches`.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")
}
