//! The ways in which a call of AWS can fail before there is an answer.

use std::fmt;

/// A call that got no answer.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Credentials, the region or a profile are missing or wrong.
    Configuration(String),
    /// The settings ask for something that this program does not do.
    Unserved(String),
    /// Anything else, such as no connection.
    General(String),
    /// No credentials were found in any place.
    NoCredentials,
}

const NO_CREDENTIALS: &str =
    "Unable to locate credentials. You can configure credentials by running \"aws configure\".";

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Failure::Configuration(message) | Failure::Unserved(message) | Failure::General(message) => message,
            Failure::NoCredentials => NO_CREDENTIALS,
        })
    }
}
