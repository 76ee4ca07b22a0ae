//! libFuzzer's program for all parsers of coshell; COSHELL_FUZZ names the one that is fed. tests/fuzz/run starts it.
#![no_main]

use std::sync::OnceLock;

use coshell::fuzzing::TARGETS;
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let wanted = std::env::var("COSHELL_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|(name, _)| *name == wanted);
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        let (_, target) = found.unwrap_or_else(|| panic!("COSHELL_FUZZ must be one of {}", names.join(", ")));
        TARGET.get_or_init(|| *target);
    },
    |bytes: &[u8]| TARGET.get().expect("init comes first")(bytes)
);
