# Converts what is posted to a function URL with a tool from a layer: Markdown to HTML by cmark, which a layer
# brings as bin/cmark and Lambda so puts on PATH as /opt/bin/cmark. Any filter can stand in its place.
# shellcheck shell=bash

handler() {
  local event=$1
  jq -r 'if .isBase64Encoded then .body | @base64d else .body // "" end' <<<"$event" |
    cmark --smart |
    jq -Rsc '{
      statusCode: 200,
      headers: {"content-type": "text/html; charset=utf-8"},
      body: .
    }'
}
