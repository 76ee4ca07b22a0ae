//! Says what is wrong with a command that a script calls.

/// The image lacks `command`, which Amazon Linux has in `package`: what to do.
pub(super) fn lacking(command: &str, package: Option<&str>) -> String {
    let from = package.map_or_else(String::new, |package| format!(" (package {package} of Amazon Linux 2023)"));
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

/// Neither list of the image's commands has `command`: what to do.
pub(super) fn unknown(command: &str) -> String {
    format!(
        "`{command}` is not known to be on Lambda's provided.al2023: bring it in a layer, by `coshell layer --add bin/{command}=FILE`, and \
         say --have {command}"
    )
}

/// Whether `word` can be a command's name: a scan may take something else for one.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.+".contains(letter))
}

/// What is wrong with calling `command`, which the function has in its bin/.
pub(super) fn not_on_path(command: &str) -> String {
    format!(
        "`{command}` is in the function's bin/, which is not on Lambda's PATH, as a layer's is: begin the script with \
         `PATH=$LAMBDA_TASK_ROOT/bin:$PATH`, or call `\"$LAMBDA_TASK_ROOT/bin/{command}\"`"
    )
}
