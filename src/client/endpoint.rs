//! Finds the region and the endpoint of a service, in the order of the AWS CLI.

use super::failure::Failure;
use super::profile::{Profile, variable};

/// The region of `--region`, the environment or the profile.
#[must_use]
pub fn region(option: Option<&str>, profile: &Profile) -> Option<String> {
    let from_profile = || profile.setting("region").filter(|region| !region.is_empty()).map(str::to_owned);
    let option = option.map(str::to_owned);
    option.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION")).or_else(from_profile)
}

/// The failure of a command that has no region.
#[must_use]
pub fn no_region() -> Failure {
    let message = "You must specify a region. You can also configure your region by running \"aws configure\".";
    Failure::Configuration(message.to_owned())
}

/// The endpoint that an option, the environment or the profile sets for a service, without a slash at its end.
///
/// `id` is the name in variables, such as `SECRETS_MANAGER`.
#[must_use]
pub fn configured(option: Option<&str>, id: &str, profile: &Profile) -> Option<String> {
    let is_true = |value: String| value.eq_ignore_ascii_case("true");
    let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(is_true)
        || profile.setting("ignore_configured_endpoint_urls").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let found = || {
        let in_services = || profile.services.get(&format!("{}.endpoint_url", id.to_lowercase())).cloned();
        let specific = variable(&format!("AWS_ENDPOINT_URL_{id}")).or_else(|| variable("AWS_ENDPOINT_URL"));
        specific.or_else(in_services).or_else(|| profile.setting("endpoint_url").map(str::to_owned))
    };
    let endpoint = option.map(str::to_owned).or_else(|| if ignored { None } else { found() });
    endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned())
}

/// The domain of a region's partition.
///
/// # Errors
/// For partitions other than those of AWS, AWS in China and AWS GovCloud, for names that are no region's, and for FIPS and dual-stack endpoints.
pub fn domain(region: &str) -> Result<&'static str, Failure> {
    let is_set = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let Some(name) = ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"].into_iter().find(|name| is_set(name)) {
        return Err(Failure::Unserved(format!("`{name}=true` is not served")));
    }
    let is_label = !region.is_empty()
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !region.starts_with('-')
        && !region.ends_with('-');
    if !is_label {
        let message = format!("Provided region_name '{region}' doesn't match a supported format.");
        return Err(Failure::General(message));
    }
    if ["us-iso", "eu-iso", "eusc-"].iter().any(|prefix| region.starts_with(prefix)) {
        return Err(Failure::Unserved(format!("the partition of the region `{region}` is not served")));
    }
    Ok(if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" })
}
