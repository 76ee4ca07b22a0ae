#!/usr/bin/env bash
# A shell bootstrap in the manner of AWS's tutorial, written afresh: what the corpus compares coshell with. Run it by
# `bash --posix`, which `#!/bin/sh` is on Amazon Linux. It has the tutorial's three globals and its ways to die.
set -euo pipefail

api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
quietly=(curl --silent --show-error --noproxy '*') # no function: a handler may list all functions

# shellcheck source=/dev/null # the function's own script
source "$LAMBDA_TASK_ROOT/$(printf '%s' "$_HANDLER" | cut -d. -f1).sh"

while true; do
  HEADERS=$(mktemp)
  EVENT_DATA=$("${quietly[@]}" --dump-header "$HEADERS" "$api/next")
  REQUEST_ID=$(grep -i '^lambda-runtime-aws-request-id:' "$HEADERS" | cut -d: -f2 | tr -d '[:space:]')
  RESPONSE=$("$(printf '%s' "$_HANDLER" | cut -d. -f2)" "$EVENT_DATA")
  "${quietly[@]}" --output /dev/null --data "$RESPONSE" "$api/$REQUEST_ID/response"
done
