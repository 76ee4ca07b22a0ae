//! What every command needs: the options, the profile, the region, and a client.

use crate::aws::error_body;
use crate::aws::failure::Failure;
use crate::aws::globals::{Globals, check_output};
use crate::client::credentials::Credentials;
use crate::client::endpoint;
use crate::client::http::Client;
use crate::client::profile::{Profile, variable};
use crate::client::retry::Attempts;
use crate::client::signing::Signer;

/// The session of one command.
#[derive(Debug)]
pub struct Session {
    /// The global options.
    pub globals: Globals,
    /// The profile.
    pub profile: Profile,
    /// The region, if one is set.
    pub region: Option<String>,
    /// Sends requests.
    pub client: Client,
    credentials: Option<Credentials>,
}

impl Session {
    /// Reads the profile and finds credentials.
    ///
    /// # Errors
    /// Where either cannot be had.
    pub fn start(globals: Globals) -> Result<Session, Failure> {
        let profile = Profile::read(globals.profile.as_deref())?;
        let connections = globals.connections(profile.setting("ca_bundle"))?;
        let client = Client::new(&connections, Attempts::find(&profile), error_body::code)?;
        let region = endpoint::region(globals.region.as_deref(), &profile);
        let credentials = if globals.no_sign_request { None } else { Some(Credentials::find(&profile)?) };
        Ok(Session { globals, profile, region, client, credentials })
    }

    /// Signs for a service in a region.
    #[must_use]
    pub fn signer(&self, region: &str, service: &str) -> Signer {
        Signer { credentials: self.credentials.clone(), region: region.to_owned(), service: service.to_owned() }
    }

    /// Whether requests to S3 carry a checksum that S3 does not require.
    #[must_use]
    pub fn sends_checksums(&self) -> bool {
        let setting = || self.profile.setting("request_checksum_calculation").map(str::to_owned);
        let setting = variable("AWS_REQUEST_CHECKSUM_CALCULATION").or_else(setting);
        setting.is_none_or(|value| !value.eq_ignore_ascii_case("when_required"))
    }

    /// The output format: `--output`, AWS_DEFAULT_OUTPUT, the profile's, else `json`.
    ///
    /// # Errors
    /// For a format that is not served.
    pub fn output(&self) -> Result<String, Failure> {
        let setting = || self.profile.setting("output").map(str::to_owned);
        let output = self.globals.output.clone().or_else(|| variable("AWS_DEFAULT_OUTPUT")).or_else(setting);
        let output = output.unwrap_or_else(|| "json".to_owned());
        check_output(&output)?;
        Ok(output)
    }
}
