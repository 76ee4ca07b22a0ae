# shellcheck shell=bash
# Requirements for child contexts.

# 3-1: a step in a child context
# "input" -> SUCCEEDED "input"
child_3_1() { durable child work -- step_of "$1"; }
step_of() { durable step work -- say "$1"; }

# 3-2: a child context has a name
# {"name":"first","value":"second"} -> SUCCEEDED "second"
child_3_2() { durable child "$(jq -r .name <<<"$1")" -- step_of "$(jq .value <<<"$1")"; }

# 3-3: two steps in a child context
# "input" -> SUCCEEDED "input"
child_3_3() { durable child work -- two_steps "$1"; }
two_steps() {
  first=$(durable step first -- say "$1")
  durable step second -- say "$first"
}

# 3-4: a step in a child context fails, and so the execution
# null -> FAILED
child_3_4() { durable child work -- failing_step; }
failing_step() { durable step broken --attempts 1 -- broken; }

# 3-5: the handler catches the failure of a child context
# "input" -> SUCCEEDED "input"
child_3_5() {
  durable child work -- failing_step || durable step recover -- say "$1"
}

# 3-6: a child context in a child context
# "input" -> SUCCEEDED "input"
child_3_6() { durable child outer -- outer "$1"; }
outer() {
  text=$(durable step outer -- say "$1")
  durable child inner -- step_of "$text"
}

# 3-7: a step in a child context succeeds at the second attempt
# "input" -> SUCCEEDED "input"
child_3_7() { durable child work -- retried_step "$1"; }
retried_step() { durable step unreliable --attempts 2 --delay 1 -- fail_before 2 "$1"; }

# 3-8: all attempts of a step in a child context fail
# null -> FAILED
child_3_8() { durable child work -- hopeless_step; }
hopeless_step() { durable step hopeless --attempts 2 --delay 1 -- false; }

# 3-9: a child context that has succeeded returns its stored result
# "input" -> SUCCEEDED "input"
child_3_9() {
  result=$(durable child work -- step_of "$1")
  durable wait 1
  say "$result"
}

# 3-10: a step and a wait in a child context
# "input" -> SUCCEEDED "input"
child_3_10() { durable child work -- step_and_wait "$1"; }
step_and_wait() {
  result=$(durable step work -- say "$1")
  durable wait 1
  say "$result"
}

# 3-11: a result of more than 256 KB is not stored, and the child context runs again for it
# "input" -> SUCCEEDED
child_3_11() {
  result=$(durable child large -- large "$1")
  durable wait 1
  say "${#result}"
}
large() {
  jq -r . <<<"$1" >&2
  text=$(durable step small -- say "$1")
  printf '%s%0300000d\n' "$text" 0
}

# 3-12: a child context is interrupted by a crash, and goes on without another start
# "input" -> SUCCEEDED "input"
# crash: 4
child_3_12() { durable child work -- crashing_step "$1"; }
crashing_step() { durable step work -- crash_at_first_run "$1"; }
# A second run of the same attempt is known by a file. The runner needs a moment to record that the step has started.
crash_at_first_run() {
  mark=$MARKS/$(jq -r . <<<"$1")
  if mkdir "$mark" 2>/dev/null; then
    sleep 1
    crash
  fi
  say "$1"
}

# 3-13: a wait in a child context, and a step after it
# "input" -> SUCCEEDED "input"
child_3_13() {
  result=$(durable child work -- wait_and_say "$1")
  durable step after -- say "$result"
}
wait_and_say() {
  durable wait 1
  say "$1"
}

# 3-14: a child context encodes its result
# "hello child" -> SUCCEEDED "HELLO CHILD"
child_3_14() { durable child work -- shouted_step "$1"; }
shouted_step() {
  text=$(durable step work -- say "$1")
  jq -r 'ascii_upcase' <<<"$text"
}

# 3-15: a child context fails without a step
# null -> FAILED
child_3_15() { durable child work -- false; }

# 3-16: a child context returns null
# null -> SUCCEEDED null
child_3_16() { durable child work -- say null; }

# 3-17: a child context that only writes to the log is not run again
# "input" -> SUCCEEDED "input"
child_3_17() {
  result=$(durable child work -- say_aloud "$1")
  durable wait 1
  say "$result"
}
say_aloud() {
  jq -r . <<<"$1" >&2
  say "$1"
}

# 3-18: a step and a wait in a child context, and after it
# "input" -> SUCCEEDED "input"
child_3_18() {
  result=$(durable child work -- step_and_wait "$1")
  result=$(durable step after -- say "$result")
  durable wait 1
  say "$result"
}
