#!/usr/bin/env bash
# Guess: `aws lambda invoke` fails when the function fails, so `set -e` or `||` is enough. And each operation of the API has a command.
# So:    the AWS CLI ends with status 0 when the function failed: only the member FunctionError of its output tells. There is no command
#        invoke-with-response-stream, neither in v1 nor in v2, although both bundle a model that has the operation.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.3
aws_v2_of_debian

cat >"$TEMP/server.py" <<'PYTHON'
import http.server, sys
class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("X-Amz-Function-Error", "Unhandled")
        self.end_headers()
        self.wfile.write(b'{"errorMessage":"exit status 1","errorType":"Error"}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
PYTHON
port=$(free_port)
serve "$port" python3 "$TEMP/server.py" "$port"

for aws in aws aws_v2; do
  status=0
  seen=$("$aws" lambda invoke --endpoint-url "http://127.0.0.1:$port" --function-name failing \
    --query FunctionError --output text "$TEMP/out") || status=$?
  expect "$aws, a function that fails" "Unhandled, status 0" "$seen, status $status"
  expect "$aws, invoke-with-response-stream" "not a command" \
    "$("$aws" lambda invoke-with-response-stream help >"$TEMP/help" 2>&1 && echo "a command" || echo "not a command")"
done
operations=$(python3 -c 'import awscli.botocore.session as session
print(*session.get_session().get_service_model("lambda").operation_names)')
expect "operation in v1's model" InvokeWithResponseStream "$(grep -ow InvokeWithResponseStream <<<"$operations")"
