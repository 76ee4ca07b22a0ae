//! Reads and writes points in time as AWS and the AWS CLI do.

use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// Reads ISO 8601, RFC 2822 (HTTP dates), or seconds since 1970.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let seconds = || text.parse::<f64>().ok().and_then(from_seconds);
    let date_time = || text.parse::<Timestamp>().ok();
    let local = || {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    };
    let mail = || rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    seconds().or_else(date_time).or_else(mail).or_else(local)
}

/// A point in time by seconds since 1970, to the microsecond.
#[must_use]
pub fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let microseconds = (seconds * 1e6).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked by from_microsecond")]
    Timestamp::from_microsecond(microseconds as i64).ok()
}

/// In the machine's time zone.
#[must_use]
pub fn local(time: Timestamp) -> ZonedDateTime {
    time.to_zoned_datetime(TimeZone::system())
}

/// As Python's `datetime.isoformat` writes it: `2024-05-22T10:00:00.123000+00:00`.
#[must_use]
pub fn iso(zoned: &ZonedDateTime) -> String {
    let fraction = match zoned.subsec_nanosecond() / 1000 {
        0 => String::new(),
        microseconds => format!(".{microseconds:06}"),
    };
    format!("{}{fraction}{}", zoned.strftime("%Y-%m-%dT%H:%M:%S"), zoned.strftime("%:z"))
}

/// `2024-05-22 10:00:00` in the machine's time zone, as `s3 ls` shows it.
#[must_use]
pub fn listed(time: Timestamp) -> String {
    local(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
