//! What helps a person while a handler is written.
mod contract;
mod events;
mod test;
mod test_files;
