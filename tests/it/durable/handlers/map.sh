# shellcheck shell=bash
# Requirements for work on each item of a list.

# double N: a step that doubles it.
double() { durable step double -- say "$(($1 * 2))"; }

# 9-1: a step for each item
# [1,2] -> SUCCEEDED [2,4]
# history: ContextStarted ContextStarted StepStarted StepSucceeded ContextSucceeded ContextStarted StepStarted StepSucceeded ContextSucceeded ContextSucceeded
map_9_1() {
  mapfile -t items < <(jq '.[]' <<<"$1")
  batch=$(durable map doubles double --max 1 -- "${items[@]}")
  results "$batch"
}

# 9-2: the operation has no name
# null -> SUCCEEDED [1,2]
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_2() {
  batch=$(durable map - say --max 1 -- 1 2)
  results "$batch"
}

# 9-3: a branch knows its index
# null -> SUCCEEDED ["0:a","1:b"]
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_3() {
  batch=$(durable map indexes with_index --max 1 -- a b)
  results "$batch"
}
with_index() { say "\"$DURABLE_INDEX:$1\""; }

# 9-4: no item
# null -> SUCCEEDED []
# history: ContextStarted ContextSucceeded
map_9_4() {
  batch=$(durable map empty say --)
  results "$batch"
}

# 9-5: the first failure ends the work
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","status":"FAILED","successCount":1,"failureCount":1,"totalCount":2}
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextFailed ContextSucceeded
map_9_5() {
  batch=$(durable map failfast run --max 1 -- true false true) || :
  summary "$batch" completionReason status successCount failureCount totalCount
}
run() { "$1"; }

# 9-6: the failure of an item becomes that of the execution
# null -> FAILED
# history: ContextStarted ContextStarted ContextFailed ContextSucceeded
map_9_6() { durable map rethrow run --max 1 -- false true; }

# 9-7: two successes are enough
# null -> SUCCEEDED {"completionReason":"MIN_SUCCESSFUL_REACHED","successCount":2,"totalCount":2}
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_7() {
  batch=$(durable map enough run --max 1 --min 2 -- true true true)
  summary "$batch" completionReason successCount totalCount
}

# 9-8: one failure is tolerated
# null -> SUCCEEDED {"completionReason":"ALL_COMPLETED","status":"FAILED","successCount":2,"failureCount":1,"totalCount":3}
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextFailed ContextStarted ContextSucceeded ContextSucceeded
map_9_8() {
  batch=$(durable map tolerant run --max 1 --tolerate 1 -- true false true)
  summary "$batch" completionReason status successCount failureCount totalCount
}

# 9-9: one failure is tolerated, and there are two
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","successCount":0,"failureCount":2,"totalCount":2}
# history: ContextStarted ContextStarted ContextFailed ContextStarted ContextFailed ContextSucceeded
map_9_9() {
  batch=$(durable map exceeded run --max 1 --tolerate 1 -- false false true) || :
  summary "$batch" completionReason successCount failureCount totalCount
}

# 9-10: more failures than the tolerated percentage
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","successCount":0,"failureCount":2,"totalCount":2}
# history: ContextStarted ContextStarted ContextFailed ContextStarted ContextFailed ContextSucceeded
map_9_10() {
  batch=$(durable map percentage run --max 1 --tolerate-percent 25 -- false false true true) || :
  summary "$batch" completionReason successCount failureCount totalCount
}

# 9-11: results are in the order of the items
# null -> SUCCEEDED ["a","b","c"]
map_9_11() {
  batch=$(durable map order say --max 2 -- '"a"' '"b"' '"c"')
  results "$batch"
}

# 9-12: items without contexts of their own
# null -> SUCCEEDED [2,4]
# history: ContextStarted StepStarted StepSucceeded StepStarted StepSucceeded ContextSucceeded
map_9_12() {
  batch=$(durable map flat double --max 1 --flat -- 1 2)
  results "$batch"
}

# 9-13: the items have names
# null -> SUCCEEDED [1,2]
# history: ContextStarted/named ContextStarted/first ContextSucceeded/first ContextStarted/second ContextSucceeded/second ContextSucceeded/named
map_9_13() {
  batch=$(durable map named say --max 1 --branch first --branch second -- 1 2)
  results "$batch"
}

# 9-14: the items encode their results
# null -> SUCCEEDED ["x","y"]
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_14() {
  batch=$(durable map encoded wrap --max 1 -- x y)
  results "$batch" | jq -c 'map(.wrapped)'
}
wrap() { say "{\"wrapped\":\"$1\"}"; }

# 9-15: a wait for an item
# null -> SUCCEEDED [1,2]
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted WaitStarted WaitSucceeded ContextSucceeded ContextSucceeded
map_9_15() {
  batch=$(durable map waiting wait_for_2 --max 1 -- 1 2)
  results "$batch"
}
wait_for_2() {
  if (($1 == 2)); then durable wait 1; fi
  say "$1"
}

# 9-16: a result of more than 256 KB is not stored, and the items run again for it
# null -> SUCCEEDED 3
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded WaitStarted WaitSucceeded
map_9_16() {
  batch=$(durable map large padded --max 1 -- 1 2 3)
  durable wait 1
  jq '.all | map(select(.result | length >= 100000)) | length' <<<"$batch"
}
padded() { printf '%0100000d\n' "$1"; }

# 9-17: a wait after the work
# null -> SUCCEEDED [1,2]
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded WaitStarted WaitSucceeded
map_9_17() {
  batch=$(durable map work say --max 1 -- 1 2)
  durable wait 1
  results "$batch"
}

# 9-18: a wait after work that has failed
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":1}
# history: ContextStarted ContextStarted ContextFailed ContextSucceeded WaitStarted WaitSucceeded
map_9_18() {
  batch=$(durable map work run --max 1 -- false true) || :
  durable wait 1
  summary "$batch" completionReason failureCount
}

# 9-19: the handler encodes the whole result
# null -> SUCCEEDED "WzEsMl0="
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_19() {
  batch=$(durable map work say --max 1 -- 1 2)
  results "$batch" | jq 'tojson | @base64'
}

# 9-20: the handler decodes the whole result
# null -> SUCCEEDED 3
# history: ContextStarted ContextStarted ContextSucceeded ContextStarted ContextSucceeded ContextSucceeded
map_9_20() {
  batch=$(durable map work say --max 1 -- 1 2)
  results "$batch" | jq add
}
