//! The commands that help a developer who writes a handler.
mod beginners;
mod contract;
mod events;
mod guide;
mod init;
mod manual;
mod test;
mod test_durable;
mod test_files;
mod usage;
mod variables;
