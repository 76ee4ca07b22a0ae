# Answers HTTP requests behind a function URL or an HTTP API (payload format 2.0) with a greeting.
# One jq program turns the event into the response, so that no text is pasted into JSON by hand.
# shellcheck shell=bash

handler() {
  local event=$1
  jq -r '"\(.requestContext.http.method) \(.rawPath)"' <<<"$event" >&2
  jq -c '
    (.queryStringParameters.name // "world") as $name
    | {
        statusCode: 200,
        headers: {"content-type": "application/json", "cache-control": "no-store"},
        body: ({message: "Hello, \($name)!"} | tojson)
      }' <<<"$event"
}
