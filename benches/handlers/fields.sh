# The handler of the row `http` without jq: it reads three fields of an HTTP request and answers with JSON.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

greet() {
  local method=${LAMBDA_EVENT[requestContext.http.method]} path=${LAMBDA_EVENT[rawPath]} body
  lambda_json -v body message="Hello, ${LAMBDA_EVENT[queryStringParameters.name]}" method="$method" path="$path"
  lambda_json statusCode:=200 headers:='{"content-type":"application/json"}' body="$body"
}
