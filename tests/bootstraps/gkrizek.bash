#!/usr/bin/env bash
# In the manner of gkrizek/bash-lambda-layer: the response is the handler's stderr, its stdout is a pipe into the log; no errexit.
. "$(dirname "${BASH_SOURCE[0]}")/peer.bash"
set -uo pipefail
export HOME=/tmp AWS_CONFIG_FILE=/tmp/.aws/config
response=$(mktemp)

# shellcheck source=/dev/null # the function's own script
source "$LAMBDA_TASK_ROOT/${_HANDLER%%.*}.sh" || fail_init

while true; do
  next_event
  # shellcheck disable=SC2034 # handlers use it
  EVENT_DATA=$event
  AWS_LAMBDA_REQUEST_ID=$id AWS_LAMBDA_DEADLINE_MS=$(header Deadline-Ms)
  AWS_LAMBDA_FUNCTION_ARN=$(header Invoked-Function-Arn) AWS_LAMBDA_TRACE_ID=$(header Trace-Id)
  export AWS_LAMBDA_REQUEST_ID AWS_LAMBDA_DEADLINE_MS AWS_LAMBDA_FUNCTION_ARN AWS_LAMBDA_TRACE_ID
  "${_HANDLER##*.}" "$event" 2>"$response" </dev/null | cat
  if ((PIPESTATUS[0] == 0)); then
    respond "$response" --data
  else
    cat "$response"
    fail_event Function.ExitStatus
  fi
done
