# shellcheck shell=bash
# Requirements for conditions that are polled. A check prints the new state; it returns 0 if the condition is met and 1 if not.

# 6-1: a counter is polled until it has reached the input
# 3 -> SUCCEEDED 3
condition_6_1() { durable until count 0 --delay 1 --jitter none -- count_to "$1"; }
count_to() {
  count=$((DURABLE_STATE + 1))
  say "$count"
  ((count >= $1))
}

# 6-2: the condition is met at the first check
# 5 -> SUCCEEDED 5
condition_6_2() { durable until enough "$1" -- at_least 5; }
at_least() {
  say "$DURABLE_STATE"
  ((DURABLE_STATE >= $1))
}

# 6-3: a condition has a name
# 2 -> SUCCEEDED 2
condition_6_3() { durable until poll-status 0 --delay 1 --jitter none -- count_to "$1"; }

# 6-4: the first state is not zero
# 8 -> SUCCEEDED 8
condition_6_4() { durable until count 5 --delay 1 --jitter none -- count_to "$1"; }

# 6-5: a check every 2 s
# 3 -> SUCCEEDED 3
condition_6_5() { durable until count 0 --delay 2 --rate 1 --jitter none -- count_to "$1"; }

# 6-6: the condition is not met after three checks
# 0 -> FAILED
condition_6_6() { durable until never 0 --attempts 3 --delay 1 --rate 1 --jitter none -- count_to 1000; }

# 6-7: the check fails
# null -> FAILED
condition_6_7() { durable until broken 0 -- failing_check; }
failing_check() { return 2; }

# 6-8: the handler catches the failure of a check
# null -> SUCCEEDED "recovered"
condition_6_8() { durable until broken 0 -- failing_check || say '"recovered"'; }

# 6-9: the state is an object
# null -> SUCCEEDED {"status":"DONE","attempts":2}
condition_6_9() { durable until job '{"status":"PENDING","attempts":0}' --delay 1 --jitter none -- poll_job; }
poll_job() {
  state=$(jq -c '.attempts += 1 | if .attempts >= 2 then .status = "DONE" else . end' <<<"$DURABLE_STATE")
  say "$state"
  jq -e '.status == "DONE"' <<<"$state" >/dev/null
}

# 6-10: the state is null
# null -> SUCCEEDED null
condition_6_10() { durable until nothing 0 -- say null; }

# 6-11: the handler encodes the state
# null -> SUCCEEDED "xx"
condition_6_11() {
  state=$(durable until letters '' --delay 1 --jitter none -- encoded_letters)
  jq -R '@base64d' <<<"$state"
}
encoded_letters() {
  letters=$(base64 -d <<<"$DURABLE_STATE")x
  printf '%s' "$letters" | base64
  ((${#letters} >= 2))
}

# 6-12: a step uses the last state
# 2 -> SUCCEEDED 20
condition_6_12() {
  count=$(durable until count 0 --delay 1 --jitter none -- count_to "$1")
  durable step multiply -- say "$((count * 10))"
}

# 6-13: two conditions, one after the other
# null -> SUCCEEDED 4
condition_6_13() {
  count=$(durable until first 0 --delay 1 --jitter none -- count_to 2)
  durable until second "$count" --delay 1 --jitter none -- count_to 4
}
