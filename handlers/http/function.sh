# Answers HTTP requests behind a function URL or an HTTP API (payload format 2.0) with a greeting.
# The runtime fills LAMBDA_EVENT, and lambda_json writes the response, so that no process is started. EVENTS.md beside the examples has more.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

handler() {
  local name=${LAMBDA_EVENT[queryStringParameters.name]:-world} body
  printf '%s %s\n' "${LAMBDA_EVENT[requestContext.http.method]}" "${LAMBDA_EVENT[rawPath]}" >&2
  lambda_json -v body message="Hello, $name!"
  lambda_json statusCode:=200 headers:='{"content-type":"application/json","cache-control":"no-store"}' body="$body"
}
