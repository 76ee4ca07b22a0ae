//! Reads the arguments of `durable`: which operation, its name and its settings.

use super::retry::{Jitter, MAX_DELAY_SECONDS, Retry};

/// The longest time limit of a callback, in seconds.
const MAX_TIMEOUT_SECONDS: u32 = 99_999_999;
const MAX_NAME_BYTES: usize = 256;

/// What a call of `durable` asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verb {
    Step {
        name: Option<String>,
        retry: Retry,
        at_most_once: bool,
    },
    Until {
        name: Option<String>,
        initial: String,
        retry: Retry,
    },
    Wait {
        name: Option<String>,
        seconds: u32,
    },
    Callback {
        name: Option<String>,
        limits: Limits,
    },
    Await {
        callback_id: String,
    },
    WaitForCallback {
        name: Option<String>,
        limits: Limits,
        retry: Retry,
    },
    Invoke {
        name: Option<String>,
        function: String,
        payload: String,
        tenant: Option<String>,
    },
    Child {
        name: Option<String>,
    },
    Batch {
        name: Option<String>,
        is_map: bool,
        command: String,
        count: usize,
        branch_names: Vec<String>,
        batch: BatchSettings,
    },
    /// Whether the handler repeats what it did before.
    Replaying,
    /// The last error that `durable` has returned.
    Error,
}

/// The time limits of a callback, in seconds; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) timeout: u32,
    pub(super) heartbeat: u32,
}

/// When parallel work ends, and how it is recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BatchSettings {
    /// How many branches run at once.
    pub(super) max: Option<usize>,
    /// After how many successes the work has ended.
    pub(super) min_successes: Option<usize>,
    /// How many failures are tolerated.
    pub(super) tolerate: Option<usize>,
    /// The share of failures that is tolerated, in percent.
    pub(super) tolerate_percent: Option<f64>,
    /// Whether the branches have no contexts of their own in the history.
    pub(super) flat: bool,
}

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
    let form = FORMS.iter().find(|(name, _)| name == verb).map_or("durable error", |(_, form)| form);
    let usage = |problem: String| format!("{problem}; the form is `{form}`");
    let arguments = if verb == "await" { Ok(Arguments::plain(words)) } else { Arguments::of(words) };
    arguments.and_then(|arguments| arguments.verb(verb, after)).map_err(usage)
}

fn verbs() -> String {
    let names: Vec<&str> = FORMS.iter().map(|(name, _)| *name).chain(["error"]).collect();
    names.join(", ")
}

/// The options, and the other words in order.
struct Arguments {
    options: Vec<(String, String)>,
    words: Vec<String>,
}

/// The options without a value.
const FLAGS: [&str; 2] = ["--at-most-once", "--flat"];

impl Arguments {
    /// Words without options: the id of a callback may begin with anything.
    fn plain(words: &[String]) -> Arguments {
        Arguments { options: Vec::new(), words: words.to_vec() }
    }

    fn of(all: &[String]) -> Result<Arguments, String> {
        let mut arguments = Arguments { options: Vec::new(), words: Vec::new() };
        let mut all = all.iter();
        while let Some(word) = all.next() {
            if FLAGS.contains(&word.as_str()) {
                arguments.options.push((word.clone(), String::new()));
            } else if let Some((name, value)) = word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
                arguments.options.push((name.to_owned(), value.to_owned()));
            } else if word.starts_with("--") {
                let value = all.next().ok_or_else(|| format!("the option {word} has no value"))?;
                arguments.options.push((word.clone(), value.clone()));
            } else {
                arguments.words.push(word.clone());
            }
        }
        Ok(arguments)
    }

    fn verb(mut self, verb: &str, after: Option<usize>) -> Result<Verb, String> {
        let command =
            || after.filter(|count| *count > 0).map(drop).ok_or_else(|| "the command after `--` is missing".to_owned());
        let verb = match verb {
            "step" => {
                let at_most_once = self.flag("--at-most-once");
                let retry = self.retry(Retry::of_step(), Retry::with_settings())?;
                command()?;
                Verb::Step { name: self.name()?, retry, at_most_once }
            }
            "until" => {
                let retry = self.retry(Retry::of_condition(), Retry::of_condition())?;
                command()?;
                let name = self.name()?;
                Verb::Until { name, initial: self.take("the first STATE")?, retry }
            }
            "wait" => {
                let seconds = seconds(&self.take("the TIME")?, 1, MAX_DELAY_SECONDS)?;
                Verb::Wait { seconds, name: self.optional_name()? }
            }
            "callback" => Verb::Callback { limits: self.limits()?, name: self.optional_name()? },
            "await" => Verb::Await { callback_id: self.take("the CALLBACK-ID")? },
            "wait-for-callback" => {
                let limits = self.limits()?;
                let retry = self.retry(Retry::of_step(), Retry::with_settings())?;
                command()?;
                Verb::WaitForCallback { name: self.name()?, limits, retry }
            }
            "invoke" => {
                let tenant = self.option("--tenant")?;
                let name = self.name()?;
                let function = self.take("the FUNCTION")?;
                if function.len() > MAX_NAME_BYTES {
                    return Err("the name of the function has more than 256 bytes".to_owned());
                }
                let payload = if self.words.is_empty() { "null".to_owned() } else { self.words.remove(0) };
                Verb::Invoke { name, function, payload, tenant }
            }
            "child" => {
                command()?;
                Verb::Child { name: self.name()? }
            }
            "parallel" | "map" => {
                let is_map = verb == "map";
                let batch = self.batch()?;
                let branch_names = self.all("--branch");
                let count = after.ok_or_else(|| "`--` is missing".to_owned())?;
                let name = self.name()?;
                let command = if is_map { self.take("the COMMAND")? } else { String::new() };
                batch.check(count)?;
                Verb::Batch { name, is_map, command, count, branch_names, batch }
            }
            "replaying" => Verb::Replaying,
            "error" => Verb::Error,
            other => return Err(format!("`{other}` is no operation: {}", verbs())),
        };
        match (self.options.first(), self.words.first()) {
            (Some((option, _)), _) => Err(format!("the option {option} is unknown here")),
            (None, Some(word)) => Err(format!("`{word}` is one word too many")),
            (None, None) => Ok(verb),
        }
    }

    fn take(&mut self, what: &str) -> Result<String, String> {
        if self.words.is_empty() { Err(format!("{what} is missing")) } else { Ok(self.words.remove(0)) }
    }

    /// The next word as a name; `-` is no name.
    fn name(&mut self) -> Result<Option<String>, String> {
        let name = self.take("the NAME (`-` for none)")?;
        let is_printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !is_printable {
            return Err(format!("the name `{name}` is not 1 to 256 printable ASCII characters"));
        }
        Ok(Some(name).filter(|name| name != "-"))
    }

    fn optional_name(&mut self) -> Result<Option<String>, String> {
        if self.words.is_empty() { Ok(None) } else { self.name() }
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        let values = self.options.iter().filter(|(option, _)| option == name).map(|(_, value)| value.clone()).collect();
        self.options.retain(|(option, _)| option != name);
        values
    }

    fn flag(&mut self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    fn option(&mut self, name: &str) -> Result<Option<String>, String> {
        let mut values = self.all(name);
        if values.len() > 1 { Err(format!("the option {name} is given twice")) } else { Ok(values.pop()) }
    }

    fn number<N: std::str::FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        let Some(value) = self.option(name)? else { return Ok(None) };
        value.parse().map(Some).map_err(|_| format!("the value `{value}` of {name} is no number that fits"))
    }

    fn time(&mut self, name: &str, least: u32, most: u32) -> Result<Option<u32>, String> {
        let value = self.option(name)?;
        value.map(|value| seconds(&value, least, most).map_err(|problem| format!("{name}: {problem}"))).transpose()
    }

    fn limits(&mut self) -> Result<Limits, String> {
        let timeout = self.time("--timeout", 0, MAX_TIMEOUT_SECONDS)?.unwrap_or_default();
        let heartbeat = self.time("--heartbeat", 0, MAX_TIMEOUT_SECONDS)?.unwrap_or_default();
        Ok(Limits { timeout, heartbeat })
    }

    /// The settings for retries: `without` if there are none, else `with` and what is set.
    fn retry(&mut self, without: Retry, with: Retry) -> Result<Retry, String> {
        let before = self.options.len();
        let mut retry = with;
        if let Some(attempts) = self.number("--attempts")? {
            retry.attempts = Some(attempts).filter(|attempts| *attempts > 0).ok_or("--attempts must be 1 or more")?;
        }
        if let Some(delay) = self.time("--delay", 0, MAX_DELAY_SECONDS)? {
            retry.delay = delay;
            retry.max_delay = retry.max_delay.max(delay);
        }
        if let Some(rate) = self.number::<f64>("--rate")? {
            let fits = rate.is_finite() && rate >= 1.0;
            retry.rate = Some(rate).filter(|_| fits).ok_or("--rate must be 1 or more")?;
        }
        if let Some(max_delay) = self.time("--max-delay", 1, MAX_DELAY_SECONDS)? {
            retry.max_delay = max_delay;
        }
        if let Some(jitter) = self.option("--jitter")? {
            retry.jitter = match jitter.as_str() {
                "none" => Jitter::None,
                "half" => Jitter::Half,
                "full" => Jitter::Full,
                _ => return Err(format!("the jitter `{jitter}` is not none, half or full")),
            };
        }
        retry.only_types = self.all("--retry-on");
        retry.never_types = self.all("--no-retry-on");
        Ok(if self.options.len() < before { retry } else { without })
    }

    fn batch(&mut self) -> Result<BatchSettings, String> {
        Ok(BatchSettings {
            max: self.number("--max")?,
            min_successes: self.number("--min")?,
            tolerate: self.number("--tolerate")?,
            tolerate_percent: self.option("--tolerate-percent")?.map(|value| percent(&value)).transpose()?,
            flat: self.flag("--flat"),
        })
    }
}

impl BatchSettings {
    fn check(&self, count: usize) -> Result<(), String> {
        if self.max == Some(0) {
            return Err("--max must be 1 or more".to_owned());
        }
        match self.min_successes {
            Some(0) => Err("--min must be 1 or more".to_owned()),
            Some(min) if min > count => Err(format!("--min is {min}, and there are only {count} branches")),
            _ => Ok(()),
        }
    }
}

fn percent(value: &str) -> Result<f64, String> {
    let number = value.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| format!("--tolerate-percent: `{value}` is no number from 0 to 100"))
}

/// A time such as `90`, `90s`, `15m`, `2h` or `1d`, in seconds.
fn seconds(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    let number = digits.parse::<u32>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    let number = number.ok_or_else(|| format!("`{text}` is no time such as 90, 90s, 15m, 2h or 1d"))?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("the time `{text}` is not from {least} to {most} seconds"))
    }
}

#[cfg(test)]
mod tests;
