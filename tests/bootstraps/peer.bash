# shellcheck shell=bash
# What the re-creations of the public runtimes share: the way to the Runtime API and back. How a handler is called is in each
# of them, written afresh from what is known of the original's behaviour.
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
quietly() { curl --silent --show-error --noproxy '*' --output /dev/null "$@"; }

# The next event into $event, its headers into $headers, its id into $id.
next_event() {
  local answer
  answer=$(curl --silent --show-error --noproxy '*' --dump-header - "$api/invocation/next") || exit 1
  headers=${answer%%$'\r\n\r\n'*}
  # shellcheck disable=SC2034 # for those who source this
  event=${answer#*$'\r\n\r\n'}
  id=$(header Aws-Request-Id)
}

header() { printf '%s\n' "$headers" | tr -d '\r' | sed -n "s/^Lambda-Runtime-$1: //Ip"; }

# respond FILE: as `--data-binary` does, to the byte; `respond FILE --data` leaves out CR and LF.
respond() { quietly "${2---data-binary}" "@$1" "$api/invocation/$id/response"; }

# fail_event TYPE
fail_event() {
  quietly --header "Lambda-Runtime-Function-Error-Type: $1" --data-binary "{\"errorType\":\"$1\",\"errorMessage\":\"status\"}" \
    "$api/invocation/$id/error"
}

fail_init() {
  quietly --header 'Lambda-Runtime-Function-Error-Type: Runtime.ScriptFailed' --data-binary '{}' "$api/init/error"
  exit 1
}
