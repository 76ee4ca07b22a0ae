#!/usr/bin/env bash
# Guess: a client of the Runtime Interface Emulator sees a failed invocation as a client of AWS does: by the header X-Amz-Function-Error,
#        which the AWS CLI prints as `FunctionError`.
# So:    the emulator answers an error that the function reported, and an invocation that timed out, with status 200 and without that
#        header. Only the body tells, and the body of a timeout is not JSON. The AWS CLI prints `StatusCode: 200` and no `FunctionError`.
# Seen:  aws-lambda-rie of aws-sam-cli 1.170.0, with curl and awscli 1.46.2.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.2

cat >"$TEMP/failing" <<'BOOTSTRAP'
#!/usr/bin/env bash
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while headers=$(curl -sS --dump-header - --output /dev/null "$api/next"); do
  id=$(tr -d '\r' <<<"$headers" | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //Ip')
  curl -sS --output /dev/null --header 'Lambda-Runtime-Function-Error-Type: Function.Refused' \
    --data '{"errorMessage":"refused","errorType":"Function.Refused"}' "$api/$id/error"
done
BOOTSTRAP
cat >"$TEMP/sleeping" <<'BOOTSTRAP'
#!/usr/bin/env bash
curl -sS --output /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
exec sleep 60
BOOTSTRAP

# invoke: the status and the error headers that a client gets; the body goes to $TEMP/body.
invoke() {
  curl -sS --max-time 60 --dump-header "$TEMP/headers" --output "$TEMP/body" --write-out '%{http_code} ' --data '{}' "$CLIENT"
  grep -i function-error "$TEMP/headers" || echo "no error header"
}

emulator "$TEMP/failing"
expect "function reported an error" "200 no error header" "$(invoke)"
expect "its body" '{"errorMessage":"refused","errorType":"Function.Refused"}' "$(<"$TEMP/body")"
expect "StatusCode and FunctionError that the AWS CLI prints" $'200\tNone' \
  "$(aws lambda invoke --endpoint-url "${CLIENT%/2015*}" --function-name function --query '[StatusCode, FunctionError]' \
    --output text "$TEMP/out")"

export AWS_LAMBDA_FUNCTION_TIMEOUT=1
emulator "$TEMP/sleeping"
expect "function timed out" "200 no error header" "$(invoke)"
expect "its body ends with" "Task timed out after 1.00 seconds" "$(grep -o 'Task timed out.*' "$TEMP/body")"
