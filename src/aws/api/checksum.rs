//! The checksum of a request to S3: of those that the model wants one for, S3 refuses some without one.

use serde_json::{Map, Value};

use super::table::Operation;
use crate::aws::crc32::crc32;
use crate::aws::failure::Failure;
use crate::client::request::Request;

/// Adds the headers with the CRC-32 of the body, unless the parameters have a checksum. `sends_optional` is whether requests get a checksum that
/// S3 does not require.
pub(super) fn add(
    operation: &Operation,
    parameters: &Map<String, Value>,
    sends_optional: bool,
    request: &mut Request,
) -> Result<(), Failure> {
    let algorithm = parameters.get("ChecksumAlgorithm").and_then(Value::as_str);
    let is_wanted = match operation.checksum {
        "required" => true,
        "optional" => sends_optional || algorithm.is_some(),
        _ => false,
    };
    if !is_wanted || request.headers.iter().any(|(name, _)| name.starts_with("x-amz-checksum-")) {
        return Ok(());
    }
    match algorithm {
        Some("CRC32") => {}
        None => request.headers.push(("x-amz-sdk-checksum-algorithm".to_owned(), "CRC32".to_owned())),
        Some(other) => return Err(Failure::Unserved(format!("the checksum algorithm `{other}` is not served"))),
    }
    let checksum = crc32(&request.body).map_err(|error| Failure::General(format!("cannot read the body: {error}")))?;
    request.headers.push(("x-amz-checksum-crc32".to_owned(), checksum));
    Ok(())
}
