//! Parses the arguments of `--include` and `--add`: files and folders that the user adds to a zip.

use std::path::PathBuf;

/// An argument `NAME=PATH` or `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraFile {
    /// The path in the zip, if the argument has one.
    pub(crate) name: Option<String>,
    /// The path of the file or folder on this machine.
    pub(crate) path: PathBuf,
}

impl ExtraFile {
    /// Parses an argument.
    ///
    /// # Errors
    /// When the name or the path is empty.
    pub fn parse(text: &str) -> Result<ExtraFile, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (Some(name.trim_end_matches('/').to_owned()), path),
            None => (None, text),
        };
        if path.is_empty() || name.as_deref() == Some("") {
            return Err("write NAME=PATH: the name in the zip, and the file or folder".to_owned());
        }
        Ok(ExtraFile { name, path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_first_equals_sign() {
        let extra_file =
            |name: Option<&str>, path: &str| Ok(ExtraFile { name: name.map(str::to_owned), path: path.into() });
        assert_eq!(ExtraFile::parse("bin/jq=/usr/bin/jq"), extra_file(Some("bin/jq"), "/usr/bin/jq"));
        assert_eq!(ExtraFile::parse("lib/=a=b"), extra_file(Some("lib"), "a=b"));
        assert_eq!(ExtraFile::parse("data/x"), extra_file(None, "data/x"));
        assert!(["", "a=", "=b", "/=b"].iter().all(|text| ExtraFile::parse(text).is_err()));
    }
}
