//! The chart that README shows.

use super::Row;

/// The chart, if all rows that it shows were measured.
pub(crate) fn draw(_rows: &[Row]) -> Option<String> {
    None
}
