# A web page behind a function URL: HTML with a form, an image, and a cookie that counts the visits.
# What comes from the request reaches the page through jq's @html alone, so that nobody writes markup into it.
#   coshell serve handlers/page --url-port 8000 --watch
# shellcheck shell=bash

# send TYPE FILE: any bytes, in base64.
send() {
  jq -nc --arg type "$1" --arg body "$(base64 -w 0 -- "$2")" \
    '{statusCode: 200, headers: {"content-type": $type, "cache-control": "max-age=60"}, body: $body, isBase64Encoded: true}'
}

handler() {
  local event=$1
  case $(jq -r .rawPath <<<"$event") in
    /) jq -c -f page.jq <<<"$event" ;;
    /logo.png) send image/png logo.png ;;
    *) echo '{"statusCode":404,"headers":{"content-type":"text/plain"},"body":"no such page"}' ;;
  esac
}
