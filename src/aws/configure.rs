//! `aws configure get | set`: reads and writes settings of the shared files.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::aws::failure::Failure;
use crate::aws::globals::Globals;
use crate::aws::output::print;
use crate::client::profile::{Profile, config_path, credentials_path};

/// The settings that belong into the file `credentials`.
const SECRETS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// Runs `aws configure …`.
pub(super) fn run(globals: &Globals, arguments: &[String]) -> Result<u8, Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["get", name] if is_plain(name) => get(globals, name),
        ["set", name, value] if is_plain(name) => set(globals, name, value),
        _ => Err(Failure::Unserved(format!("`aws configure {}` is not served", arguments.join(" ")))),
    }
}

/// Whether a name is a setting of the current profile, such as `region` or `s3.max_concurrent_requests`.
fn is_plain(name: &str) -> bool {
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    !name.is_empty() && is_word(name)
}

fn get(globals: &Globals, name: &str) -> Result<u8, Failure> {
    match Profile::read(globals.profile.as_deref())?.setting(name) {
        Some(value) => print(&format!("{value}\n")).map(|()| 0),
        None => Err(Failure::Reported(1)),
    }
}

fn set(globals: &Globals, name: &str, value: &str) -> Result<u8, Failure> {
    let variable = || std::env::var("AWS_PROFILE").ok().filter(|profile| !profile.is_empty());
    let profile = globals.profile.clone().or_else(variable).unwrap_or_else(|| "default".to_owned());
    let is_secret = SECRETS.contains(&name);
    let path = if is_secret { credentials_path() } else { config_path() };
    let section = if is_secret || profile == "default" {
        profile
    } else if profile.contains(' ') {
        format!("profile \"{profile}\"")
    } else {
        format!("profile {profile}")
    };
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    write(&path, &changed(&text, &section, name, value))
        .map_err(|error| Failure::General(format!("cannot write {}: {error}", path.display())))?;
    Ok(0)
}

/// The text with the setting in its section.
fn changed(text: &str, section: &str, name: &str, value: &str) -> String {
    let header = format!("[{section}]");
    let setting = format!("{name} = {value}");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(start) = lines.iter().position(|line| line.trim() == header) else {
        lines.extend([header, setting]);
        return lines.join("\n") + "\n";
    };
    let end =
        lines[start + 1..].iter().position(|line| line.starts_with('[')).map_or(lines.len(), |end| start + 1 + end);
    let is_setting = |line: &String| {
        line.split('=').next().is_some_and(|found| found.trim() == name && !line.starts_with([' ', '\t']))
    };
    match lines[start + 1..end].iter().position(is_setting) {
        Some(position) => lines[start + 1 + position] = setting,
        None => {
            let last =
                lines[start..end].iter().rposition(|line| !line.trim().is_empty()).map_or(end, |last| start + last + 1);
            lines.insert(last, setting);
        }
    }
    lines.join("\n") + "\n"
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_changed_or_added_in_its_section() {
        let text = "[default]\nregion = a\n[profile x]\nregion = b\n";
        assert_eq!(changed(text, "default", "region", "c"), "[default]\nregion = c\n[profile x]\nregion = b\n");
        assert_eq!(
            changed(text, "default", "output", "text"),
            "[default]\nregion = a\noutput = text\n[profile x]\nregion = b\n"
        );
        assert_eq!(changed("", "profile y", "region", "d"), "[profile y]\nregion = d\n");
    }
}
