//! Nothing of one event in another's answer, environment or log lines: many events in random order, each with a mark of its own.
//! Some fail, exit, kill their subshell, Bash or whichever subshell there is, and leave children behind that write late.
//!
//! COSHELL_TEST_EVENTS says how many, COSHELL_TEST_SEED in which order; the test prints both.

use std::time::{Duration, SystemTime};

use coshell::lambda::invocation::Outcome;
use serde_json::Value;

use crate::support::answer::text;
use crate::support::freezer::dial;
use crate::support::function::{Channel, Function};

const SCRIPT: &str = r#"
handler() {
  local pause=${1% *}
  mark=${1##* } how=${1%% *} pause=${pause#* }
  echo "log $mark" >&2
  case $how in
    big) printf "%s\n$mark\n" {1..9000}; return ;;
    dump) declare -p; declare -f; alias -p; trap -p; pwd; jobs; set +o; env; ls /proc/self/fd ;;
    late | latefail | latekill) { sleep "$pause"; echo "late $mark"; echo "late $mark" >&2; } & ;;
    latelog) { sleep "$pause"; echo "late $mark" >&2; echo "later $mark" >&2; } >/dev/null & ;;
    daemon) setsid bash -c "sleep $pause; echo 'late $mark' >&2" >/dev/null & ;;
    hunt) { sleep "$pause"; kill -9 $(cat "/proc/$$/task/$$/children"); } >/dev/null 2>&1 & ;;
    set)
      export LEAK=$mark; leak=$mark; readonly frozen=$mark; alias greet="echo $mark"; IFS=$mark
      trap "echo 'trap $mark'" EXIT; trap "echo 'trap $mark'" TERM; cd /proc; umask 077; set +eu
      eval "handler() { echo 'stolen $mark'; }; helper() { echo '$mark'; }" ;;
  esac
  echo "answer $mark"
  case $how in
    fail | latefail) echo "why $mark" >&2; return 3 ;;
    missing) "nosuch-$mark" ;;
    exit) exit 4 ;;
    leave) exit 0 ;;
    kill | latekill) kill -9 $BASHPID ;;
    bash) kill -9 $$ ;;
  esac
}
"#;
/// What an event does, and what must come of it, `_` being its mark.
const KINDS: [(&str, &str); 15] = [
    ("plain", "answer _"),
    ("big", ""),
    ("dump", ""),
    ("late", "answer _\nlate _"),
    ("latefail", "Function.ExitStatus"),
    ("latekill", "Function.KilledBySignal"),
    ("latelog", "answer _"),
    ("daemon", "answer _"),
    ("hunt", "answer _"),
    ("set", "answer _\ntrap _"),
    ("fail", "Function.ExitStatus"),
    ("missing", "Function.CommandNotFound"),
    ("exit", "Function.ExitStatus"),
    ("leave", "answer _"),
    ("kill", "Function.KilledBySignal"),
];
/// One of so many events kills Bash.
const BASHES: u64 = 40;

#[test]
fn no_event_gets_anything_of_another() {
    let events = dial("COSHELL_TEST_EVENTS", 2000);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seed = dial("COSHELL_TEST_SEED", u64::from(now.subsec_nanos()));
    eprintln!("COSHELL_TEST_EVENTS={events} COSHELL_TEST_SEED={seed}");
    std::thread::scope(|scope| {
        for (channel, seed) in Channel::BOTH.into_iter().zip([seed, seed + 1]) {
            scope.spawn(move || send_all(channel, events / 2, Random(seed)));
        }
    });
}

fn send_all(channel: Channel, events: u64, mut random: Random) {
    let function = Function::script(SCRIPT).env("AWS_LAMBDA_LOG_FORMAT", "JSON").over(channel).start();
    for number in 1..=events {
        let (how, expected) = match random.below(BASHES) {
            0 => ("bash", "answer _"),
            _ => KINDS[random.below(KINDS.len() as u64) as usize],
        };
        let mark = mark(number);
        let event = format!("{how} 0.00{} {mark}", random.below(10));
        let outcome = function.answer_alone(&event).outcome;
        assert!(is_right(how, &expected.replace('_', &mark), &mark, &outcome), "{event}: {outcome:?}");
    }
    let log = function.end();
    let late = log.lines().filter(|line| line_is_right(line) && line.contains("late")).count();
    assert!(late > 0 || events < 100, "no child wrote late: {log}");
}

/// What no other event has, nor any beginning of it.
fn mark(number: u64) -> String {
    format!("mark-{number}.")
}

/// Whether `outcome` is what was expected, and nothing in it is of another event.
fn is_right(how: &str, expected: &str, mark: &str, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Response(response) => {
            let text = text(&response.bytes);
            let as_expected = match how {
                "big" => text.lines().count() == 18_000 && text.contains(mark),
                // A child that pauses for no time at all may be the first to write.
                "late" => text == expected || text == format!("late {mark}\nanswer {mark}"),
                "dump" => text.ends_with(&format!("answer {mark}")),
                _ => text == expected,
            };
            as_expected && only_has(mark, &text)
        }
        Outcome::Error(error) => {
            // Whoever hunts may hit the subshell of any event that follows.
            let allowed = [expected, "Function.KilledBySignal", if how == "bash" { "Runtime.ShellDied" } else { "" }];
            allowed.contains(&error.error_type.as_str()) && only_has(mark, &text(&error.body))
        }
        Outcome::TimedOut | Outcome::RuntimeExited(_) => false,
    }
}

fn only_has(mark: &str, text: &str) -> bool {
    text.matches("mark-").count() == text.matches(mark).count()
}

/// Whether the line stands under the request id of the event whose mark it has.
fn line_is_right(line: &str) -> bool {
    let Ok(entry) = serde_json::from_str::<Value>(line) else { panic!("no JSON: {line}") };
    let id = entry["requestId"].as_str().unwrap_or_default();
    let mark = id.strip_prefix("event-").map(|number| mark(number.parse().unwrap())).unwrap_or_default();
    assert!(if mark.is_empty() { !line.contains("mark-") } else { only_has(&mark, line) }, "{line}");
    true
}

/// Marsaglia's xorshift: the same seed, the same order.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= 0x9E37_79B9_7F4A_7C15;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}
