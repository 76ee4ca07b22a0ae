# shellcheck shell=bash
# Requirements for steps.

# 1-1: a step succeeds at the first attempt
# "World" -> SUCCEEDED "Hello, World!"
step_1_1() { durable step greet -- greet "$1"; }
greet() { jq '"Hello, \(.)!"' <<<"$1"; }

# 1-2: a step has a name
# "World" -> SUCCEEDED "Hello, World!"
step_1_2() { durable step custom_step_name -- greet "$1"; }

# 1-3: the second step uses the result of the first
# null -> SUCCEEDED "first_second"
step_1_3() {
  first=$(durable step first -- say '"first"')
  durable step second --stdin -- jq '. + "_second"' <<<"$first"
}

# 1-4: a result is an object
# {"name":"Alice","tags":["admin","active"]} -> SUCCEEDED {"user":{"name":"Alice","tags":["admin","active"]},"count":2}
step_1_4() { durable step build --stdin -- jq -c '{user: {name, tags}, count: (.tags | length)}' <<<"$1"; }

# 1-5: a result is null
# null -> SUCCEEDED null
step_1_5() { durable step nothing -- say null; }

# 1-6: a step encodes its result
# "hello world" -> SUCCEEDED "HELLO WORLD"
step_1_6() { durable step upper --stdin -- jq 'ascii_upcase' <<<"$1"; }

# 1-7: a step writes to the log
# "input" -> SUCCEEDED "Hello, input!"
step_1_7() { durable step greet -- greet_aloud "$1"; }
greet_aloud() {
  name=$(jq -r . <<<"$1")
  echo "Greeting step started for: $name" >&2
  echo "Greeting step completed with: Hello, $name!" >&2
  greet "$1"
}

# 1-8: a step before a wait is not run again
# null -> SUCCEEDED "computed"
step_1_8() {
  result=$(durable step compute -- say '"computed"')
  durable wait 2
  say "$result"
}

# 1-9: a step that has succeeded returns its stored result
# null -> SUCCEEDED "cached_value"
step_1_9() {
  result=$(durable step compute -- compute)
  durable wait 1
  say "$result"
}
compute() {
  echo 'step executed' >&2
  say '"cached_value"'
}

# 1-10: a step that has failed fails again without being run
# null -> SUCCEEDED
step_1_10() {
  durable step broken --attempts 1 -- broken || say "\"failed with status $?\""
  durable wait 1
}
broken() {
  echo 'step executed' >&2
  return 3
}

# 1-11: a step fails, and succeeds at the second attempt
# null -> SUCCEEDED "Operation succeeded"
step_1_11() { durable step unreliable --attempts 2 --delay 1 -- fail_before 2 '"Operation succeeded"'; }
# fail_before N RESULT: attempt N is the first that succeeds.
fail_before() {
  ((DURABLE_ATTEMPT >= $1))
  say "$2"
}

# 1-12: all four attempts fail
# null -> FAILED
step_1_12() { durable step hopeless --attempts 4 --delay 1 --rate 1 -- false; }

# 1-13: the default delays of retries
# null -> SUCCEEDED
step_1_13() { durable step unreliable -- fail_before 3 '"third time lucky"'; }

# 1-14: a first delay of 2 s, three times as long for the next
# null -> SUCCEEDED
step_1_14() { durable step unreliable --attempts 5 --delay 2 --rate 3 --jitter none -- fail_before 3 '"done"'; }

# 1-15: only errors of one type are tried again
# null -> SUCCEEDED
step_1_15() { durable step transient --delay 1 --jitter none --retry-on TransientError -- transient; }
transient() {
  if ((DURABLE_ATTEMPT == 1)); then
    say '{"errorType":"TransientError","errorMessage":"the service is busy"}'
    return 1
  fi
  say '"ok"'
}

# 1-16: errors of one type are not tried again
# null -> FAILED
step_1_16() { durable step transient --delay 1 --no-retry-on TransientError -- transient; }

# 1-17: a step that may run once is interrupted by a crash, and there is no retry
# "input" -> FAILED
# crash: 3
step_1_17() { durable step at_most_once_flaky_step --at-most-once --attempts 1 -- crash_once "$1"; }
crash_once() {
  jq -r . <<<"$1" >&2
  if ((DURABLE_ATTEMPT == 1)); then crash; fi
  say '"succeeded on second attempt"'
}

# The environment ends, as it does without memory.
crash() {
  kill -KILL $$
  sleep 60
}

# 1-18: a step that may run once an attempt is interrupted by a crash, and the retry succeeds
# "input" -> SUCCEEDED "succeeded on second attempt"
# crash: 3
step_1_18() { durable step at_most_once_flaky_step --at-most-once --attempts 2 --delay 1 -- crash_once "$1"; }

# 1-19: a step fails for good
# null -> FAILED
step_1_19() { durable step broken --attempts 1 -- broken; }

# 1-20: the handler catches the failure of a step
# null -> SUCCEEDED "fallback_result"
step_1_20() {
  if ! result=$(durable step broken --attempts 1 -- broken); then result='"fallback_result"'; fi
  durable step after -- say "$result"
}
