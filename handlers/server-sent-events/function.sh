# A page that shows the steps of a job while they happen, by server-sent events: a streamed HTTP response.
# Needs COSHELL_RESPONSE=http-stream, and a function URL whose invoke mode is RESPONSE_STREAM.
#   coshell serve handlers/server-sent-events --env COSHELL_RESPONSE=http-stream --url-port 8000
# shellcheck shell=bash

declare -A LAMBDA_EVENT

handler() {
  if [[ ${LAMBDA_EVENT[rawPath]} == /events ]]; then
    # The first line is the prelude: status, headers and cookies. What follows is sent as it is written.
    printf '%s\n' '{"statusCode":200,"headers":{"content-type":"text/event-stream","cache-control":"no-cache"}}'
    job
  else
    printf '%s\n' '{"statusCode":200,"headers":{"content-type":"text/html; charset=utf-8"}}'
    cat page.html
  fi
}

job() {
  local step
  for step in fetch unpack convert upload; do
    printf 'event: step\ndata: %s\n\n' "$step"
    sleep "${STEP_SECONDS:-0.5}" # the work
  done
  printf 'event: done\ndata: all steps\n\n'
}
