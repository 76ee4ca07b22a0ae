//! What the tests share.
pub mod answer;
pub mod bash;
pub mod emulator;
pub mod executable;
pub mod freezer;
pub mod function;
pub mod hidden;
pub mod program;
pub mod running;
pub mod serving;
pub mod signature_judge;
pub mod skip;
pub mod stub;
pub mod suite;
pub mod terminal;
pub mod wire;
