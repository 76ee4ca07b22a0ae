#!/usr/bin/env bash
# Guess: one `aws lambda invoke` runs the function once.
# So:    when the answer takes longer than the read timeout, 60 seconds by default, the AWS CLI sends the invocation again: v1 five times
#        in all, v2 three times. The function runs that often, and the CLI then ends with status 255. Only `--cli-read-timeout 0` or
#        AWS_MAX_ATTEMPTS=1 prevents that.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13, with a read timeout of 1 second.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.3
aws_v2_of_debian
unset AWS_MAX_ATTEMPTS

# The server counts the invocations in a file, and answers after the test is over.
cat >"$TEMP/server.py" <<'PYTHON'
import http.server, sys, time
class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[2], "a") as invocations:
            print(self.path, file=invocations)
        time.sleep(60)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
PYTHON
port=$(free_port)
serve "$port" python3 "$TEMP/server.py" "$port" "$TEMP/invocations"

# invocations_by AWS: how often that AWS CLI invokes, and its status.
invocations_by() {
  local status=0
  : >"$TEMP/invocations"
  "$1" lambda invoke --endpoint-url "http://127.0.0.1:$port" --cli-read-timeout 1 --function-name slow "$TEMP/out" \
    >/dev/null 2>&1 || status=$?
  printf '%d invocations, status %d\n' "$(wc -l <"$TEMP/invocations")" "$status"
}

expect "v1" "5 invocations, status 255" "$(invocations_by aws)"
expect "v2" "3 invocations, status 255" "$(invocations_by aws_v2)"
export AWS_MAX_ATTEMPTS=1
expect "v1, AWS_MAX_ATTEMPTS=1" "1 invocations, status 255" "$(invocations_by aws)"
