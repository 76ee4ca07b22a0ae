# shellcheck shell=bash
# Requirements for waits for a callback. The submitter sends the id of the callback to somebody.
submit() { printf 'send %s\n' "${DURABLE_CALLBACK_ID:?}" >&2; }

# 7-1: the callback succeeds
# null -> SUCCEEDED "yes"
# callback approval success "yes"
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_1() { durable wait-for-callback approval -- submit; }

# 7-2: the operation has a name
# null -> SUCCEEDED "yes"
# callback custom_name success "yes"
# history: ContextStarted/custom_name CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded/custom_name
wait_for_callback_7_2() { durable wait-for-callback custom_name -- submit; }

# 7-3: the operation has no name
# null -> SUCCEEDED "yes"
# callback - success "yes"
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_3() { durable wait-for-callback - -- submit; }

# 7-4: the callback fails
# null -> FAILED
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackFailed ContextFailed
wait_for_callback_7_4() { durable wait-for-callback approval -- submit; }

# 7-5: nobody completes the callback within its time limit
# null -> FAILED
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackTimedOut ContextFailed
wait_for_callback_7_5() { durable wait-for-callback approval --timeout 2 -- submit; }

# 7-6: the handler catches the failure of the callback
# null -> SUCCEEDED {"errorType":"RejectedError","errorMessage":"not approved"}
# callback approval failure {"ErrorType":"RejectedError","ErrorMessage":"not approved"}
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackFailed ContextFailed
wait_for_callback_7_6() { durable wait-for-callback approval -- submit || durable error; }

# 7-7: the submitter fails twice
# null -> FAILED
# history: ContextStarted CallbackStarted StepStarted StepFailed StepStarted StepFailed ContextFailed
wait_for_callback_7_7() { durable wait-for-callback approval --attempts 2 --delay 1 -- false; }

# 7-8: in a child context
# null -> SUCCEEDED "yes"
# callback approval success "yes"
# history: ContextStarted ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded ContextSucceeded
wait_for_callback_7_8() { durable child work -- wait_for_callback_7_1; }

# 7-9: two, one after the other
# null -> SUCCEEDED ["yes","no"]
# callback first success "yes"
# callback second success "no"
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_9() {
  first=$(durable wait-for-callback first -- submit)
  second=$(durable wait-for-callback second -- submit)
  say "[$first,$second]"
}

# 7-10: after a wait and a step
# null -> SUCCEEDED "yes"
# callback approval success "yes"
# history: WaitStarted WaitSucceeded StepStarted StepSucceeded ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_10() {
  durable wait 1
  durable step prepare -- true
  durable wait-for-callback approval -- submit
}

# 7-11: the payload is an object
# null -> SUCCEEDED 7
# callback approval success {"order":7}
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_11() {
  order=$(durable wait-for-callback approval -- submit)
  jq .order <<<"$order"
}

# 7-12: no heartbeat comes
# null -> FAILED
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackTimedOut ContextFailed
wait_for_callback_7_12() { durable wait-for-callback approval --heartbeat 2 -- submit; }

# 7-13: a heartbeat comes, and then the success
# null -> SUCCEEDED "yes"
# callback approval heartbeat
# callback approval success "yes"
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_13() { durable wait-for-callback approval --heartbeat 10 -- submit; }

# 7-14: the handler catches the time limit of the callback
# null -> SUCCEEDED "Callback.Timeout"
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackTimedOut ContextFailed
wait_for_callback_7_14() { durable wait-for-callback approval --timeout 2 -- submit || durable error | jq .errorType; }

# 7-15: the callback has no payload
# null -> SUCCEEDED ""
# callback approval success
# history: ContextStarted CallbackStarted StepStarted StepSucceeded CallbackSucceeded ContextSucceeded
wait_for_callback_7_15() {
  result=$(durable wait-for-callback approval -- submit)
  jq -R . <<<"$result"
}
