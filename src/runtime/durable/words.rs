//! The options and the other words of a call of `durable`.

use super::retry::{Jitter, MAX_DELAY_SECONDS, Retry};
use super::verb::{BatchSettings, Limits};

/// The longest time limit of a callback, in seconds.
const MAX_TIMEOUT_SECONDS: u32 = 99_999_999;
pub(super) const MAX_NAME_BYTES: usize = 256;

/// The options, and the other words in order.
pub(super) struct Words {
    pub(super) options: Vec<(String, String)>,
    pub(super) words: Vec<String>,
}

/// The options without a value.
const FLAGS: [&str; 2] = ["--at-most-once", "--flat"];

impl Words {
    /// Words without options: the id of a callback may begin with anything.
    pub(super) fn plain(words: &[String]) -> Words {
        Words { options: Vec::new(), words: words.to_vec() }
    }

    pub(super) fn of(all: &[String]) -> Result<Words, String> {
        let mut words = Words { options: Vec::new(), words: Vec::new() };
        let mut all = all.iter();
        while let Some(word) = all.next() {
            if FLAGS.contains(&word.as_str()) {
                words.options.push((word.clone(), String::new()));
            } else if let Some((name, value)) = word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
                words.options.push((name.to_owned(), value.to_owned()));
            } else if word.starts_with("--") {
                let value = all.next().ok_or_else(|| format!("the option {word} has no value"))?;
                words.options.push((word.clone(), value.clone()));
            } else {
                words.words.push(word.clone());
            }
        }
        Ok(words)
    }

    pub(super) fn take(&mut self, what: &str) -> Result<String, String> {
        if self.words.is_empty() { Err(format!("{what} is missing")) } else { Ok(self.words.remove(0)) }
    }

    /// The next word as a name; `-` is no name.
    pub(super) fn name(&mut self) -> Result<Option<String>, String> {
        let name = self.take("the NAME (`-` for none)")?;
        check_name(&name, 0)?;
        Ok(Some(name).filter(|name| name != "-"))
    }

    pub(super) fn optional_name(&mut self) -> Result<Option<String>, String> {
        if self.words.is_empty() { Ok(None) } else { self.name() }
    }

    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        let values = self.options.iter().filter(|(option, _)| option == name).map(|(_, value)| value.clone()).collect();
        self.options.retain(|(option, _)| option != name);
        values
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    pub(super) fn option(&mut self, name: &str) -> Result<Option<String>, String> {
        let mut values = self.all(name);
        if values.len() > 1 { Err(format!("the option {name} is given twice")) } else { Ok(values.pop()) }
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        let Some(value) = self.option(name)? else { return Ok(None) };
        value.parse().map(Some).map_err(|_| format!("the value `{value}` of {name} is no number that fits"))
    }

    pub(super) fn time(&mut self, name: &str, least: u32, most: u32) -> Result<Option<u32>, String> {
        let value = self.option(name)?;
        value.map(|value| seconds(&value, least, most).map_err(|problem| format!("{name}: {problem}"))).transpose()
    }

    pub(super) fn limits(&mut self) -> Result<Limits, String> {
        let timeout = self.time("--timeout", 0, MAX_TIMEOUT_SECONDS)?.unwrap_or_default();
        let heartbeat = self.time("--heartbeat", 0, MAX_TIMEOUT_SECONDS)?.unwrap_or_default();
        Ok(Limits { timeout, heartbeat })
    }

    /// The settings for retries: `without` if there are none, else `with` and what is set.
    pub(super) fn retry(&mut self, without: Retry, with: Retry) -> Result<Retry, String> {
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

    pub(super) fn batch(&mut self) -> Result<BatchSettings, String> {
        Ok(BatchSettings {
            max: self.number("--max")?,
            min_successes: self.number("--min")?,
            tolerate: self.number("--tolerate")?,
            tolerate_percent: self.option("--tolerate-percent")?.map(|value| percent(&value)).transpose()?,
            flat: self.flag("--flat"),
        })
    }
}

fn percent(value: &str) -> Result<f64, String> {
    let number = value.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| format!("--tolerate-percent: `{value}` is no number from 0 to 100"))
}

/// Checks a name; `more` is the number of bytes that the names of its parts have more.
pub(super) fn check_name(name: &str, more: usize) -> Result<(), String> {
    let is_printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if name.is_empty() || name.len() + more > MAX_NAME_BYTES || !is_printable {
        let most = MAX_NAME_BYTES - more;
        return Err(format!("the name `{name}` is not 1 to {most} printable ASCII characters"));
    }
    Ok(())
}

/// A time such as `90`, `90s`, `15m`, `2h` or `1d`, in seconds.
pub(super) fn seconds(text: &str, least: u32, most: u32) -> Result<u32, String> {
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
