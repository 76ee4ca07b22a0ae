//! Builds the sandbox's file system around this process, which must have only one thread.
//!
//! The new root is a file system in memory. The machine's own programs are bound into it, read-only. The file system disappears when the last
//! process in the sandbox has ended.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow};
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{chdir, getgid, getuid, pivot_root};

use super::{TASK_ROOT, layers};

/// Lambda's user, as its functions print it.
const UID: u32 = 993;
const GID: u32 = 990;
const USER: &str = "sbx_user1051";
/// Where the new root is built: a folder that every machine has.
const NEW_ROOT: &str = "/tmp";
/// The folders of the machine that the sandbox shares: programs, their libraries and their settings. Nix and Guix have their own folders.
const HOST_FOLDERS: [&str; 12] =
    ["bin", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "proc", "sbin", "sys", "usr"];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Lambda's own limits.
const TMP_OPTIONS: &str = "mode=1777,size=512m";
const MAX_DESCRIPTORS: u64 = 1024;

const ADVICE: &str = "user namespaces must be allowed: in Docker with `--privileged`, on Ubuntu 24.04 and newer with `sudo sysctl \
    kernel.apparmor_restrict_unprivileged_userns=0`, elsewhere with the sysctls `user.max_user_namespaces` or `kernel.unprivileged_userns_clone`";

const TRACE_FILE: &str = "COSHELL_TRACE_FILE";

/// Opens the trace file, if its path is under /proc, so that the sandbox inherits it. Returns the variable with its path in the sandbox.
pub(super) fn open_trace() -> Result<Option<(&'static str, String)>> {
    let Some(path) = std::env::var_os(TRACE_FILE).filter(|path| path.as_encoded_bytes().starts_with(b"/proc/")) else {
        return Ok(None);
    };
    let file = OpenOptions::new().append(true).open(path)?;
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(Some((TRACE_FILE, format!("/proc/self/fd/{}", file.into_raw_fd()))))
}

/// Builds the file system, makes it the root of this process, and enters the function's folder.
pub(super) fn build(task_root: &Path, layers: &[OsString]) -> Result<()> {
    enter_user_namespace()?;
    mount::<str, str, str, str>(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None).map_err(not_allowed)?;
    // Opened first: these folders can be under /tmp, which the new root hides.
    let task_root = OpenPath::new(task_root)?;
    let layers = layers.iter().map(|layer| OpenPath::new(Path::new(layer))).collect::<Result<Vec<OpenPath>>>()?;
    mount_tmpfs(NEW_ROOT, "mode=755")?;
    for name in HOST_FOLDERS {
        bind_host_folder(name)?;
    }
    bind_user_names()?;
    make_devices()?;
    for (name, options) in [("tmp", TMP_OPTIONS), ("opt", "mode=755"), ("var", "mode=755")] {
        mount_tmpfs(&in_new_root(name), options)?;
    }
    for name in ["var/runtime", "var/lang"] {
        fs::create_dir(in_new_root(name)).with_context(|| format!("cannot make /{name}"))?;
    }
    bind(&task_root.path(), &in_new_root(TASK_ROOT))?;
    for layer in &layers {
        layers::unpack(&layer.path(), Path::new(&in_new_root("opt")))
            .with_context(|| format!("cannot unpack the layer `{}`", layer.name.display()))?;
    }
    enter_new_root()?;
    setrlimit(Resource::RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS).context("cannot set a limit")?;
    Ok(())
}

/// Enters a user namespace in which this process is Lambda's user and may mount until it becomes another program.
fn enter_user_namespace() -> Result<()> {
    let (uid, gid) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).map_err(not_allowed)?;
    let maps = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{UID} {uid} 1")),
        ("gid_map", format!("{GID} {gid} 1")),
    ];
    for (file, text) in maps {
        fs::write(format!("/proc/self/{file}"), text).map_err(not_allowed)?;
    }
    Ok(())
}

fn not_allowed(error: impl Display) -> Error {
    anyhow!("cannot build the sandbox ({error}): {ADVICE}")
}

/// A file or folder that stays reachable by its descriptor if another mount hides its path.
struct OpenPath {
    name: PathBuf,
    file: File,
}

impl OpenPath {
    fn new(path: &Path) -> Result<OpenPath> {
        let file = OpenOptions::new().read(true).custom_flags(OFlag::O_PATH.bits()).open(path);
        Ok(OpenPath { name: path.to_owned(), file: file.with_context(|| format!("cannot open `{}`", path.display()))? })
    }

    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

fn in_new_root(name: &str) -> String {
    format!("{NEW_ROOT}/{}", name.trim_start_matches('/'))
}

fn mount_tmpfs(folder: &str, options: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{folder}`"))?;
    mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options))
        .with_context(|| format!("cannot mount a file system in memory on `{folder}`"))
}

/// Binds a file or folder to `target`, and makes `target` if it does not exist. An existing target is never opened: it can be a file of the
/// machine in a folder that is already bound, and creating it would empty it.
fn bind(source: &str, target: &str) -> Result<()> {
    let is_folder = fs::metadata(source).is_ok_and(|source| source.is_dir());
    match fs::symlink_metadata(target) {
        Ok(_) => Ok(()),
        Err(_) if is_folder => fs::create_dir_all(target),
        Err(_) => File::create_new(target).map(drop),
    }
    .with_context(|| format!("cannot make `{target}`"))?;
    mount::<str, str, str, str>(Some(source), target, None, MsFlags::MS_BIND | MsFlags::MS_REC, None)
        .with_context(|| format!("cannot bind `{source}` to `{target}`"))
}

/// Binds a folder of the machine's root; a symbolic link stays a link.
fn bind_host_folder(name: &str) -> Result<()> {
    let (source, target) = (format!("/{name}"), in_new_root(name));
    match fs::read_link(&source) {
        Ok(to) => symlink(to, &target).with_context(|| format!("cannot make `{target}`")),
        Err(_) if Path::new(&source).is_dir() => bind(&source, &target),
        Err(_) => Ok(()),
    }?;
    // If /etc/resolv.conf is a link to a file in /run, host names can be resolved only with this file.
    let resolved = fs::canonicalize("/etc/resolv.conf").ok().filter(|_| name == "etc");
    match resolved.and_then(|path| path.to_str().map(str::to_owned)).filter(|path| path.starts_with("/run/")) {
        Some(path) => {
            let folder = Path::new(&path).parent().and_then(Path::to_str).unwrap_or("/run");
            fs::create_dir_all(in_new_root(folder)).context("cannot make the folder of resolv.conf")?;
            bind(&path, &in_new_root(&path))
        }
        None => Ok(()),
    }
}

/// Gives the user and its group the names that they have on Lambda. If the machine's /etc has no such files, or only links to them, the user
/// and the group have no names.
fn bind_user_names() -> Result<()> {
    let files = [
        ("etc/passwd", UID, format!("{USER}:x:{UID}:{GID}::/home/{USER}:/sbin/nologin\n")),
        ("etc/group", GID, format!("{USER}:x:{GID}:\n")),
    ];
    for (name, id, line) in files {
        let file = in_new_root(name);
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|file| file.is_file());
        let Some(known) = fs::read_to_string(&file).ok().filter(|_| is_plain) else { continue };
        let changed = in_new_root("names");
        fs::write(&changed, with_name(&known, id, &line)).with_context(|| format!("cannot write `{changed}`"))?;
        bind(&changed, &file)?;
        fs::remove_file(&changed).with_context(|| format!("cannot remove `{changed}`"))?;
    }
    Ok(())
}

/// The lines of a passwd or group file, with `line` instead of the lines with the same name or id.
fn with_name(known: &str, id: u32, line: &str) -> String {
    let id = id.to_string();
    let is_other = |line: &&str| {
        let mut fields = line.split(':');
        fields.next() != Some(USER) && fields.nth(1) != Some(id.as_str())
    };
    let others = known.lines().filter(is_other).map(|line| format!("{line}\n"));
    others.chain(std::iter::once(line.to_owned())).collect()
}

/// A /dev without `fd`, a terminal and shared memory.
fn make_devices() -> Result<()> {
    fs::create_dir(in_new_root("dev")).context("cannot make /dev")?;
    for device in DEVICES {
        bind(&format!("/dev/{device}"), &in_new_root(&format!("dev/{device}")))?;
    }
    for (stream, number) in [("stdin", 0), ("stdout", 1), ("stderr", 2)] {
        symlink(format!("/proc/self/fd/{number}"), in_new_root(&format!("dev/{stream}")))
            .context("cannot fill /dev")?;
    }
    Ok(())
}

/// Enters the new root, unmounts the old root, and makes everything read-only except /tmp.
fn enter_new_root() -> Result<()> {
    chdir(NEW_ROOT).and_then(|()| pivot_root(".", ".")).context("cannot enter the sandbox")?;
    umount2(".", MntFlags::MNT_DETACH).context("cannot leave the old root")?;
    chdir("/").context("cannot enter the new root")?;
    // The source of a mount can have any bytes; a mount point has a name of this module.
    let mounts = fs::read("/proc/self/mountinfo").context("cannot read the mounts")?;
    for (point, options) in String::from_utf8_lossy(&mounts).lines().filter_map(mount_point) {
        if ["/tmp", "/proc", "/dev/"].iter().any(|kept| point.starts_with(kept)) {
            continue;
        }
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | options;
        let remounted = mount::<str, str, str, str>(None, &point, None, flags, None);
        if !point.starts_with("/sys") {
            remounted.with_context(|| format!("cannot make `{point}` read-only"))?; // the kernel's own files in /sys may stay writable
        }
    }
    chdir(TASK_ROOT).with_context(|| format!("cannot enter {TASK_ROOT}"))
}

/// A mount point and the options that the mount must keep. Source: proc(5), "mountinfo".
fn mount_point(line: &str) -> Option<(String, MsFlags)> {
    let mut fields = line.split(' ').skip(4);
    let (point, options) = (fields.next()?, fields.next()?);
    let point = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(point.to_owned(), |point, (code, letter)| point.replace(code, letter));
    let flag = |option: &str| match option {
        "nosuid" => MsFlags::MS_NOSUID,
        "nodev" => MsFlags::MS_NODEV,
        "noexec" => MsFlags::MS_NOEXEC,
        "noatime" => MsFlags::MS_NOATIME,
        "nodiratime" => MsFlags::MS_NODIRATIME,
        "relatime" => MsFlags::MS_RELATIME,
        _ => MsFlags::empty(),
    };
    Some((point, options.split(',').map(flag).fold(MsFlags::empty(), |all, flag| all | flag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_keeps_the_options_that_it_has() {
        let line = "36 35 98:0 /mnt1 /mnt\\040two rw,nosuid,noatime master:1 - ext3 /dev/root rw,errors=continue";
        let (point, flags) = mount_point(line).unwrap();
        assert_eq!((point.as_str(), flags), ("/mnt two", MsFlags::MS_NOSUID | MsFlags::MS_NOATIME));
    }

    #[test]
    fn the_name_replaces_the_lines_with_its_id() {
        let known =
            "root:x:0:0:root:/root:/bin/bash\nchrony:x:993:988::/:/bin/false\nsbx_user1051:x:7:7::/:\nd:x:988:993::/:";
        let line = "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n";
        let expected = format!("root:x:0:0:root:/root:/bin/bash\nd:x:988:993::/:\n{line}");
        assert_eq!(with_name(known, UID, line), expected);
    }
}
