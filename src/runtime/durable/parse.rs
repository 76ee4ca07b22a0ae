//! Reads the words of a call of `durable`.

use super::retry::{MAX_DELAY_SECONDS, Retry};
use super::verb::{BatchSettings, Verb};
use super::words::{MAX_NAME_BYTES, Words, check_name, seconds};

/// The form of each call, for messages.
const FORMS: [(&str, &str); 11] = [
    ("step", "durable step [OPTION…] NAME -- COMMAND…"),
    ("until", "durable until [OPTION…] NAME STATE -- COMMAND…"),
    ("wait", "durable wait TIME [NAME]"),
    ("callback", "durable callback [--timeout TIME] [--heartbeat TIME] [NAME]"),
    ("await", "durable await CALLBACK-ID"),
    ("wait-for-callback", "durable wait-for-callback [OPTION…] NAME -- COMMAND…"),
    ("invoke", "durable invoke [--tenant ID] NAME FUNCTION [PAYLOAD]"),
    ("child", "durable child NAME -- COMMAND…"),
    ("parallel", "durable parallel [OPTION…] NAME -- 'COMMAND…' …"),
    ("map", "durable map [OPTION…] NAME COMMAND -- ITEM…"),
    ("replaying", "durable replaying"),
];

/// Reads the words before `--`; `after` is the number of words after it, or `None` without a `--`.
///
/// # Errors
/// A sentence on what is wrong.
pub(super) fn parse(words: &[String], after: Option<usize>) -> Result<Verb, String> {
    let Some((verb, words)) = words.split_first() else { return Err(format!("an operation is missing: {}", verbs())) };
    let form = FORMS.iter().find(|(name, _)| name == verb).map(|(_, form)| format!("; the form is `{form}`"));
    let usage = |problem: String| format!("{problem}{}", form.unwrap_or_default());
    let words = if verb == "await" { Ok(Words::plain(words)) } else { Words::of(words) };
    words.and_then(|words| read(words, verb, after)).map_err(usage)
}

fn verbs() -> String {
    let names: Vec<&str> = FORMS.iter().map(|(name, _)| *name).chain(["error"]).collect();
    names.join(", ")
}

/// Reads the words of one verb.
fn read(mut words: Words, verb: &str, after: Option<usize>) -> Result<Verb, String> {
    let command =
        || after.filter(|count| *count > 0).map(drop).ok_or_else(|| "the command after `--` is missing".to_owned());
    let verb = match verb {
        "step" => {
            let at_most_once = words.flag("--at-most-once");
            let retry = words.retry(Retry::of_step(), Retry::with_settings())?;
            command()?;
            Verb::Step { name: words.name()?, retry, at_most_once }
        }
        "until" => {
            let retry = words.retry(Retry::of_condition(), Retry::of_condition())?;
            command()?;
            let name = words.name()?;
            Verb::Until { name, initial: words.take("the first STATE")?, retry }
        }
        "wait" => {
            let seconds = seconds(&words.take("the TIME")?, 1, MAX_DELAY_SECONDS)?;
            Verb::Wait { seconds, name: words.optional_name()? }
        }
        "callback" => Verb::Callback { limits: words.limits()?, name: words.optional_name()? },
        "await" => Verb::Await { callback_id: words.take("the CALLBACK-ID")? },
        "wait-for-callback" => {
            let limits = words.limits()?;
            let retry = words.retry(Retry::of_step(), Retry::with_settings())?;
            command()?;
            let name = words.name()?;
            // The callback and the step in it have longer names.
            name.iter().try_for_each(|name| check_name(name, " create callback id".len()))?;
            Verb::WaitForCallback { name, limits, retry }
        }
        "invoke" => {
            let tenant = words.option("--tenant")?;
            let name = words.name()?;
            let function = words.take("the FUNCTION")?;
            if function.len() > MAX_NAME_BYTES {
                return Err("the name of the function has more than 256 bytes".to_owned());
            }
            let payload = if words.words.is_empty() { "null".to_owned() } else { words.words.remove(0) };
            Verb::Invoke { name, function, payload, tenant }
        }
        "child" => {
            command()?;
            Verb::Child { name: words.name()? }
        }
        "parallel" | "map" => {
            let is_map = verb == "map";
            let batch = words.batch()?;
            let branch_names = words.all("--branch");
            branch_names.iter().try_for_each(|name| check_name(name, 0))?;
            let count = after.ok_or_else(|| "`--` is missing".to_owned())?;
            let name = words.name()?;
            let command = if is_map { words.take("the COMMAND")? } else { String::new() };
            if is_map && command.is_empty() {
                return Err("the COMMAND is empty".to_owned());
            }
            check(&batch, count)?;
            Verb::Batch { name, is_map, command, count, branch_names, batch }
        }
        "replaying" => Verb::Replaying,
        "error" => Verb::Error,
        other => return Err(format!("`{other}` is no operation: {}", verbs())),
    };
    match (words.options.first(), words.words.first()) {
        (Some((option, _)), _) => Err(format!("the option {option} is unknown here")),
        (None, Some(word)) => Err(format!("`{word}` is one word too many")),
        (None, None) => Ok(verb),
    }
}

/// Checks the numbers against the number of branches.
fn check(settings: &BatchSettings, count: usize) -> Result<(), String> {
    if settings.max == Some(0) {
        return Err("--max must be 1 or more".to_owned());
    }
    match settings.min_successes {
        Some(0) => Err("--min must be 1 or more".to_owned()),
        Some(min) if min > count => Err(format!("--min is {min}, and there are only {count} branches")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
