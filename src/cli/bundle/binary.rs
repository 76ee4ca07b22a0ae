//! What an ELF file needs of the place it runs in, and whether Lambda's `provided.al2023` has that.
//!
//! A program of the wrong architecture or against a newer C library fails on AWS only when it is first called, with a message that
//! names neither. Both stand in the file. What libraries the image has beyond glibc's is not known here, so that is a warning.

use anyhow::{Result, bail};
use object::Endianness;
use object::elf::{DT_NEEDED, ET_DYN, ET_EXEC, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use super::architecture::{Architecture, called};

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
    /// The newest version of glibc that a symbol asks for.
    glibc: Option<(u32, u32)>,
    libraries: Vec<String>,
}

impl Binary {
    /// Reads `bytes`; nothing if they are no program and no shared library, or too damaged to tell.
    pub(crate) fn read(bytes: &[u8]) -> Option<Binary> {
        let (kind, machine) = (bytes.get(16..18)?, bytes.get(18..20)?);
        let number = |two: &[u8]| two.first().zip(two.get(1)).map(|(low, high)| u16::from_le_bytes([*low, *high]));
        if !bytes.starts_with(b"\x7fELF") || !matches!(number(kind)?, ET_EXEC | ET_DYN) {
            return None;
        }
        let machine = number(machine)?;
        let mut binary = Binary { machine, ..Binary::default() };
        if Architecture::of_machine(machine).is_some() {
            let _ = binary.needs(bytes); // as far as it can be read
        }
        Some(binary)
    }

    /// The architecture, where it is one of Lambda's.
    pub(crate) fn architecture(&self) -> Option<Architecture> {
        Architecture::of_machine(self.machine)
    }

    /// Whether it needs neither a loader nor a library.
    pub(crate) fn is_static(&self) -> bool {
        self.loader.is_none() && self.libraries.is_empty()
    }

    /// The newest version of glibc that it asks for.
    pub(crate) fn glibc(&self) -> Option<(u32, u32)> {
        self.glibc
    }

    fn needs(&mut self, bytes: &[u8]) -> object::Result<()> {
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
                    self.glibc = self.glibc.max(glibc(version?.name(endian, strings)?));
                }
            }
        }
        Ok(())
    }

    /// Refuses what cannot run on Lambda; `own_libc` says that the zip brings a C library of its own.
    pub(crate) fn runs_on(&self, architecture: Architecture, name: &str, own_libc: bool) -> Result<()> {
        if self.architecture() != Some(architecture) {
            let instead = match self.architecture() {
                Some(other) => format!("say --arch {other}, or bring it for {architecture}"),
                None => format!("bring it for {architecture}"),
            };
            bail!("`{name}` is for {}, not for {architecture}: {instead}, or leave it out", called(self.machine));
        }
        if own_libc {
            return Ok(());
        }
        if let Some((major, minor)) = self.glibc.filter(|version| *version > GLIBC) {
            bail!(
                "`{name}` needs glibc {major}.{minor}, and Lambda's provided.al2023 has {}.{}: bring one that is linked statically, or \
                 built on an older system",
                GLIBC.0,
                GLIBC.1
            );
        }
        if let Some(loader) = self.loader.as_deref().filter(|loader| *loader != architecture.loader()) {
            bail!(
                "`{name}` needs the loader `{loader}`, which Lambda's provided.al2023 lacks: bring one that is linked statically"
            );
        }
        Ok(())
    }

    /// The libraries that neither glibc brings nor `has` knows.
    pub(crate) fn lacking(&self, has: impl Fn(&str) -> bool) -> Vec<&str> {
        let libraries = self.libraries.iter().map(String::as_str);
        libraries.filter(|library| !OF_GLIBC.contains(library) && !has(library)).collect()
    }
}

/// `GLIBC_2.34`, or one that stands for what its loader must understand: `GLIBC_ABI_DT_RELR` was the first of them.
fn glibc(version: &[u8]) -> Option<(u32, u32)> {
    let version = std::str::from_utf8(version).ok()?.strip_prefix("GLIBC_")?;
    if version.starts_with("ABI_") {
        return Some((2, 36));
    }
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
