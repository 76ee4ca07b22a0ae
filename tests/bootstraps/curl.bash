#!/usr/bin/env bash
# A runtime in shell, in the manner of AWS's tutorial: `coshell invoke --bootstrap` runs it in the tests, so that they say
# something of the developer's program and nothing of our own runtime. It keeps no file, and a failing handler is reported.
set -uo pipefail

api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
call=(curl --silent --show-error --noproxy '*' --output /dev/null)
script="$LAMBDA_TASK_ROOT/${_HANDLER%.*}.sh"

# shellcheck source=/dev/null # the function's own script
if ! source "$script"; then
  error='{"errorMessage":"the script failed","errorType":"Runtime.InitError"}'
  "${call[@]}" --header 'Lambda-Runtime-Function-Error-Type: Runtime.InitError' --data-binary "$error" "$api/init/error"
  exit 1
fi

while true; do
  answer=$(curl --silent --show-error --noproxy '*' --dump-header - "$api/invocation/next") || exit 1
  headers=${answer%%$'\r\n\r\n'*}
  event=${answer#*$'\r\n\r\n'}
  [[ $headers =~ Lambda-Runtime-Aws-Request-Id:\ ([^$'\r\n']*) ]] || exit 1
  id=${BASH_REMATCH[1]}
  [[ $headers =~ Lambda-Runtime-Client-Context:\ ([^$'\r\n']*) ]] && export LAMBDA_RUNTIME_CLIENT_CONTEXT=${BASH_REMATCH[1]}
  export LAMBDA_RUNTIME_AWS_REQUEST_ID=$id
  if response=$("${_HANDLER##*.}" "$event"); then
    printf %s "$response" | "${call[@]}" --data-binary @- "$api/invocation/$id/response"
  else
    error="{\"errorMessage\":\"status $?\",\"errorType\":\"Function.ExitStatus\"}"
    "${call[@]}" --header 'Lambda-Runtime-Function-Error-Type: Function.ExitStatus' --data-binary "$error" "$api/invocation/$id/error"
  fi
done
