//! The options that every command takes.

use std::time::Duration;

use crate::aws::failure::Failure;
use crate::client::http::Connections;
use crate::client::profile::variable;

const USER_AGENT: &str = concat!("aws-cli/2 coshell-aws/", env!("CARGO_PKG_VERSION"));

/// The values of the global options.
#[derive(Debug, Default, Clone)]
pub struct Globals {
    /// `--region`
    pub region: Option<String>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--endpoint-url`
    pub endpoint_url: Option<String>,
    /// `--output`
    pub output: Option<String>,
    /// `--query`
    pub query: Option<String>,
    /// `--cli-binary-format`
    pub binary_format: Option<String>,
    /// `--color`
    pub color: Option<String>,
    /// `--ca-bundle`
    pub ca_bundle: Option<String>,
    /// `--cli-read-timeout`, in seconds
    pub read_timeout: Option<String>,
    /// `--cli-connect-timeout`, in seconds
    pub connect_timeout: Option<String>,
    /// `--no-sign-request`
    pub no_sign_request: bool,
    /// `--no-paginate`
    pub no_paginate: bool,
    /// `--no-verify-ssl`
    pub no_verify_ssl: bool,
    /// `--version`
    pub version: bool,
}

impl Globals {
    /// Takes the global options out of the arguments and gives the others in their order.
    ///
    /// # Errors
    /// Where a value is missing or not one of the allowed values, and for options that are not served.
    pub fn take(arguments: &[String]) -> Result<(Globals, Vec<String>), Failure> {
        let mut globals = Globals::default();
        let mut others = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                others.push(argument.clone());
                others.extend(rest.by_ref().cloned());
                break;
            }
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                Some(_) | None => (argument.as_str(), None),
            };
            if inline.is_none() && globals.set_flag(name)? {
                continue;
            }
            let Some(slot) = globals.slot(name) else {
                others.push(argument.clone());
                continue;
            };
            let value = inline.or_else(|| rest.next().filter(|value| !is_option(value)).cloned());
            *slot = Some(value.ok_or_else(|| Failure::Syntax(format!("argument {name}: expected one argument")))?);
        }
        globals.check()?;
        Ok((globals, others))
    }

    fn set_flag(&mut self, name: &str) -> Result<bool, Failure> {
        let flag = match name {
            "--no-sign-request" => &mut self.no_sign_request,
            "--no-paginate" => &mut self.no_paginate,
            "--no-verify-ssl" => &mut self.no_verify_ssl,
            "--version" => &mut self.version,
            "--no-cli-pager" | "--no-cli-auto-prompt" => return Ok(true),
            "--debug" | "--cli-auto-prompt" | "--v2-debug" => {
                return Err(Failure::Unserved(format!("the option `{name}` is not served")));
            }
            _ => return Ok(false),
        };
        *flag = true;
        Ok(true)
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "--region" => &mut self.region,
            "--profile" => &mut self.profile,
            "--endpoint-url" => &mut self.endpoint_url,
            "--output" => &mut self.output,
            "--query" => &mut self.query,
            "--cli-binary-format" => &mut self.binary_format,
            "--ca-bundle" => &mut self.ca_bundle,
            "--cli-read-timeout" => &mut self.read_timeout,
            "--cli-connect-timeout" => &mut self.connect_timeout,
            "--color" => &mut self.color,
            _ => return None,
        })
    }

    fn check(&self) -> Result<(), Failure> {
        if let Some(output) = &self.output {
            check_output(output)?;
        }
        if let Some(format) =
            self.binary_format.as_deref().filter(|format| !matches!(*format, "base64" | "raw-in-base64-out"))
        {
            return Err(Failure::Syntax(format!(
                "argument --cli-binary-format: Found invalid choice '{format}', choose from base64, raw-in-base64-out"
            )));
        }
        match self.color.as_deref() {
            None | Some("off" | "auto") => {}
            Some("on") => return Err(Failure::Unserved("`--color on` is not served".to_owned())),
            Some(color) => {
                return Err(Failure::Syntax(format!(
                    "argument --color: Found invalid choice '{color}', choose from on, off, auto"
                )));
            }
        }
        if let Some(url) = self.endpoint_url.as_deref().filter(|url| !url.contains("://")) {
            let message = format!(
                "Bad value for --endpoint-url \"{url}\": scheme is missing.  Must be of the form http://<hostname>/ or https://<hostname>/"
            );
            return Err(Failure::Usage(message));
        }
        Ok(())
    }

    /// How connections are made with these options.
    ///
    /// # Errors
    /// Where a time limit is no number.
    pub fn connections(&self, profile_bundle: Option<&str>) -> Result<Connections, Failure> {
        let bundle = || variable("AWS_CA_BUNDLE").or_else(|| profile_bundle.map(str::to_owned));
        Ok(Connections {
            user_agent: USER_AGENT,
            verifies: !self.no_verify_ssl,
            authorities: self.ca_bundle.clone().or_else(bundle),
            connect_timeout: timeout("--cli-connect-timeout", self.connect_timeout.as_deref())?,
            read_timeout: timeout("--cli-read-timeout", self.read_timeout.as_deref())?,
        })
    }
}

/// Refuses an output format that the AWS CLI does not know, and those that are not served.
///
/// # Errors
/// For every format but json, text and table.
pub fn check_output(output: &str) -> Result<(), Failure> {
    match output {
        "json" | "text" | "table" => Ok(()),
        "yaml" | "yaml-stream" | "off" => Err(Failure::Unserved(format!("`--output {output}` is not served"))),
        _ => Err(Failure::Syntax(format!(
            "argument --output: Found invalid choice '{output}', choose from json, text, table, yaml, yaml-stream, off"
        ))),
    }
}

/// 60 s unless the option says otherwise; 0 is for ever.
fn timeout(name: &str, value: Option<&str>) -> Result<Option<Duration>, Failure> {
    let Some(value) = value else { return Ok(Some(Duration::from_secs(60))) };
    let invalid = |_| Failure::Syntax(format!("argument {name}: invalid int value: '{value}'"));
    let seconds: u64 = value.parse().map_err(invalid)?;
    Ok(Some(Duration::from_secs(seconds)).filter(|limit| !limit.is_zero()))
}

/// Whether an argument is an option and no value: it starts with a dash, and is neither a dash alone, a negative number, nor text with a blank.
#[must_use]
pub fn is_option(argument: &str) -> bool {
    argument.starts_with('-') && argument != "-" && !argument.contains(' ') && argument.parse::<f64>().is_err()
}
