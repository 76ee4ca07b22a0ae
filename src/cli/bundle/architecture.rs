//! Lambda's two kinds of processor.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use object::elf::{EM_386, EM_AARCH64, EM_ARM, EM_X86_64};

/// The processor that a function runs on: the setting `Architectures` of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    /// Lambda's default.
    #[value(name = "x86_64")]
    X86_64,
    /// Graviton; others call it aarch64.
    #[value(name = "arm64", alias = "aarch64")]
    Arm64,
}

impl Architecture {
    /// The name in the targets of Rust and of C compilers.
    pub(super) fn target_name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "aarch64",
        }
    }

    /// The architecture of an ELF file's `e_machine`.
    pub(super) fn of_machine(machine: u16) -> Option<Architecture> {
        match machine {
            EM_X86_64 => Some(Architecture::X86_64),
            EM_AARCH64 => Some(Architecture::Arm64),
            _ => None,
        }
    }

    /// The path of glibc's loader on Lambda.
    pub(super) fn loader(self) -> &'static str {
        match self {
            Architecture::X86_64 => "/lib64/ld-linux-x86-64.so.2",
            Architecture::Arm64 => "/lib/ld-linux-aarch64.so.1",
        }
    }
}

impl Display for Architecture {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Arm64 => "arm64",
        })
    }
}

/// The name of a machine in an error message.
pub(super) fn machine_name(machine: u16) -> String {
    match (Architecture::of_machine(machine), machine) {
        (Some(architecture), _) => architecture.to_string(),
        (None, EM_386) => "32-bit x86".to_owned(),
        (None, EM_ARM) => "32-bit ARM".to_owned(),
        (None, other) => format!("another machine (ELF machine {other})"),
    }
}
