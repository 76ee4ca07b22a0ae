//! Programs that cannot start on Lambda are refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::project::Project;
use crate::support::skip::cannot;

const X86_64: u16 = 62;
const ARM64: u16 = 183;

/// A static program that has only a header.
fn elf(machine: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(64, 0);
    header[16] = 2; // a program
    header[18..20].copy_from_slice(&machine.to_le_bytes());
    header[20] = 1;
    header[52] = 64;
    header[54] = 56;
    header[58] = 64;
    header
}

#[test]
fn a_program_of_another_architecture_is_refused() {
    let project = Project::new().file("bin/jq", elf(ARM64), 0o755);
    project.refused(&[], "`bin/jq` is for arm64, not for x86_64: use --arch arm64");
    assert_eq!(project.packaged(&["--arch", "arm64"]).names(), ["bin/jq", "function.sh"]);
    let project = Project::new().file("lib/old.so", elf(40), 0o644);
    project.refused(&["--arch", "arm64"], "`lib/old.so` is for 32-bit ARM, not for arm64");
}

#[test]
fn a_runtime_of_another_architecture_is_refused() {
    let project = Project::new();
    fs::write(project.output().with_file_name("bootstrap"), elf(X86_64)).unwrap();
    let arguments = ["--with-runtime", "--bootstrap", "../bootstrap"];
    project.refused(&[&arguments[..], &["--arch", "arm64"]].concat(), "`bootstrap` is for x86_64, not for arm64");
    assert_eq!(project.packaged(&arguments).names(), ["bootstrap", "function.sh"]);
}

#[test]
fn damaged_and_cut_headers_are_refused_or_packed_as_data_and_never_end_the_program() {
    let whole = elf(X86_64);
    for length in 0..whole.len() {
        Project::new().file("data", &whole[..length], 0o644).packaged(&[]);
    }
    for offset in 20..whole.len() {
        let mut bytes = whole.clone();
        bytes[offset] = 0xff;
        Project::new().file("data", bytes, 0o644).packaged(&[]);
    }
}

#[test]
fn a_program_that_needs_a_newer_or_another_c_library_is_refused() {
    if cannot("cc", &["--version"]) {
        return;
    }
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let refused = |version: &str, loader: &str, sentence: &str| {
        let folder = tempfile::tempdir().unwrap();
        link_against(folder.path(), version, loader);
        let program = fs::read(folder.path().join("program")).unwrap();
        let project = Project::new().file("bin/program", program, 0o755);
        match sentence {
            "" => drop(project.packaged(&["--arch", arch])),
            sentence => project.refused(&["--arch", arch], sentence),
        }
    };
    let loader =
        if cfg!(target_arch = "aarch64") { "/lib/ld-linux-aarch64.so.1" } else { "/lib64/ld-linux-x86-64.so.2" };
    refused("GLIBC_2.35", loader, "`bin/program` needs glibc 2.35, and Lambda's provided.al2023 has 2.34");
    refused("GLIBC_2.34", loader, "");
    refused("GLIBC_ABI_DT_RELR", loader, "`bin/program` needs glibc 2.36");
    refused("GLIBC_2.2.5", "/lib/ld-musl.so.1", "`bin/program` needs the loader `/lib/ld-musl.so.1`");
}

/// A dynamic program that needs `version` of a C library that this test makes.
fn link_against(folder: &Path, version: &str, loader: &str) {
    fs::write(folder.join("c.c"), "int asked(void) { return 0; }\n").unwrap();
    fs::write(folder.join("versions"), format!("{version} {{ asked; }};\n")).unwrap();
    fs::write(folder.join("p.c"), "int asked(void);\nint _start(void) { return asked(); }\n").unwrap();
    cc(folder, &["-shared", "-Wl,-soname,libc.so.6", "-Wl,--version-script,versions", "-o", "libc.so", "c.c"]);
    let loader = format!("-Wl,--dynamic-linker,{loader}");
    cc(folder, &[&loader, "-o", "program", "p.c", "libc.so"]);
}

fn cc(folder: &Path, arguments: &[&str]) {
    let ran = Command::new("cc").current_dir(folder).args(["-nostdlib", "-fPIC"]).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn a_library_that_the_zip_lacks_is_a_warning() {
    if cannot("cc", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.c"), "int a(void) { return 0; }\n").unwrap();
    fs::write(folder.path().join("b.c"), "int a(void);\nint b(void) { return a(); }\n").unwrap();
    cc(folder.path(), &["-shared", "-Wl,-soname,liba.so.1", "-o", "liba.so.1", "a.c"]);
    cc(folder.path(), &["-shared", "-o", "libb.so", "b.c", "liba.so.1"]);
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let project = Project::new().file("lib/libb.so", bytes("libb.so"), 0o755);
    project.package(&["--arch", arch]).assert_status(0).assert_stderr_has("warning: `lib/libb.so` needs `liba.so.1`");
    let project = project.file("lib/liba.so.1", bytes("liba.so.1"), 0o755);
    assert_eq!(project.package(&["--arch", arch]).assert_status(0).stderr, "");
}
