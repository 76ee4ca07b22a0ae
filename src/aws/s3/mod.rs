//! stub
use crate::aws::failure::Failure;
use crate::aws::globals::Globals;
/// x
/// # Errors
/// x
pub fn run(_: Globals, _: &[String]) -> Result<u8, Failure> {
    Err(Failure::Reported(1))
}
