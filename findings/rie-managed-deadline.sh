#!/usr/bin/env bash
# Guess: Lambda-Runtime-Deadline-Ms minus the present time is the time limit, in the emulator as on Lambda.
# So:    in the emulator's mode for managed instances (AWS_LAMBDA_MAX_CONCURRENCY) the deadline lies a million times the time limit
#        ahead: 23 days for 2 seconds. A runtime that waits until the deadline overflows a 32-bit timer, or never stops a handler that
#        hangs.
# Seen:  aws-lambda-rie of aws-sam-cli 1.170.0. The mode needs root, and a bootstrap in /var/task, here in a /var of its own.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

need unshare curl
(($(id -u) == 0)) || give_up "the emulator's mode for managed instances needs root"
[[ $(uname -sm) == 'Linux x86_64' ]] || give_up "this emulator is a program for Linux on x86-64"
python_wheel aws-sam-cli==1.170.0
chmod +x "$TEMP/wheel/samcli/local/rapid/aws-lambda-rie-x86_64"

# This runtime reports how many milliseconds the deadline lies ahead, and is then done.
cat >"$TEMP/bootstrap" <<'BOOTSTRAP'
#!/usr/bin/env bash
headers=$(curl -sS --dump-header - --output /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
deadline=$(tr -d '\r' <<<"$headers" | sed -n 's/^Lambda-Runtime-Deadline-Ms: //Ip')
printf '%d\n' "$((deadline - $(date +%s%3N)))" >/var/task/ahead
sleep 60
BOOTSTRAP
cat >"$TEMP/inside" <<'INSIDE'
mount -t tmpfs none /var
mkdir -p /var/task && install -m 755 "$1/bootstrap" /var/task && chmod 777 /var/task
"$1/wheel/samcli/local/rapid/aws-lambda-rie-x86_64" --log-level error --runtime-interface-emulator-address "127.0.0.1:$2" \
  --runtime-api-address "127.0.0.1:$3" >"$1/rie.log" 2>&1 &
for _ in {1..100}; do
  [[ ! -s /var/task/ahead ]] || break
  curl -s --max-time 1 --output /dev/null --data '{}' "http://127.0.0.1:$2/2015-03-31/functions/function/invocations" || sleep 0.1
done
cat /var/task/ahead
kill %1
INSIDE
export AWS_LAMBDA_MAX_CONCURRENCY=1 AWS_LAMBDA_FUNCTION_TIMEOUT=2
ahead=$(unshare --mount bash "$TEMP/inside" "$TEMP" "$(free_port)" "$(free_port)" 2>"$TEMP/log") ||
  give_up "no mount namespace here: $(tail -n 1 "$TEMP/log")"
expect "days ahead, for a time limit of 2 seconds" 23 "$((ahead / 1000 / 60 / 60 / 24))"
