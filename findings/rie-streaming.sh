#!/usr/bin/env bash
# Guess: the emulator supports response streaming, since it accepts `Lambda-Runtime-Function-Response-Mode: streaming`.
# So:    the emulator holds a streamed answer back until the last chunk, and ignores the two trailers that report a failure in
#        mid-stream: the client gets status 200 and the part that was sent, as if the answer were complete.
# Seen:  aws-lambda-rie of aws-sam-cli 1.170.0.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

# This runtime streams "first", waits until the client has had two seconds to see it, streams "second" and then reports a failure.
cat >"$TEMP/bootstrap" <<'BOOTSTRAP'
#!/usr/bin/env python3
import base64, http.client, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    event.read()
    api.putrequest("POST", "/2018-06-01/runtime/invocation/%s/response" % event.headers["Lambda-Runtime-Aws-Request-Id"])
    api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    api.putheader("Transfer-Encoding", "chunked")
    api.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    api.endheaders()
    api.send(b"5\r\nfirst\r\n")
    time.sleep(2)
    body = base64.b64encode(b'{"errorMessage":"late failure"}').decode()
    api.send(b"6\r\nsecond\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n")
    api.send(("Lambda-Runtime-Function-Error-Body: %s\r\n\r\n" % body).encode())
    api.getresponse().read()
BOOTSTRAP
emulator "$TEMP/bootstrap"

curl -sS --no-buffer --max-time 60 --dump-header "$TEMP/headers" --data '{}' \
  --write-out '\nstatus %{http_code}, first byte after %{time_starttransfer} s\n' "$CLIENT" >"$TEMP/body"
expect "body" "firstsecond" "$(head -n 1 "$TEMP/body")"
expect "status" "status 200" "$(grep -o 'status [0-9]*' "$TEMP/body")"
expect "first byte came before the end of the stream" no \
  "$(awk '/first byte/ { print ($6 < 2) ? "yes" : "no" }' "$TEMP/body")"
expect "headers with Error in their name" "" "$(grep -i error "$TEMP/headers" || :)"
