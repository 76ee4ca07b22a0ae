//! Judges where a script redirects output to: on Lambda only /tmp can be written.

/// Absolute paths that can be written, or that are no files.
const WRITABLE: [&str; 3] = ["/tmp", "/dev", "/proc"];
const ROOTS: [&str; 2] = ["$LAMBDA_TASK_ROOT/", "${LAMBDA_TASK_ROOT}/"];

/// What is wrong with the target of a redirection, as it is written. `moves` says that the script changes its folder, so that a relative
/// path may lead anywhere.
pub(super) fn fault(target: &str, moves: bool) -> Option<String> {
    let in_root = ROOTS.iter().any(|root| target.starts_with(root));
    let is_below =
        |folder: &str| target.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let fails = match target.chars().next()? {
        '/' => !WRITABLE.iter().any(|folder| is_below(folder)),
        '$' => in_root,
        '~' | '`' => false,
        _ => !moves && !target.contains(['$', '`', '*', '{']),
    };
    fails.then(|| format!("it writes to `{target}`, and on Lambda only /tmp can be written: use a path below /tmp, as `mktemp` makes one"))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn only_tmp_can_be_written() {
        for target in
            ["/tmp/a", "/tmp", "/dev/null", "/dev/stderr", "/proc/self/fd/1", "$file", "$HOME/a", "~/a", "$(mktemp)"]
        {
            assert_eq!(fault(target, false), None, "{target}");
        }
        for target in ["/var/log/a", "/tmpfile", "/etc/$name", "$LAMBDA_TASK_ROOT/a", "out.txt", "./a/b"] {
            assert!(fault(target, false).unwrap().contains(&format!("`{target}`")), "{target}");
        }
        assert_eq!(fault("out.txt", true), None);
        assert!(fault("/var/a", true).is_some());
    }
}
