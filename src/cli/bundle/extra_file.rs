//! A file or a folder that the user adds by name.

use std::path::PathBuf;

/// `NAME=PATH`, or a path alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Its path in the zip, where one is given.
    pub(crate) name: Option<String>,
    /// Where it is here.
    pub(crate) path: PathBuf,
}

impl Addition {
    /// Reads an argument.
    ///
    /// # Errors
    /// Where the name or the path is empty.
    pub fn parse(text: &str) -> Result<Addition, String> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (Some(name.trim_end_matches('/').to_owned()), path),
            None => (None, text),
        };
        if path.is_empty() || name.as_deref() == Some("") {
            return Err("write NAME=PATH: the name in the zip, and the file or folder".to_owned());
        }
        Ok(Addition { name, path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_first_equals_sign() {
        let addition =
            |name: Option<&str>, path: &str| Ok(Addition { name: name.map(str::to_owned), path: path.into() });
        assert_eq!(Addition::parse("bin/jq=/usr/bin/jq"), addition(Some("bin/jq"), "/usr/bin/jq"));
        assert_eq!(Addition::parse("lib/=a=b"), addition(Some("lib"), "a=b"));
        assert_eq!(Addition::parse("data/x"), addition(None, "data/x"));
        assert!(["", "a=", "=b", "/=b"].iter().all(|text| Addition::parse(text).is_err()));
    }
}
