# A small HTTP API: one function per route, found by method and path; errors are JSON with the right status.
# A wrong request is an answer (4xx), not a failure: only what the caller cannot mend makes the handler fail.
# shellcheck shell=bash

# reply STATUS JSON: the answer in the form that API Gateway and function URLs expect.
reply() {
  jq -nc --argjson status "$1" --arg body "$2" \
    '{statusCode: $status, headers: {"content-type": "application/json"}, body: $body}'
}

list_items() {
  reply 200 "$(jq -c . items.json)"
}

show_item() {
  local item
  item=$(jq -c --arg id "$1" '.[] | select(.id == $id)' items.json)
  if [[ -n $item ]]; then
    reply 200 "$item"
  else
    reply 404 '{"error":"no such item"}'
  fi
}

add_item() {
  local body=$1 item
  if ! item=$(jq -nce 'input | select(.name | type == "string") | {name}' <<<"$body" 2>/dev/null); then
    reply 400 '{"error":"the body must be JSON with a name"}'
    return
  fi
  reply 201 "$item"
}

handler() {
  local event=$1 route body
  route=$(jq -r '"\(.requestContext.http.method) \(.rawPath)"' <<<"$event")
  body=$(jq -r 'if .isBase64Encoded then .body | @base64d else .body // "" end' <<<"$event")

  case $route in
    'GET /items') list_items ;;
    'POST /items') add_item "$body" ;;
    'GET /items/'*/*) reply 404 '{"error":"no such page"}' ;;
    'GET /items/'?*) show_item "${route#GET /items/}" ;;
    *' /items' | *' /items/'*) reply 405 '{"error":"method not allowed"}' ;;
    *) reply 404 '{"error":"no such page"}' ;;
  esac
}
