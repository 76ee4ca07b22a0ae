#!/usr/bin/env bash
# In the manner of ql4b/lambda-shell-runtime: the handler is called in an `if`, where Bash ignores errexit.
. "$(dirname "${BASH_SOURCE[0]}")/peer.bash"
set -o pipefail
body=$(mktemp)

# shellcheck source=/dev/null # the function's own script
source "$LAMBDA_TASK_ROOT/${_HANDLER%%.*}.sh" || fail_init

while true; do
  next_event
  if response=$("${_HANDLER##*.}" "$event" </dev/null); then
    printf '%s' "$response" >"$body"
    respond "$body"
  else
    fail_event Function.ExitStatus
  fi
done
