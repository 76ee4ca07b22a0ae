//! Reads the shared files: `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::failure::Failure;

type Section = BTreeMap<String, String>;

/// The settings of one profile. A nested setting has its parent's name and a dot before its own: `s3.max_concurrent_requests`.
#[derive(Debug, Default)]
pub struct Profile {
    /// The name of the profile.
    pub name: String,
    /// The settings in the file `config`.
    pub config: Section,
    /// The settings in the file `credentials`.
    pub credentials: Section,
    /// The settings of the section `[services NAME]` that the profile names.
    pub services: Section,
    /// Whether the user named the profile, by option or variable.
    pub is_named: bool,
    /// Whether the user named the profile by an option.
    pub is_option: bool,
}

impl Profile {
    /// Reads the profile that `--profile`, AWS_PROFILE or AWS_DEFAULT_PROFILE name, else `default`.
    ///
    /// # Errors
    /// Where a named profile is in neither file, or a file cannot be read.
    pub fn read(option: Option<&str>) -> Result<Profile, Failure> {
        let variable = || variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let named = option.map(str::to_owned).or_else(variable);
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let config = read_file(&config_path())?;
        let credentials = read_file(&credentials_path())?;
        let section = |name: &str| config.get(name).cloned();
        let prefixed = section(&format!("profile {name}"));
        let in_config = if name == "default" { prefixed.or_else(|| section("default")) } else { prefixed };
        let in_credentials = credentials.get(&name).cloned();
        if named.is_some() && in_config.is_none() && in_credentials.is_none() && name != "default" {
            return Err(Failure::Configuration(format!("The config profile ({name}) could not be found")));
        }
        let in_config = in_config.unwrap_or_default();
        let services = in_config.get("services").and_then(|services| section(&format!("services {services}")));
        Ok(Profile {
            name,
            config: in_config,
            credentials: in_credentials.unwrap_or_default(),
            services: services.unwrap_or_default(),
            is_named: named.is_some(),
            is_option: option.is_some(),
        })
    }

    /// A setting of either file.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.credentials.get(name).or_else(|| self.config.get(name)).map(String::as_str)
    }
}

/// A variable of the environment that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the file `config` is.
#[must_use]
pub fn config_path() -> PathBuf {
    path("AWS_CONFIG_FILE", "config")
}

/// Where the file `credentials` is.
#[must_use]
pub fn credentials_path() -> PathBuf {
    path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

fn path(name: &str, file: &str) -> PathBuf {
    let home = || PathBuf::from(variable("HOME").unwrap_or_else(|| "/".to_owned()));
    match variable(name) {
        Some(path) => path.strip_prefix("~/").map_or_else(|| PathBuf::from(&path), |rest| home().join(rest)),
        None => home().join(".aws").join(file),
    }
}

fn read_file(path: &PathBuf) -> Result<BTreeMap<String, Section>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text)
            .ok_or_else(|| Failure::Configuration(format!("Unable to parse config file: {}", path.display()))),
        Err(_) => Ok(BTreeMap::new()),
    }
}

/// The sections of a file; `None` where a line is neither a section, a setting nor a comment.
fn parse(text: &str) -> Option<BTreeMap<String, Section>> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut section = None;
    let mut parent = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = section_name(name.split(']').next()?);
            sections.entry(name.clone()).or_default();
            section = Some(name);
            continue;
        }
        let settings = sections.get_mut(section.as_ref()?)?;
        let (name, value) = trimmed.split_once(['=', ':'])?;
        let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
        if line.starts_with([' ', '\t']) {
            settings.insert(format!("{parent}.{name}"), value);
        } else {
            parent.clone_from(&name);
            settings.insert(name, value);
        }
    }
    Some(sections)
}

/// `profile  "a b"` as `profile a b`.
fn section_name(text: &str) -> String {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((kind, name)) => format!("{kind} {}", name.trim().trim_matches(['"', '\''])),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_settings_and_nested_settings_are_read() {
        let text =
            "# c\n[default]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 3\n[profile \"a b\"]\nkey=1=2\n";
        let sections = parse(text).unwrap();
        assert_eq!(sections["default"]["region"], "eu-west-1");
        assert_eq!(sections["default"]["s3.max_concurrent_requests"], "3");
        assert_eq!(sections["profile a b"]["key"], "1=2");
        assert!(parse("[default]\nnonsense\n").is_none());
    }
}
