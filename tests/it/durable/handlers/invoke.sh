# shellcheck shell=bash
# Requirements for invocations of other functions. The other functions are these, of a function `other`, which is not durable.

# An invocation of a function that is not durable gets the payload itself.
other_echo() { say "$1"; }
other_size() { say "${#1}"; }
other_refuse() {
  say '{"errorType":"OrderRefused","errorMessage":"the order is refused"}'
  return 1
}
# The runner passes no tenant on; so the target cannot tell it.
other_null() { say null; }

# 5-1: the other function returns its payload
# {"order":7} -> SUCCEEDED {"order":7}
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_1() { durable invoke echo other:other_echo "$1"; }

# 5-2: an invocation has a name
# "text" -> SUCCEEDED "text"
# history: ChainedInvokeStarted/custom_invoke_name ChainedInvokeSucceeded/custom_invoke_name
invoke_5_2() { durable invoke custom_invoke_name other:other_echo "$1"; }

# 5-3: payload and result are objects
# {"user":{"name":"Alice","tags":["a","b"]}} -> SUCCEEDED {"user":{"name":"Alice","tags":["a","b"]}}
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_3() { durable invoke echo other:other_echo "$1"; }

# 5-4: the result is null
# {} -> SUCCEEDED null
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_4() { durable invoke nothing other:other_null "$1"; }

# 5-5: the other function fails, and so the execution
# {} -> FAILED
# history: ChainedInvokeStarted ChainedInvokeFailed
invoke_5_5() { durable invoke refused other:other_refuse "$1"; }

# 5-6: the handler catches the failure of the other function
# {} -> SUCCEEDED "OrderRefused"
# history: ChainedInvokeStarted ChainedInvokeFailed
invoke_5_6() { durable invoke refused other:other_refuse "$1" || durable error | jq .errorType; }

# 5-7: a large payload
# null -> SUCCEEDED 200002
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_7() { durable invoke large other:other_size "$(printf '"%0200000d"' 0)"; }

# 5-8: an invocation for a tenant
# "text" -> SUCCEEDED "text"
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_8() { durable invoke tenant other:other_echo "$1" --tenant blue; }

# 5-9: a wait after an invocation, which is not repeated
# "text" -> SUCCEEDED "text"
# history: ChainedInvokeStarted ChainedInvokeSucceeded WaitStarted WaitSucceeded
invoke_5_9() {
  result=$(durable invoke echo other:other_echo "$1")
  durable wait 1
  say "$result"
}

# 5-10: a failed invocation fails again without being repeated
# {} -> SUCCEEDED "OrderRefused"
# history: ChainedInvokeStarted ChainedInvokeFailed WaitStarted WaitSucceeded
invoke_5_10() {
  result=$(durable invoke refused other:other_refuse "$1") || result=$(durable error | jq .errorType)
  durable wait 1
  say "$result"
}

# 5-11: the payload is the result of a step
# 20 -> SUCCEEDED 21
# history: StepStarted StepSucceeded ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_11() {
  payload=$(durable step add --stdin -- jq '. + 1' <<<"$1")
  durable invoke echo other:other_echo "$payload"
}

# 5-12: a step uses the result of an invocation
# 20 -> SUCCEEDED 21
# history: ChainedInvokeStarted ChainedInvokeSucceeded StepStarted StepSucceeded
invoke_5_12() {
  result=$(durable invoke echo other:other_echo "$1")
  durable step add --stdin -- jq '. + 1' <<<"$result"
}

# 5-13: an invocation in a child context
# "text" -> SUCCEEDED "text"
# history: ContextStarted ChainedInvokeStarted ChainedInvokeSucceeded ContextSucceeded
invoke_5_13() { durable child work -- invoke_5_1 "$1"; }

# 5-14: two invocations
# "text" -> SUCCEEDED ["text",null]
# history: ChainedInvokeStarted ChainedInvokeSucceeded ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_14() {
  first=$(durable invoke first other:other_echo "$1")
  second=$(durable invoke second other:other_null "$1")
  say "[$first,$second]"
}

# 5-15: the handler encodes the payload
# "text" -> SUCCEEDED "TEXT"
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_15() { durable invoke encoded other:other_echo "$(jq ascii_upcase <<<"$1")"; }

# 5-16: the handler decodes the result
# {"wrapped":"text"} -> SUCCEEDED "text"
# history: ChainedInvokeStarted ChainedInvokeSucceeded
invoke_5_16() {
  result=$(durable invoke decoded other:other_echo "$1")
  jq .wrapped <<<"$result"
}
