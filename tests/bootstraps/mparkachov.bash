#!/usr/bin/env bash
# In the manner of mparkachov/lambda-shell-runtime: the event on stdin, the context in LAMBDA_RUNTIME_ variables; a name
# without a dot is a program that is run for each event.
. "$(dirname "${BASH_SOURCE[0]}")/peer.bash"
set -u
body=$(mktemp)

command="$LAMBDA_TASK_ROOT/$_HANDLER"
if [[ $_HANDLER == *.* ]]; then
  command=${_HANDLER##*.}
  # shellcheck source=/dev/null # the function's own script
  . "$LAMBDA_TASK_ROOT/${_HANDLER%%.*}.sh"
fi

while true; do
  next_event
  LAMBDA_RUNTIME_AWS_REQUEST_ID=$id LAMBDA_RUNTIME_DEADLINE_MS=$(header Deadline-Ms)
  export LAMBDA_RUNTIME_AWS_REQUEST_ID LAMBDA_RUNTIME_DEADLINE_MS
  response=$(printf '%s' "$event" | "$command")
  status=$?
  if ((status == 0)); then
    printf '%s' "$response" >"$body"
    respond "$body"
  else
    fail_event Function.ExitStatus
  fi
done
