//! Says what is wrong with JSON, with the position that Python gives.

/// Python's words for text that is no JSON, as far as they can be told from the position.
pub(super) fn python_reason(text: &str, error: &serde_json::Error) -> String {
    let position: usize =
        text.lines().take(error.line().saturating_sub(1)).map(|line| line.chars().count() + 1).sum::<usize>()
            + error.column().saturating_sub(1);
    format!("{} (char {position})", error.to_string().split(" at line").next().unwrap_or("invalid")).replacen(
        " (char",
        &format!(": line {} column {} (char", error.line(), error.column()),
        1,
    )
}
