//! Reads what an ELF file needs (processor, loader, libraries, glibc version), and decides whether Lambda's `provided.al2023` has these.
//!
//! On AWS a program for another architecture or for a newer C library fails when it is first called, with a message that names neither. The
//! file itself says both. This module does not know which libraries the image has beyond those of glibc, so a missing library is a warning.

use anyhow::{Result, bail};
use object::Endianness;
use object::elf::{DT_NEEDED, ET_DYN, ET_EXEC, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use super::architecture::{Architecture, machine_name};

/// The version of Amazon Linux 2023's C library.
const GLIBC: (u32, u32) = (2, 34);

/// The libraries that come with glibc, and libgcc.
const OF_GLIBC: [&str; 11] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// A program or a shared library.
#[derive(Debug, Default)]
pub(crate) struct Binary {
    machine: u16,
    loader: Option<String>,
    /// The newest version of glibc that a symbol needs.
    glibc: Option<(u32, u32)>,
    libraries: Vec<String>,
}

impl Binary {
    /// Reads `bytes`. Returns `None` if they are neither a program nor a shared library, or too damaged to tell.
    pub(crate) fn read(bytes: &[u8]) -> Option<Binary> {
        let (kind, machine) = (bytes.get(16..18)?, bytes.get(18..20)?);
        let number = |two: &[u8]| two.first().zip(two.get(1)).map(|(low, high)| u16::from_le_bytes([*low, *high]));
        if !bytes.starts_with(b"\x7fELF") || !matches!(number(kind)?, ET_EXEC | ET_DYN) {
            return None;
        }
        let machine = number(machine)?;
        let mut binary = Binary { machine, ..Binary::default() };
        if Architecture::of_machine(machine).is_some() {
            let _ = binary.read_needs(bytes); // the fields before the first damaged part are filled in
        }
        Some(binary)
    }

    /// The architecture, if it is one of Lambda's.
    pub(crate) fn architecture(&self) -> Option<Architecture> {
        Architecture::of_machine(self.machine)
    }

    /// Whether the file needs neither a loader nor a library.
    pub(crate) fn is_static(&self) -> bool {
        self.loader.is_none() && self.libraries.is_empty()
    }

    /// The newest version of glibc that the file needs.
    pub(crate) fn glibc(&self) -> Option<(u32, u32)> {
        self.glibc
    }

    /// Fills in the loader, the libraries and the glibc version.
    fn read_needs(&mut self, bytes: &[u8]) -> object::Result<()> {
        let header = FileHeader64::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        for segment in header.program_headers(endian, bytes)? {
            if let Some(loader) = segment.interpreter(endian, bytes)? {
                self.loader = Some(String::from_utf8_lossy(loader).into_owned());
            }
        }
        let sections = header.sections(endian, bytes)?;
        if let Some((dynamic, strings)) = sections.dynamic(endian, bytes)? {
            let strings = sections.strings(endian, bytes, strings)?;
            for entry in dynamic.iter().filter(|entry| entry.tag32(endian) == Some(DT_NEEDED)) {
                self.libraries.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
            }
        }
        if let Some((needs, strings)) = sections.gnu_verneed(endian, bytes)? {
            let strings = sections.strings(endian, bytes, strings)?;
            for need in needs {
                for version in need?.1 {
                    self.glibc = self.glibc.max(glibc_version(version?.name(endian, strings)?));
                }
            }
        }
        Ok(())
    }

    /// Refuses a file that cannot run on Lambda. `own_libc` says that the zip contains its own C library.
    pub(crate) fn check_runs_on(&self, architecture: Architecture, name: &str, own_libc: bool) -> Result<()> {
        if self.architecture() != Some(architecture) {
            let advice = match self.architecture() {
                Some(other) => format!("use --arch {other}, or replace the file by one for {architecture}"),
                None => format!("replace the file by one for {architecture}"),
            };
            bail!("`{name}` is for {}, not for {architecture}: {advice}, or leave it out", machine_name(self.machine));
        }
        if own_libc {
            return Ok(());
        }
        if let Some((major, minor)) = self.glibc.filter(|version| *version > GLIBC) {
            bail!(
                "`{name}` needs glibc {major}.{minor}, and Lambda's provided.al2023 has {}.{}: use a program that is linked \
                 statically, or built on an older system",
                GLIBC.0,
                GLIBC.1
            );
        }
        if let Some(loader) = self.loader.as_deref().filter(|loader| *loader != architecture.loader()) {
            bail!(
                "`{name}` needs the loader `{loader}`, which Lambda's provided.al2023 lacks: use a program that is linked statically"
            );
        }
        Ok(())
    }

    /// The libraries that are neither part of glibc nor known to `has`.
    pub(crate) fn missing_libraries(&self, has: impl Fn(&str) -> bool) -> Vec<&str> {
        let libraries = self.libraries.iter().map(String::as_str);
        libraries.filter(|library| !OF_GLIBC.contains(library) && !has(library)).collect()
    }
}

/// The version in a name such as `GLIBC_2.34`. Names such as `GLIBC_ABI_DT_RELR` need a loader of glibc 2.36 or newer.
fn glibc_version(version: &[u8]) -> Option<(u32, u32)> {
    let version = std::str::from_utf8(version).ok()?.strip_prefix("GLIBC_")?;
    if version.starts_with("ABI_") {
        return Some((2, 36));
    }
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
