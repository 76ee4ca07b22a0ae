# shellcheck shell=bash
# What AWS's suites do not ask for.

# 10-1: a history of several pages
# null -> SUCCEEDED 6000000
more_10_1() {
  local all=''
  for number in 1 2 3 4 5 6; do all+=$(durable step "large-$number" -- printf '%01000000d' 0); done
  durable wait 1
  say "${#all}"
}

# 10-2: a result of more than 6 MB is recorded apart
# null -> SUCCEEDED
more_10_2() { printf '"%07000000d"\n' 0; }

# 10-3: a result of more than 1 MB fails the step, without a retry
# null -> SUCCEEDED "Function.UnfitResult"
# history: StepStarted StepFailed
more_10_3() { durable step too-large -- printf '%01100000d' 0 || durable error | jq .errorType; }

# 10-4: operations in loops, pipelines, conditions and arguments keep their places
# null -> SUCCEEDED ["a1","a2","b1","b2","c","d"]
# history: StepStarted/a1 StepSucceeded/a1 StepStarted/a2 StepSucceeded/a2 WaitStarted WaitSucceeded StepStarted/b1 StepSucceeded/b1 StepStarted/b2 StepSucceeded/b2 WaitStarted WaitSucceeded StepStarted/c StepSucceeded/c StepStarted/d StepSucceeded/d
more_10_4() {
  local all=()
  for name in a1 a2; do all+=("$(durable step "$name" -- say "\"$name\"")"); done
  durable wait 1
  mapfile -t -O "${#all[@]}" all < <(printf '%s\n' b1 b2 | while read -r name; do durable step "$name" -- say "\"$name\""; done)
  if durable wait 1 && c=$(durable step c -- say '"c"'); then all+=("$c"); fi
  all+=("$(jq . <<<"$(durable step d -- say '"d"')")")
  (IFS=, && say "[${all[*]}]")
}

# 10-5: another operation than before fails the execution
# "10-5" -> FAILED
more_10_5() {
  mark=$MARKS/$(jq -r . <<<"$1")
  if mkdir "$mark" 2>/dev/null; then durable step before -- true; else durable step after -- true; fi
  durable wait 1
}

# 10-6: two operations at once fail the execution
# null -> FAILED
more_10_6() {
  durable step first -- sleep 0.2 &
  durable step second -- sleep 0.2
  wait
}

# 10-7: a step cannot contain an operation
# null -> SUCCEEDED "2"
more_10_7() {
  local status=0
  durable step outer --attempts 1 -- durable step inner -- true || status=$?
  say "\"$status\""
}

# 10-8: a failed step returns its exit status again
# null -> SUCCEEDED [7,7]
# history: StepStarted StepFailed WaitStarted WaitSucceeded StepStarted StepFailed
more_10_8() {
  local first=0 second=0
  durable step first --attempts 1 -- fail_with 7 || first=$?
  durable wait 1
  durable step second --attempts 1 -- fail_with 7 || second=$?
  say "[$first,$second]"
}
fail_with() { return "$1"; }

# 10-9: errexit works in a step, also in a condition
# null -> SUCCEEDED "failed"
# history: StepStarted StepFailed
more_10_9() {
  if durable step strict --attempts 1 -- two_commands; then say '"went on"'; else say '"failed"'; fi
}
two_commands() {
  false
  say '"went on"'
}

# 10-10: branches wait for 1, 2 and 3 s, and no step runs twice
# null -> SUCCEEDED "1 2 3"
more_10_10() {
  durable map waits wait_and_mark -- 1 2 3 >/dev/null
  say "\"$(sort "$MARKS/10-10" | xargs)\""
}
wait_and_mark() {
  durable wait "$1"
  durable step mark -- mark "$1"
}
mark() { printf '%s\n' "$1" >>"$MARKS/10-10"; }

# 10-11: a branch that waits is ended when enough others have succeeded
# null -> SUCCEEDED ["STARTED","SUCCEEDED"]
more_10_11() {
  batch=$(durable parallel race --min 1 -- 'durable wait 1h' 'say 1')
  jq -c '.all | map(.status)' <<<"$batch"
}

# 10-12: a callback completes a branch while another one runs
# null -> SUCCEEDED ["1","yes"]
# callback approval success "yes"
more_10_12() {
  batch=$(durable parallel both -- 'durable step slow -- slow' 'durable wait-for-callback approval -- submit')
  jq -c '.all | map(.result | fromjson)' <<<"$batch"
}
slow() {
  sleep 1
  say '"1"'
}

# 10-13: the EXIT trap of the handler runs when it is suspended, and at its end
# null -> SUCCEEDED 2
more_10_13() {
  trap 'echo x >>"$MARKS/10-13"' EXIT
  durable wait 1
  durable step count -- true
  trap - EXIT
  echo x >>"$MARKS/10-13"
  wc -l <"$MARKS/10-13"
}

# 10-14: the error of an execution names the step, the command and the place
# null -> FAILED
# error: Function.ExitStatus the step `check`: more.sh:
more_10_14() { durable step check --attempts 1 -- check_file; }
check_file() { ls /nowhere/at/all; }

# 10-15: a handler that fails outside of a step fails the execution at once
# null -> FAILED
# error: Function.ExitStatus more.sh:
# history: StepStarted StepSucceeded
more_10_15() {
  durable step first -- true
  ls /nowhere/at/all
}

# 10-16: a step in a branch fails, and is tried again
# null -> SUCCEEDED ["ok","ok"]
more_10_16() {
  batch=$(durable map retried retried_branch -- 1 2)
  results "$batch"
}
retried_branch() { durable step flaky --attempts 2 --delay 1 -- fail_before 2 '"ok"'; }

# 10-17: the names of operations are checked before anything is recorded
# null -> SUCCEEDED 2
# history:
more_10_17() {
  local status=0
  durable step $'bad\nname' -- true || status=$?
  say "$status"
}

# 10-18: an object that a failing command prints becomes the error
# null -> FAILED
# error: OrderRefused the order is refused
more_10_18() { durable step refused --attempts 1 -- other_refuse; }

# 10-19: a result that is no text fails the execution
# null -> FAILED
# error: Function.UnfitResult the result of the handler is not UTF-8 at byte 2
more_10_19() { printf 'ab\xff'; }

# 10-20: the other function is durable itself
# 4 -> SUCCEEDED 8
# history: ChainedInvokeStarted ChainedInvokeSucceeded
more_10_20() { durable invoke double sub:double_later "$1"; }
double_later() {
  durable wait 1
  double "$1"
}

# 10-21: a branch is killed, and the others go on
# null -> SUCCEEDED ["FAILED Function.KilledBySignal","SUCCEEDED "]
more_10_21() {
  batch=$(durable map killed kill_first --tolerate 1 -- 1 2)
  jq -c '.all | map("\(.status) \(.error.errorType // "")")' <<<"$batch"
}
kill_first() { if (($1 == 1)); then kill -KILL "$BASHPID"; fi; }

# 10-22: a branch ends its shell
# null -> SUCCEEDED ["FAILED Function.ExitStatus","SUCCEEDED "]
more_10_22() {
  batch=$(durable map exits exit_first --tolerate 1 -- 1 2)
  jq -c '.all | map("\(.status) \(.error.errorType // "")")' <<<"$batch"
}
exit_first() { if (($1 == 1)); then exit 3; fi; }

# 10-23: a step that is killed is tried again
# null -> SUCCEEDED "ok"
# history: StepStarted StepFailed StepStarted StepSucceeded
more_10_23() { durable step killed --attempts 2 --delay 1 -- killed_before 2; }
killed_before() {
  if ((DURABLE_ATTEMPT < $1)); then kill -KILL "$BASHPID"; fi
  say '"ok"'
}

# 10-24: a step leaves a job behind, which is waited for as it holds the result open
# null -> SUCCEEDED "early late"
more_10_24() { durable step jobs -- with_job | jq -R -s 'rtrimstr("\n") | gsub("\n"; " ")'; }
with_job() {
  (sleep 0.3 && echo late) &
  echo early
}
