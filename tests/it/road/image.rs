//! The images: what handlers/deploy/runtime-image writes, and what the Dockerfiles say.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::function::BOOTSTRAP;
use crate::support::program::Ran;
use crate::support::skip::cannot;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/deploy");
const ENTRYPOINT: &str = "/var/runtime/bootstrap";
/// Of the machine that runs the tests, as images name it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// A folder with a base image of one layer, as skopeo writes one.
struct Images {
    folder: TempDir,
}

impl Images {
    /// `None` where a tool is missing.
    fn with_base(architecture: &str) -> Option<Images> {
        if cannot("jq", &["--version"]) || cannot("tar", &["--version"]) {
            return None;
        }
        let images = Images { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(images.path("base/blobs/sha256")).unwrap();
        let layer = images.put(b"the base's layer");
        let config = images.put_json(&json!({
            "architecture": architecture, "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Entrypoint": ["/lambda-entrypoint.sh"], "Cmd": ["x"], "WorkingDir": "/var/task"},
            "rootfs": {"type": "layers", "diff_ids": [layer]},
        }));
        let manifest = images.put_json(&json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": 16}],
        }));
        images.write_index(&[&manifest]);
        Some(images)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, bytes: &[u8]) -> String {
        let sum = format!("{:x}", Sha256::digest(bytes));
        fs::write(self.path("base/blobs/sha256").join(&sum), bytes).unwrap();
        format!("sha256:{sum}")
    }

    fn put_json(&self, document: &Value) -> String {
        self.put(document.to_string().as_bytes())
    }

    fn write_index(&self, manifests: &[&str]) {
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifests: Vec<Value> =
            manifests.iter().map(|digest| json!({"mediaType": kind, "digest": digest, "size": 1})).collect();
        fs::write(self.path("base/index.json"), json!({"schemaVersion": 2, "manifests": manifests}).to_string())
            .unwrap();
    }

    fn make(&self, bootstrap: &Path, image: &str) -> Ran {
        let mut command = Command::new("timeout");
        command.args(["60", &format!("{DEPLOY}/runtime-image"), "base"]).arg(bootstrap).arg(image);
        Ran::from(command.current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap())
    }

    /// A blob of an image, whose name is its sum.
    #[track_caller]
    fn blob(&self, image: &str, descriptor: &Value) -> Vec<u8> {
        let digest = descriptor["digest"].as_str().unwrap();
        let bytes = fs::read(self.path(image).join("blobs").join(digest.replace(':', "/"))).unwrap();
        assert_eq!(digest, format!("sha256:{:x}", Sha256::digest(&bytes)));
        bytes
    }

    #[track_caller]
    fn json(&self, image: &str, descriptor: &Value) -> Value {
        let bytes = self.blob(image, descriptor);
        assert_eq!(descriptor["size"], bytes.len(), "{descriptor}");
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// The runtime is a debug build of 40 MB; all that counts of it is its first bytes.
fn small_runtime(folder: &Path) -> PathBuf {
    let mut bytes = Vec::new();
    fs::File::open(BOOTSTRAP).unwrap().take(4096).read_to_end(&mut bytes).unwrap();
    let path = folder.join("runtime");
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn the_runtimes_image_is_the_base_with_the_bootstrap_and_its_entrypoint() {
    let Some(images) = Images::with_base(ARCHITECTURE) else { return };
    let runtime = small_runtime(images.folder.path());
    let ran = images.make(&runtime, "image").assert_status(0);
    let index: Value = serde_json::from_slice(&fs::read(images.path("image/index.json")).unwrap()).unwrap();
    let digest = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(digest.trim_end(), index["manifests"][0]["digest"]);
    let layout: Value = serde_json::from_slice(&fs::read(images.path("image/oci-layout")).unwrap()).unwrap();
    assert_eq!(layout, json!({"imageLayoutVersion": "1.0.0"}));
    let manifest = images.json("image", &index["manifests"][0]);
    let config = images.json("image", &manifest["config"]);
    let settings = json!({"Env": ["PATH=/bin"], "Entrypoint": [ENTRYPOINT], "WorkingDir": "/var/task"});
    assert_eq!(config["config"], settings, "{config}");
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!((layers.len(), images.blob("image", &layers[0])), (2, b"the base's layer".to_vec()));
    let layer = images.path("layer.tar.gz");
    fs::write(&layer, images.blob("image", &layers[1])).unwrap();
    let listed = Command::new("tar").args(["--numeric-owner", "-tvzf"]).arg(&layer).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let rows: Vec<[&str; 3]> = rows.iter().map(|words| [words[0], words[1], words[5]]).collect();
    let folder = |name| ["drwxr-xr-x", "0/0", name];
    assert_eq!(rows, [folder("var/"), folder("var/runtime/"), ["-rwxr-xr-x", "0/0", "var/runtime/bootstrap"]]);
    let unpacked = Command::new("gzip").args(["-dc"]).arg(&layer).output().unwrap().stdout;
    assert_eq!(config["rootfs"]["diff_ids"][1], format!("sha256:{:x}", Sha256::digest(&unpacked)));
    let content = Command::new("tar").args(["-xzOf"]).arg(&layer).arg("var/runtime/bootstrap").output().unwrap().stdout;
    assert_eq!(content, fs::read(&runtime).unwrap());
}

#[test]
fn the_same_base_and_runtime_give_the_same_image() {
    let Some(images) = Images::with_base(ARCHITECTURE) else { return };
    let runtime = small_runtime(images.folder.path());
    let digests = ["one", "two"].map(|image| images.make(&runtime, image).assert_status(0).stdout);
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn an_image_that_could_not_run_is_refused_and_nothing_is_written() {
    let Some(images) = Images::with_base("s390x") else { return };
    let runtime = small_runtime(images.folder.path());
    images.make(&runtime, "image").assert_status(1).assert_stderr_has("and the base image for s390x");
    fs::write(images.path("text"), "#!/bin/sh\n").unwrap();
    images.make(&images.path("text"), "image").assert_status(1).assert_stderr_has("is no program for x86_64 or arm64");
    images.write_index(&["sha256:a", "sha256:b"]);
    images.make(&runtime, "image").assert_status(1).assert_stderr_has("`base` has 2 images, and one is needed");
    assert!(!images.path("image").exists());
    fs::create_dir(images.path("image")).unwrap();
    images.make(&runtime, "image").assert_status(2).assert_stderr_has("`image` exists already");
}

#[test]
fn the_dockerfile_of_the_runtime_says_what_the_script_does() {
    let text = fs::read_to_string(Path::new(DEPLOY).join("Dockerfile.runtime")).unwrap();
    let instructions: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let expected = [
        "FROM public.ecr.aws/lambda/provided:al2023",
        "ARG RUNTIME=bootstrap-x86_64",
        "COPY --chmod=755 ${RUNTIME} /var/runtime/bootstrap",
        "ENTRYPOINT [\"/var/runtime/bootstrap\"]",
    ];
    assert_eq!(instructions, expected);
}
