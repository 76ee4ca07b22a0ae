//! The functions that the runtime defines for scripts that mention them: their text comes before the driver's in one file, so that their
//! calls are left out of stack traces as the driver's are. A script that defines one of them itself replaces it.

const FUNCTIONS: [(&str, &str); 3] = [
    ("durable", include_str!("durable.bash")),
    ("lambda_json", include_str!("lambda_json.bash")),
    ("lambda_remaining_ms", include_str!("lambda_remaining_ms.bash")),
];

/// The names of all of them.
#[cfg(feature = "cli")]
pub(crate) const NAMES: [&str; 3] = [FUNCTIONS[0].0, FUNCTIONS[1].0, FUNCTIONS[2].0];

/// The names of the functions that `text` mentions.
pub(crate) fn mentioned(text: &str) -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name).filter(|name| text.contains(name))
}

/// Whether the runtime defines a function called `name`.
pub(crate) fn defines(name: &str) -> bool {
    FUNCTIONS.iter().any(|(function, _)| *function == name)
}

/// The definitions of the functions with these `names`.
pub(crate) fn definitions(names: &[&str]) -> String {
    FUNCTIONS.iter().filter(|(name, _)| names.contains(name)).map(|(_, text)| *text).collect()
}
