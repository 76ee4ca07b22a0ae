//! Advice on an entry that the array LAMBDA_EVENT does not have.

use super::message::{BashMessage, last_line};
use crate::runtime::event_entries;

/// Longer paths are not compared, and no more than so many.
const MAX_COMPARED_BYTES: usize = 200;
const MAX_COMPARED: usize = 2_000;

/// What may help where the last line of `stderr` is Bash's `LAMBDA_EVENT[PATH]: unbound variable`, and the array was filled from `event`.
pub(crate) fn advice_on_missing_entry(stderr: &str, event: &[u8]) -> Option<String> {
    let text = last_line(stderr).and_then(BashMessage::parse)?.text;
    let path = text.strip_suffix("]: unbound variable")?.strip_prefix("LAMBDA_EVENT[")?.trim_matches(['"', '\'']);
    let entries = event_entries::entries(event).unwrap_or_default();
    let paths: Vec<&str> = entries.iter().map(|(path, _)| path.as_str()).take(MAX_COMPARED).collect();
    let inside = format!("{path}.");
    let advice = if path.contains('$') {
        "the event has no such entry".to_owned()
    } else if let Some(member) = paths.iter().find(|other| other.starts_with(&inside)) {
        format!("`{path}` is an object or an array: only its parts have entries, such as `{member}`")
    } else if let Some(closest) = closest(path, &paths) {
        format!("the event has no `{path}`; did you mean `{closest}`?")
    } else {
        format!("the event has no `{path}`, or it is null")
    };
    Some(advice + "; where an entry may be absent, write `${LAMBDA_EVENT[PATH]-}`")
}

/// Advice on an array that is not filled because the script does not declare it. Bash then takes a path for an arithmetic expression.
pub(crate) fn advice_on_undeclared_array(command: &str, stderr: &str) -> Option<String> {
    let text = last_line(stderr).and_then(BashMessage::parse)?.text;
    let is_subscript = text.ends_with(": unbound variable") || text.contains("(error token is ");
    (is_subscript && command.contains("LAMBDA_EVENT[")).then(|| {
        "the runtime fills LAMBDA_EVENT only if the script declares the array: add `declare -A LAMBDA_EVENT` at the top level of the \
         script, outside of functions"
            .to_owned()
    })
}

/// The path that `path` may stand for: with the beginning left out, or with a few wrong characters.
fn closest<'a>(path: &str, paths: &[&'a str]) -> Option<&'a str> {
    let end = format!(".{path}");
    let most = (path.len() / 5).max(2);
    let near = |other: &&&str| path.len() <= MAX_COMPARED_BYTES && other.len().abs_diff(path.len()) <= most;
    let distances = paths.iter().filter(near).map(|other| (strsim::osa_distance(path, other), *other));
    let nearest = distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance);
    paths.iter().find(|other| other.ends_with(&end)).copied().or(nearest.map(|(_, other)| other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_the_event_lacks_is_explained_by_those_that_it_has() {
        let event =
            br#"{"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}],"detail-type":"x","none":null}"#;
        for (path, expected) in [
            ("Recrods.0.s3.bucket.name", "did you mean `Records.0.s3.bucket.name`?"),
            ("records.0.s3.object.Key", "did you mean `Records.0.s3.object.key`?"),
            ("s3.object.key", "did you mean `Records.0.s3.object.key`?"),
            ("detail_type", "did you mean `detail-type`?"),
            ("\"detailtype\"", "did you mean `detail-type`?"),
            ("Records.0.s3", "such as `Records.0.s3."),
            ("none", "the event has no `none`, or it is null"),
            ("$key", "the event has no such entry; where"),
        ] {
            let stderr = format!("/var/task/function.sh: line 3: LAMBDA_EVENT[{path}]: unbound variable\n");
            let advice = advice_on_missing_entry(&stderr, event).unwrap();
            assert!(advice.contains(expected), "{path}: {advice}");
        }
        let other = "/var/task/function.sh: line 3: EVENT[x]: unbound variable\n";
        assert_eq!(advice_on_missing_entry(other, event), None);
    }
}
