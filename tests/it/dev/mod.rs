//! What helps a person while a handler is written.
mod contract;
mod events;
mod guide;
mod init;
mod manual;
mod test;
mod test_files;
mod usage;
mod variables;
