//! Checks an event as Lambda does: the size and that the event is JSON.

use anyhow::{Context, Result, bail};
use serde::de::IgnoredAny;

/// The largest event of a synchronous invoke: 6 MiB.
pub(crate) const LIMIT_BYTES: usize = 6 * 1024 * 1024;

/// Checks that Lambda would accept `bytes` as an event.
///
/// # Errors
/// When the event is too large, empty, or not valid JSON; the error gives line and column.
pub(crate) fn check(bytes: &[u8]) -> Result<()> {
    if bytes.len() > LIMIT_BYTES {
        bail!("it has more than {LIMIT_BYTES} bytes, the limit of Lambda");
    }
    if bytes.trim_ascii().is_empty() {
        bail!("it is empty, which is not valid JSON; `{{}}` is the smallest object");
    }
    is_json(bytes).context("it is not valid JSON")
}

/// A sentence about a byte order mark, which an editor or PowerShell writes before the text. An error with a line and a column would not
/// show the mark.
fn byte_order_mark(bytes: &[u8]) -> Option<&'static str> {
    let marks: [(&[u8], &str); 3] = [
        (b"\xef\xbb\xbf", "it begins with a byte order mark (the bytes EF BB BF)"),
        (b"\xff\xfe", "it is UTF-16 (it begins with the bytes FF FE)"),
        (b"\xfe\xff", "it is UTF-16 (it begins with the bytes FE FF)"),
    ];
    marks.into_iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, sentence)| sentence)
}

/// Checks that `bytes` are JSON.
///
/// # Errors
/// When `bytes` are not JSON; the error gives line and column.
pub(crate) fn is_json(bytes: &[u8]) -> Result<()> {
    if let Some(mark) = byte_order_mark(bytes) {
        bail!("{mark}, which JSON does not allow and Lambda refuses: save it as UTF-8 without a byte order mark");
    }
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    std::str::from_utf8(bytes).context("it is not UTF-8")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_an_oversized_and_a_non_utf8_event_are_refused() {
        assert!(check(b" \n").is_err());
        assert!(check(&[b' '; LIMIT_BYTES + 1]).is_err());
        assert!(check(b"\"\xff\"").is_err());
        assert!(check(b"\"text\"").is_ok());
    }

    #[test]
    fn a_byte_order_mark_is_named_and_not_a_line_and_column() {
        let error = |bytes: &[u8]| is_json(bytes).unwrap_err().to_string();
        assert_eq!(
            error(b"\xef\xbb\xbf{}"),
            "it begins with a byte order mark (the bytes EF BB BF), which JSON does not allow and Lambda refuses: save it as UTF-8 without \
             a byte order mark"
        );
        assert!(error(b"\xff\xfe{\0}\0").starts_with("it is UTF-16"));
    }
}
