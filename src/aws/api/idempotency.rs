//! Fills in the tokens by which a service recognises a request that is sent again, as botocore does.

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value};

use super::table::{Operation, Table};
use crate::aws::failure::Failure;

/// Adds a random token for each member that the model calls one and the command line has not set.
pub(super) fn add_tokens(
    table: &Table,
    operation: &Operation,
    parameters: &mut Map<String, Value>,
) -> Result<(), Failure> {
    for member in table.shape(operation.input).members().filter(|member| member.is_token) {
        if !parameters.contains_key(member.name) {
            parameters.insert(member.name.to_owned(), Value::from(uuid()?));
        }
    }
    Ok(())
}

/// A random UUID, version 4.
fn uuid() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let failed = |_| Failure::General("the system gives no random numbers".to_owned());
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    let random = u128::from_be_bytes(bytes);
    let versioned = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{versioned:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_form_of_a_random_uuid() {
        let token = uuid().unwrap();
        let lengths: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{token}");
        assert!(&token[14..15] == "4" && "89ab".contains(&token[19..20]), "{token}");
        assert_ne!(token, uuid().unwrap());
    }
}
