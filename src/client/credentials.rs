//! Finds credentials: in the environment, in the shared files, or at the container credentials endpoint (Lambda with SnapStart, ECS).

use serde_json::Value;

use super::failure::Failure;
use super::profile::{Profile, variable};

/// What requests are signed with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The session token of temporary credentials.
    pub token: Option<String>,
}

/// Settings of a profile that get credentials in ways that this program does not serve.
const UNSERVED: [&str; 6] =
    ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file", "login_session"];

impl Credentials {
    /// Looks in the places that the AWS CLI looks in, in its order.
    ///
    /// # Errors
    /// Where none are found, some are incomplete, or the whole AWS CLI is needed to get them.
    pub fn find(profile: &Profile) -> Result<Credentials, Failure> {
        if !profile.is_option {
            if let Some(credentials) = from_environment()? {
                return Ok(credentials);
            }
            if variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() && variable("AWS_ROLE_ARN").is_some() {
                return Err(unserved("AWS_WEB_IDENTITY_TOKEN_FILE"));
            }
        }
        if let Some(name) = UNSERVED.into_iter().find(|name| profile.setting(name).is_some()) {
            return Err(unserved(name));
        }
        for settings in [&profile.credentials, &profile.config] {
            let get = |name: &str| settings.get(name).cloned();
            if let Some(access_key) = get("aws_access_key_id") {
                let secret_key = get("aws_secret_access_key")
                    .ok_or_else(|| partial("shared-credentials-file", "aws_secret_access_key"))?;
                return Ok(Credentials { access_key, secret_key, token: get("aws_session_token") });
            }
        }
        from_container()?.ok_or(Failure::NoCredentials)
    }
}

fn unserved(name: &str) -> Failure {
    Failure::Unserved(format!("credentials by `{name}` are not served"))
}

fn partial(provider: &str, missing: &str) -> Failure {
    Failure::Configuration(format!("Partial credentials found in {provider}, missing: {missing}"))
}

fn from_environment() -> Result<Option<Credentials>, Failure> {
    let Some(access_key) = variable("AWS_ACCESS_KEY_ID") else { return Ok(None) };
    let secret_key = variable("AWS_SECRET_ACCESS_KEY").ok_or_else(|| partial("env", "AWS_SECRET_ACCESS_KEY"))?;
    let token = variable("AWS_SESSION_TOKEN").or_else(|| variable("AWS_SECURITY_TOKEN"));
    Ok(Some(Credentials { access_key, secret_key, token }))
}

fn from_container() -> Result<Option<Credentials>, Failure> {
    let relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let relative = relative.map(|path| format!("http://169.254.170.2{path}"));
    let Some(uri) = relative.or_else(|| variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else { return Ok(None) };
    let failed = |why: &str| {
        Failure::Configuration(format!("Error when retrieving credentials from container-role: {why}, from {uri}"))
    };
    if !is_allowed(&uri) {
        return Err(failed("the host is neither this machine nor a container's, and the scheme is not https"));
    }
    let token = match variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| failed(&error.to_string()))?.trim().into()),
        None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    let agent = ureq::Agent::new_with_config(ureq::config::Config::builder().proxy(None).build());
    let request = agent.get(&uri).header("Accept", "application/json");
    let request = match token {
        Some(token) => request.header("Authorization", token),
        None => request,
    };
    let text = request.call().and_then(|mut answer| answer.body_mut().read_to_string());
    let text = text.map_err(|error| failed(&error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|_| failed("the answer is not JSON"))?;
    let get = |name: &str| value[name].as_str().map(str::to_owned);
    let (access_key, secret_key) = get("AccessKeyId").zip(get("SecretAccessKey")).ok_or_else(|| failed("no keys"))?;
    Ok(Some(Credentials { access_key, secret_key, token: get("Token") }))
}

/// The rule of the AWS CLI: https anywhere, http only for this machine and the container hosts.
fn is_allowed(uri: &str) -> bool {
    const HOSTS: [&str; 7] =
        ["localhost", "127.", "169.254.170.2", "169.254.170.23", "[::1]", "[fd00:ec2::23]", "fd00:ec2::23"];
    let host = uri.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or(rest));
    uri.starts_with("https://") || host.is_some_and(|host| HOSTS.iter().any(|allowed| host.starts_with(allowed)))
}
