//! A fault of a file in a zip, and its level.

/// How severe a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// The program cannot run on Lambda: no zip is made.
    Refused,
    /// The program fails when it is called, unless the zip is changed.
    Fails,
    /// The program fails unless a layer or the image contains what it needs.
    MayFail,
}

/// A fault of one file.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The path of the file in the zip.
    pub(crate) name: String,
    pub(crate) line: Option<u32>,
    pub(crate) level: Level,
    pub(crate) message: String,
}
