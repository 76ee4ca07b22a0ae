//! The ways in which a command can fail, each with the exit status that the AWS CLI version 2 gives it.

use std::fmt;

use crate::client;

/// A command that failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line, or a parameter in it, is wrong: status 252.
    Usage(String),
    /// The command line is wrong in a way for which the AWS CLI shows its usage: status 252.
    Syntax(String),
    /// Credentials, the region or a profile are missing or wrong: status 253.
    Configuration(String),
    /// A service has answered with an error: status 254.
    Service(ServiceError),
    /// Anything else, such as a file that is not there or no connection: status 255.
    General(String),
    /// This program does not serve the call. The whole AWS CLI is asked where there is one.
    Unserved(String),
    /// No credentials were found where this program looks for them. The whole AWS CLI looks in more places.
    NoCredentials,
    /// Everything was said already; this is the status.
    Reported(u8),
}

/// An error that a service has sent.
#[derive(Debug, Clone)]
pub struct ServiceError {
    /// Such as `NoSuchKey`, or the HTTP status where the service has sent no body.
    pub code: String,
    /// The service's own words.
    pub message: String,
    /// Such as `GetObject`.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServiceError { code, message, operation, .. } = self;
        write!(formatter, "An error occurred ({code}) when calling the {operation} operation: {message}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message)
            | Failure::Syntax(message)
            | Failure::Configuration(message)
            | Failure::General(message)
            | Failure::Unserved(message) => formatter.write_str(message),
            Failure::Service(error) => error.fmt(formatter),
            Failure::NoCredentials => client::failure::Failure::NoCredentials.fmt(formatter),
            Failure::Reported(status) => write!(formatter, "status {status}"),
        }
    }
}

impl From<client::failure::Failure> for Failure {
    fn from(failure: client::failure::Failure) -> Failure {
        match failure {
            client::failure::Failure::Configuration(message) => Failure::Configuration(message),
            client::failure::Failure::Unserved(message) => Failure::Unserved(message),
            client::failure::Failure::General(message) => Failure::General(message),
            client::failure::Failure::NoCredentials => Failure::NoCredentials,
        }
    }
}

impl Failure {
    /// The exit status.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Failure::Usage(_) | Failure::Syntax(_) | Failure::Unserved(_) => 252,
            Failure::Configuration(_) | Failure::NoCredentials => 253,
            Failure::Service(_) => 254,
            Failure::General(_) => 255,
            Failure::Reported(status) => *status,
        }
    }
}

/// The failure of an option that this program does not know.
#[must_use]
pub fn unknown_option(option: &str, command: &str) -> Failure {
    Failure::Unserved(format!("the option `{option}` of `aws {command}` is not served"))
}
