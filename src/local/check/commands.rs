//! Commands that Lambda's image lacks.

use std::collections::BTreeMap;

/// Says itself where it comes from.
const LACKING: &str = include_str!("al2023.txt");

/// Each command that is lacking, with its package in Amazon Linux, or with nothing.
pub(super) fn lacking() -> BTreeMap<&'static str, &'static str> {
    let lines = LACKING.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(' ').unwrap_or((line, ""))).collect()
}

/// What is wrong with `command`, whose package is `package`, and what to do.
pub(super) fn message(command: &str, package: &str) -> String {
    let from = if package.is_empty() { String::new() } else { format!(" (package {package} of Amazon Linux 2023)") };
    let instead = match command {
        "which" => "`command -v` does it; else ",
        "find" | "tree" => "globs, with `shopt -s globstar nullglob`, may do it; else ",
        "xargs" => "a `while read` loop may do it; else ",
        "hostname" => "`\"$HOSTNAME\"` may do it; else ",
        "wget" => "`curl` is there; else ",
        "python" | "perl" => "awk and sed are there; else ",
        _ => "",
    };
    format!(
        "`{command}` is not on Lambda's provided.al2023: {instead}bring it in a layer, by `coshell layer --add \
         bin/{command}=FILE`{from}, and say --have {command}"
    )
}

/// What is wrong with calling `command`, which the function has in its bin/.
pub(super) fn not_on_path(command: &str) -> String {
    format!(
        "`{command}` is in the function's bin/, which is not on Lambda's PATH, as a layer's is: begin the script with \
         `PATH=$LAMBDA_TASK_ROOT/bin:$PATH`, or call `\"$LAMBDA_TASK_ROOT/bin/{command}\"`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_what_is_lacking_and_nothing_that_is_there() {
        let lacking = lacking();
        assert!(lacking.len() > 50);
        assert_eq!((lacking["find"], lacking["xargs"], lacking["ffmpeg"]), ("findutils", "findutils", ""));
        for there in [
            "bash",
            "curl",
            "grep",
            "sed",
            "awk",
            "cat",
            "sort",
            "date",
            "timeout",
            "mktemp",
            "base64",
            "sha256sum",
            "gpg",
        ] {
            assert!(!lacking.contains_key(there), "{there}");
        }
    }
}
