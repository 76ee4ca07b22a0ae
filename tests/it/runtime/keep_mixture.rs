//! COSHELL_STATE=keep under a mixture of events: failures, deaths, late writers and streams. No byte of one event reaches another.

use std::fs;

use coshell::lambda::invocation::{Outcome, Response};
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::freezer::dial;
use crate::support::function::{Channel, Function};
use crate::support::running::{Running, until};

/// What the events of the long test do, by the last digit of their text. COSHELL_TEST_EVENTS says how many there are.
const MIXED: &str = "handler() {
  local id=$LAMBDA_RUNTIME_AWS_REQUEST_ID
  echo \"begins $id\" >&2
  count=$((${count:-0} + 1))
  case $1 in
    *0) echo \"$1 $count\" ;;
    *1) echo \"$1 $count\"; kill -9 $$; kill -STOP $BASHPID ;;
    *2) kill -9 $BASHPID ;;
    *3) echo \"$1 $count\"; return 3 ;;
    *4) for ((i = 0; i < RANDOM % 100; i++)); do echo \"loud $id\" >&2; done; echo \"$1 $count\" ;;
    *5) printf '%s\\n' \"$1 $count\"; printf '%0100000d' 0 ;;
    *6) (sleep 0.01; echo \"late $id\" >&2) >/dev/null & echo \"$1 $count\" ;;
    *7) echo \"$1 $count\"; (sleep 0.01; echo late) & ;;
    *) echo \"$1 $count\" ;;
  esac
}";

/// A streamed response keeps its last newline.
fn assert_is_its_own(event: &str, count: &mut u64, answer: Answer) {
    *count += 1;
    let expected = match event.as_bytes().last().unwrap() {
        b'1' => Err(("Runtime.ShellDied", "SIGKILL")),
        b'2' => Err(("Function.KilledBySignal", "SIGKILL")),
        b'3' => Err(("Function.ExitStatus", "status 3")),
        b'5' => Ok(format!("{event} {count}\n{}", "0".repeat(100_000))),
        b'7' => Ok(format!("{event} {count}\nlate")),
        _ => Ok(format!("{event} {count}")),
    };
    match expected {
        Ok(text) => assert_eq!(answer.text().trim_end_matches('\n'), text, "{event}"),
        Err((error_type, part)) => {
            of_broken_stream(answer).fails(error_type, part);
            *count = 0;
        }
    }
}

/// The error that ended a stream is the answer.
fn of_broken_stream(answer: Answer) -> Answer {
    match answer.outcome {
        Outcome::Response(Response { trailing_error: Some(error), .. }) => {
            Answer { outcome: Outcome::Error(error), log: answer.log }
        }
        _ => answer,
    }
}

/// Descriptors and processes.
fn usage(function: &Running) -> (usize, usize) {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", function.pid())).unwrap().count();
    (descriptors, function.environment().pids().len())
}

/// The resident memory of the runtime and its Bash processes in kB.
fn resident_kb(function: &Running) -> u64 {
    let of = |pid: &u32| -> u64 {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    function.environment().pids().iter().map(of).sum()
}

#[test]
fn every_event_of_a_mixture_gets_its_own_answer_and_log_and_nothing_is_left() {
    let events = dial("COSHELL_TEST_EVENTS", 600);
    for (channel, delivery) in [(Channel::Proc, "buffered"), (Channel::Fifos, "buffered"), (Channel::Proc, "stream")] {
        let function = Function::script(MIXED)
            .env("COSHELL_STATE", "keep")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("COSHELL_RESPONSE", delivery)
            .over(channel)
            .start();
        let mut count = 0;
        for event in ["first-5", "first-0"] {
            assert_is_its_own(event, &mut count, function.answer_alone(event));
        }
        let before = until("the waiting shell", || Some(usage(&function)).filter(|usage| usage.1 == 3));
        let resident_before = resident_kb(&function);
        for number in 0..events {
            let event = format!("{number}-{}", (number * 7 + number / 10) % 10);
            assert_is_its_own(&event, &mut count, function.answer_alone(&event));
        }
        until("no more than before", || {
            let (descriptors, processes) = usage(&function);
            (descriptors <= before.0 && processes <= before.1).then_some(())
        });
        let resident = resident_kb(&function);
        println!("{delivery} over {channel:?}: {resident_before} kB before, {resident} kB after {events} events");
        assert!(resident < resident_before + 4096, "{resident_before} kB before, {resident} kB after");
        for line in function.log().lines() {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let message = entry["message"].as_str().unwrap_or_default().to_owned();
            if let Some((word, id)) = message.split_once(' ')
                && matches!(word, "begins" | "loud" | "late")
            {
                assert_eq!(entry["requestId"], id, "{line}");
            }
        }
    }
}
