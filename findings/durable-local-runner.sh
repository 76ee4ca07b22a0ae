#!/usr/bin/env bash
# Guess: AWS's local runner for durable functions treats names, ARNs and times as Lambda's own API model describes them.
# So:    a name that is used twice starts a second execution; the model says that the same name and payload give the first one again.
#        What the runner calls an ARN is two UUIDs with a slash, which the model's pattern for ARNs refuses. One time stamp is an integer
#        of milliseconds in the event that the function gets, and a number of seconds with a fraction in the runner's API.
# Seen:  aws-durable-execution-sdk-python-testing 1.4.0, compared with the model in botocore 1.44.8.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages aws-durable-execution-sdk-python-testing==1.4.0 botocore==1.44.8

# This Lambda answers each invocation with success, and writes each event to a file.
cat >"$TEMP/lambda.py" <<'PYTHON'
import http.server, sys
class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[2], "ab") as events:
            events.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"Status":"SUCCEEDED","Result":"1"}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
PYTHON
port=$(free_port)
serve "$port" python3 "$TEMP/lambda.py" "$port" "$TEMP/events"
runner=$(free_port)
export AWS_DEX_LOCAL_RUNNER_ENDPOINT=http://127.0.0.1:$runner
serve "$runner" dex-local-runner start-server --host 127.0.0.1 --port "$runner" --lambda-endpoint "http://127.0.0.1:$port" \
  --local-runner-endpoint "http://127.0.0.1:$runner"

# member NAME: prints a member of the JSON object on stdin.
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

start() { dex-local-runner invoke --function-name order --input '{"n":1}' --durable-execution-name same-name | member ExecutionArn; }
first=$(start)
second=$(start)
[[ $first == "$second" ]] && seen="the same execution" || seen="another execution"
expect "same name, same payload" "another execution" "$seen"

for _ in {1..100}; do
  [[ ! -s $TEMP/events ]] || break
  sleep 0.1
done
pattern=$(python3 -c 'import botocore.session
print(botocore.session.get_session().get_service_model("lambda").shape_for("DurableExecutionArn").metadata["pattern"])')
expect "its ARN matches the model's pattern" False \
  "$(python3 -c 'import re, sys; print(re.fullmatch(sys.argv[1], sys.argv[2]) is not None)' "$pattern" "$first")"

in_event=$(head -n 1 "$TEMP/events" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["InitialExecutionState"]["Operations"][0]["StartTimestamp"])')
[[ $in_event =~ ^[0-9]{13}$ ]] && seen=milliseconds || seen=$in_event
expect "time stamp in the event" milliseconds "$seen"
in_api=$(curl -sS "http://127.0.0.1:$runner/2025-12-01/durable-executions/${first/\//%2F}" | member StartTimestamp)
[[ $in_api =~ ^[0-9]{10}(\.[0-9]+)?$ ]] && seen=seconds || seen=$in_api
expect "time stamp in the API" seconds "$seen"
