//! What tests/fuzz feeds with bytes: every parser of what comes from outside, with what must hold for any bytes at all.
//!
//! None may panic, hang or take memory without bounds; beyond that each target asserts what its callers count on. The unit test here
//! feeds all that was ever found to be wrong (tests/fuzz/corpus) once more.
#![allow(clippy::panic, clippy::unwrap_used)] // a panic is what a fuzzer looks for

mod api;
mod cgi;
#[cfg(feature = "cli")]
mod developer;
mod runtime;

/// A parser's name, and what feeds it.
pub type Target = (&'static str, fn(&[u8]));

/// All parsers.
pub const TARGETS: &[Target] = &[
    ("answer", api::answer),
    ("status", runtime::status),
    ("stack", runtime::stack),
    ("xtrace", runtime::xtrace),
    ("handler", runtime::handler),
    ("prelude", runtime::prelude),
    ("cgi_request", cgi::request),
    ("cgi_response", cgi::response),
    ("log", runtime::log),
    ("failure", runtime::failure),
    #[cfg(feature = "cli")]
    ("event", developer::event),
    #[cfg(feature = "cli")]
    ("response", developer::response),
    #[cfg(feature = "cli")]
    ("script", developer::script),
    #[cfg(feature = "cli")]
    ("zip", developer::zip),
    #[cfg(feature = "cli")]
    ("elf", developer::elf),
];

/// Bytes that are given in pieces: the first byte says of which size.
fn pieces(bytes: &[u8]) -> (&[u8], std::slice::Chunks<'_, u8>) {
    let (size, bytes) = bytes.split_first().map_or((1, bytes), |(size, rest)| (usize::from(*size).max(1), rest));
    (bytes, bytes.chunks(size))
}

/// Several texts of one input, with 0xFF between them, which stands in no UTF-8.
fn texts<const COUNT: usize>(bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = bytes.splitn(COUNT, |byte| *byte == 0xFF);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn what_was_found_by_fuzzing_is_right_now() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
        for (name, target) in TARGETS {
            let files = fs::read_dir(corpus.join(name)).unwrap().map(|file| file.unwrap().path());
            assert!(files.map(|file| target(&fs::read(file).unwrap())).count() > 0, "no seed for `{name}`");
            target(b"");
        }
    }
}
