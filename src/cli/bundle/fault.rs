//! A fault of a file in a zip, and how bad it is.

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// The program cannot run there: no zip is made.
    Refused,
    /// It fails when it is called, as the zip is.
    Fails,
    /// It fails unless something else is there too.
    MayFail,
}

/// What is wrong with a file.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Its path in the zip.
    pub(crate) name: String,
    pub(crate) line: Option<u32>,
    pub(crate) level: Level,
    pub(crate) message: String,
}
