//! Where something has run out: a sentence each, and the next event works where that is possible at all.
mod descriptors;
mod files;
mod logs;
mod memory;
mod processes;
