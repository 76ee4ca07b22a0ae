# shellcheck shell=bash
# Requirements for parallel work.

# results BATCH: the results of the branches that have succeeded.
results() { jq -c '[.all[] | select(.status == "SUCCEEDED") | .result | fromjson]' <<<"$1"; }

# 8-1: two branches with a step each
# null -> SUCCEEDED ["task-1","task-2"]
parallel_8_1() {
  batch=$(durable parallel parallel --max 1 -- "step_of '\"task-1\"'" "step_of '\"task-2\"'")
  results "$batch"
}

# 8-2: the operation has no name
# null -> SUCCEEDED ["alpha","beta"]
parallel_8_2() {
  batch=$(durable parallel - --max 1 -- "say '\"alpha\"'" "say '\"beta\"'")
  results "$batch"
}

# 8-3: the branches have names
# null -> SUCCEEDED ["one","two"]
parallel_8_3() {
  batch=$(durable parallel named --max 1 --branch first --branch second -- "say '\"one\"'" "say '\"two\"'")
  results "$batch"
}

# 8-4: results of several types
# null -> SUCCEEDED ["hello",42,{"k":"v"}]
parallel_8_4() {
  batch=$(durable parallel hetero --max 1 -- "say '\"hello\"'" 'say 42' "say '{\"k\":\"v\"}'")
  results "$batch"
}

# 8-5: no branch
# null -> SUCCEEDED []
parallel_8_5() {
  batch=$(durable parallel empty --)
  results "$batch"
}

# summary BATCH MEMBER...: these members of a batch's result.
summary() {
  jq -c --args '. as $batch | $ARGS.positional | map({key: ., value: $batch[.]}) | from_entries' "${@:2}" <<<"$1"
}

# 8-6: the first failure ends the work
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","status":"FAILED","successCount":1,"failureCount":1,"totalCount":2}
parallel_8_6() {
  batch=$(durable parallel failfast --max 1 --tolerate 0 -- "say '\"ok\"'" false "say '\"never\"'") || :
  summary "$batch" completionReason status successCount failureCount totalCount
}

# 8-7: the failure of a branch becomes that of the execution
# null -> FAILED
parallel_8_7() { durable parallel rethrow --max 1 --tolerate 0 -- false "say '\"never\"'"; }

# 8-8: two successes are enough
# null -> SUCCEEDED {"completionReason":"MIN_SUCCESSFUL_REACHED","successCount":2,"totalCount":2}
parallel_8_8() {
  batch=$(durable parallel enough --max 1 --min 2 -- 'say 1' 'say 2' 'say 3' 'say 4')
  summary "$batch" completionReason successCount totalCount
}

# 8-9: one failure is tolerated
# null -> SUCCEEDED {"completionReason":"ALL_COMPLETED","status":"FAILED","successCount":2,"failureCount":1,"totalCount":3}
parallel_8_9() {
  batch=$(durable parallel tolerant --max 1 --tolerate 1 -- 'say 1' false 'say 3')
  summary "$batch" completionReason status successCount failureCount totalCount
}

# 8-10: one failure is tolerated, and there are two
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","successCount":0,"failureCount":2,"totalCount":2}
parallel_8_10() {
  batch=$(durable parallel exceeded --max 1 --tolerate 1 -- false false 'say 3') || :
  summary "$batch" completionReason successCount failureCount totalCount
}

# 8-11: results are in the order of the branches
# null -> SUCCEEDED ["r0","r1","r2"]
parallel_8_11() {
  batch=$(durable parallel concurrent --max 2 -- "say '\"r0\"'" "say '\"r1\"'" "say '\"r2\"'")
  results "$batch"
}

# 8-12: branches without contexts of their own
# null -> SUCCEEDED ["fa","fb"]
parallel_8_12() {
  batch=$(durable parallel flat --max 1 --flat -- "step_of '\"fa\"'" "step_of '\"fb\"'")
  results "$batch"
}

# 8-13: more failures than the tolerated percentage
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","successCount":0,"failureCount":2,"totalCount":2}
parallel_8_13() {
  batch=$(durable parallel percentage --max 1 --tolerate-percent 25 -- false false 'say 3' 'say 4') || :
  summary "$batch" completionReason successCount failureCount totalCount
}

# 8-14: a branch waits, and the other is not run again
# null -> SUCCEEDED ["b0","b1"]
parallel_8_14() {
  batch=$(durable parallel replay --max 1 -- "step_of '\"b0\"'" 'wait_2_and_say')
  results "$batch"
}
wait_2_and_say() {
  durable wait 2
  say '"b1"'
}

# 8-15: the branches encode their results
# null -> SUCCEEDED ["x","y"]
parallel_8_15() {
  batch=$(durable parallel encoded --max 1 -- "say '{\"wrapped\":\"x\"}'" "say '{\"wrapped\":\"y\"}'")
  results "$batch" | jq -c 'map(.wrapped)'
}

# 8-16: all branches fail, and that is tolerated
# null -> SUCCEEDED {"completionReason":"ALL_COMPLETED","status":"FAILED","successCount":0,"failureCount":3,"totalCount":3}
parallel_8_16() {
  batch=$(durable parallel all-fail --max 1 --tolerate 3 -- false false false)
  summary "$batch" completionReason status successCount failureCount totalCount
}

# 8-17: three successes are wanted, and there are two
# null -> SUCCEEDED {"completionReason":"ALL_COMPLETED","status":"FAILED","successCount":2,"failureCount":1,"totalCount":3}
parallel_8_17() {
  batch=$(durable parallel not-enough --max 1 --min 3 -- 'say 1' false 'say 3')
  summary "$batch" completionReason status successCount failureCount totalCount
}

# 8-18: both a minimum of successes and tolerated failures
# null -> SUCCEEDED {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","successCount":0,"failureCount":2,"totalCount":2}
parallel_8_18() {
  batch=$(durable parallel combined --max 1 --min 3 --tolerate 1 -- false false 'say 3' 'say 4') || :
  summary "$batch" completionReason successCount failureCount totalCount
}

# 8-19: no branch may run at a time
# null -> FAILED
parallel_8_19() { durable parallel bad-concurrency --max 0 -- 'say 1' 'say 2'; }

# 8-20: the parts of the result
# null -> SUCCEEDED {"hasFailure":true,"successCount":2,"failureCount":1,"errorCount":1}
parallel_8_20() {
  batch=$(durable parallel accessors --max 1 --tolerate 1 -- 'say 1' false 'say 3')
  jq -c '.all | {
    hasFailure: any(.status == "FAILED"),
    successCount: map(select(.status == "SUCCEEDED")) | length,
    failureCount: map(select(.status == "FAILED")) | length,
    errorCount: map(.error // empty) | length
  }' <<<"$batch"
}

# 8-21: parallel work in a branch
# null -> SUCCEEDED [["i1","i2"]]
parallel_8_21() {
  batch=$(durable parallel outer --max 1 -- inner_work)
  results "$batch"
}
inner_work() {
  batch=$(durable parallel inner --max 1 -- "step_of '\"i1\"'" "step_of '\"i2\"'")
  results "$batch"
}

# 8-22: as many failures as the tolerated percentage
# null -> SUCCEEDED {"completionReason":"ALL_COMPLETED","status":"FAILED","successCount":3,"failureCount":1,"totalCount":4}
parallel_8_22() {
  batch=$(durable parallel pct-boundary --max 1 --tolerate-percent 25 -- false 'say 2' 'say 3' 'say 4')
  summary "$batch" completionReason status successCount failureCount totalCount
}
