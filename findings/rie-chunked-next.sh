#!/usr/bin/env bash
# Guess: the Runtime API sends an event with its Content-Length, as the emulator does for every small event that one tries by hand.
# So:    from 2,049 bytes on the emulator sends the event with `Transfer-Encoding: chunked` and without Content-Length. A runtime with a
#        small HTTP client of its own, for example Bash on /dev/tcp, passes all its tests with small events and fails with the first real
#        one.
# Seen:  aws-lambda-rie of aws-sam-cli 1.170.0.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

# This runtime answers each event with the headers that it came with.
cat >"$TEMP/bootstrap" <<'BOOTSTRAP'
#!/usr/bin/env bash
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while headers=$(curl -sS --dump-header - --output /dev/null "$api/next"); do
  id=$(tr -d '\r' <<<"$headers" | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //Ip')
  curl -sS --output /dev/null --data-binary "$headers" "$api/$id/response"
done
BOOTSTRAP
emulator "$TEMP/bootstrap"

# framing SIZE: the headers that frame an event of SIZE bytes.
framing() {
  printf '"%*s"' "$(($1 - 2))" '' | curl -sS --max-time 30 --data-binary @- "$CLIENT" | tr -d '\r' |
    grep -i -e '^content-length:' -e '^transfer-encoding:' | tr '[:upper:]' '[:lower:]'
}

expect "event of 2,048 bytes" "content-length: 2048" "$(framing 2048)"
expect "event of 2,049 bytes" "transfer-encoding: chunked" "$(framing 2049)"
