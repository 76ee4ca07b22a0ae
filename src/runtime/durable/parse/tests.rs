use super::super::retry::Jitter;
use super::*;

fn parsed(line: &str, after: Option<usize>) -> Result<Verb, String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    parse(&words, after)
}

#[test]
fn a_step_has_a_name_and_settings_in_any_order() {
    let retry = Retry { attempts: 4, delay: 2, jitter: Jitter::None, ..Retry::with_settings() };
    let step = Verb::Step { name: Some("charge".into()), retry, at_most_once: true };
    let line = "step --attempts 4 charge --delay=2s --jitter none --at-most-once";
    assert_eq!(parsed(line, Some(1)), Ok(step));
    assert_eq!(parsed("step -", Some(2)), Ok(Verb::Step { name: None, retry: Retry::of_step(), at_most_once: false }));
}

#[test]
fn times_have_units() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400)] {
        assert_eq!(parsed(&format!("wait {text}"), None), Ok(Verb::Wait { name: None, seconds }));
    }
    for text in ["0", "-1", "1.5", "1w", "", "99999999999", "367d"] {
        assert!(parsed(&format!("wait {text}"), None).is_err(), "{text}");
    }
}

#[test]
fn a_mistake_is_named_with_the_right_form() {
    for (line, after, expected) in [
        (
            "step charge",
            None,
            "the command after `--` is missing; the form is `durable step [OPTION…] NAME -- COMMAND…`",
        ),
        ("step charge", Some(0), "the command after `--` is missing; "),
        ("step", Some(1), "the NAME (`-` for none) is missing; "),
        ("step a b", Some(1), "`b` is one word too many; "),
        ("step a --max 3", Some(1), "the option --max is unknown here; "),
        ("step a --attempts 0", Some(1), "--attempts must be 1 or more; "),
        ("step a --attempts x", Some(1), "the value `x` of --attempts is no number that fits; "),
        ("step a --attempts 1 --attempts 2", Some(1), "the option --attempts is given twice; "),
        ("step a --attempts", Some(1), "the option --attempts has no value; "),
        ("parallel a --max 0", Some(2), "--max must be 1 or more; "),
        ("parallel a --min 3", Some(2), "--min is 3, and there are only 2 branches; "),
        ("map a", Some(2), "the COMMAND is missing; "),
        ("sleep 3", None, "`sleep` is no operation: step, until, wait, "),
    ] {
        let problem = parsed(line, after).unwrap_err();
        assert!(problem.starts_with(expected), "{line}: {problem}");
    }
}
