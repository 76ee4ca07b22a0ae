# shellcheck shell=bash
# Requirements for callbacks. The input is the name of the callback, or a list of two names.

# 4-1: a callback succeeds
# "approval" -> SUCCEEDED "yes"
# callback approval success "yes"
callback_4_1() { await_callback "$1"; }
await_callback() {
  id=$(durable callback "${@:2}" "$(jq -r . <<<"$1")")
  durable await "$id"
}

# 4-2: a callback has a name
# null -> SUCCEEDED "yes"
# callback approval success "yes"
callback_4_2() { await_callback '"approval"'; }

# 4-3: nobody completes the callback within its time limit
# "approval" -> FAILED
callback_4_3() { await_callback "$1" --timeout 5; }

# 4-4: no heartbeat comes
# "approval" -> FAILED
callback_4_4() { await_callback "$1" --heartbeat 5; }

# 4-5: a heartbeat comes, and then the success
# "approval" -> SUCCEEDED "yes"
# callback approval heartbeat
# callback approval success "yes"
callback_4_5() { await_callback "$1" --heartbeat 10; }

# 4-6: a callback fails, and the execution keeps its message
# "approval" -> FAILED
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
callback_4_6() { await_callback "$1"; }

# 4-7: a step before the await of a callback that fails
# "approval" -> FAILED
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
callback_4_7() { callback_and_step "$1"; }
callback_and_step() {
  id=$(durable callback "${@:2}" "$(jq -r . <<<"$1")")
  durable step send -- say '"sent"' >/dev/null
  durable await "$id"
}

# 4-8: a step before the await of a callback that nobody completes
# "approval" -> FAILED
callback_4_8() { callback_and_step "$1" --timeout 5; }

# 4-9: a callback succeeds during a wait
# "approval" -> SUCCEEDED "yes"
# callback approval success "yes"
callback_4_9() { callback_and_wait "$1" 5; }
callback_and_wait() {
  id=$(durable callback "${@:3}" "$(jq -r . <<<"$1")")
  durable wait "$2"
  durable await "$id"
}

# 4-10: a callback fails during a wait
# "approval" -> FAILED
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
callback_4_10() { callback_and_wait "$1" 5; }

# 4-11: the time limit of a callback ends during a wait
# "approval" -> FAILED
callback_4_11() { callback_and_wait "$1" 6 --timeout 3; }

# 4-12: a wait after a callback
# "approval" -> SUCCEEDED "yes"
# callback approval success "yes"
callback_4_12() {
  result=$(await_callback "$1")
  durable wait 2
  say "$result"
}

# 4-13: the handler catches the failure of a callback, and waits
# "approval" -> SUCCEEDED "RejectedError"
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
callback_4_13() { caught_callback "$1"; }
caught_callback() {
  id=$(durable callback "${@:2}" "$(jq -r . <<<"$1")")
  result=$(durable await "$id") || result=$(durable error | jq .errorType)
  durable wait 2
  say "$result"
}

# 4-14: the handler catches the time limit of a callback, and waits
# "approval" -> SUCCEEDED "Callback.Timeout"
callback_4_14() { caught_callback "$1" --timeout 3; }

# 4-15: the handler decodes an object
# "approval" -> SUCCEEDED {"received":{"id":"7","message":"hello","timestamp":1767225600}}
# callback approval success {"id":"7","message":"hello","timestamp":"2026-01-01T00:00:00.000Z"}
callback_4_15() {
  result=$(await_callback "$1")
  jq -c '{received: (.timestamp |= (sub("\\.000Z$"; "Z") | fromdate))}' <<<"$result"
}

# 4-16: the handler decodes a number
# "approval" -> SUCCEEDED {"count":42,"doubled":84}
# callback approval success 42
callback_4_16() {
  count=$(await_callback "$1")
  jq -nc --argjson count "$count" '{$count, doubled: ($count * 2)}'
}

# 4-17: two callbacks, one after the other
# ["a","b"] -> SUCCEEDED ["1","2"]
# callback a success "1"
# callback b success "2"
callback_4_17() {
  a=$(await_callback "$(jq '.[0]' <<<"$1")")
  b=$(await_callback "$(jq '.[1]' <<<"$1")")
  say "[$a,$b]"
}

# 4-18: two callbacks at a time, awaited in order
# ["a","b"] -> SUCCEEDED ["1","2"]
# callback a success "1"
# callback b success "2"
callback_4_18() {
  a=$(durable callback "$(jq -r '.[0]' <<<"$1")")
  b=$(durable callback "$(jq -r '.[1]' <<<"$1")")
  a=$(durable await "$a")
  b=$(durable await "$b")
  say "[$a,$b]"
}

# 4-19: two callbacks at a time, awaited in reverse order
# ["a","b"] -> SUCCEEDED ["1","2"]
# callback a success "1"
# callback b success "2"
callback_4_19() {
  a=$(durable callback "$(jq -r '.[0]' <<<"$1")")
  b=$(durable callback "$(jq -r '.[1]' <<<"$1")")
  b=$(durable await "$b")
  a=$(durable await "$a")
  say "[$a,$b]"
}
