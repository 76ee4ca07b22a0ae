#!/usr/bin/env bash
# Guess: the AWS CLI's exit statuses are the same in v1 and v2, as the commands are.
# So:    an error that the service answers is 255 in v1 and 254 in v2. A wrong command or a missing option is 2 in v1 and 252 in v2.
#        Missing credentials are 255 in v1 and 253 in v2. `aws s3` has statuses of its own, the same in both: 1 for an object that is not
#        there, 255 for a local file that is not there.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13, with moto 5.2.5.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

moto awscli==1.46.3
aws_v2_of_debian
aws s3 mb s3://bucket-of-findings >/dev/null

# compare WHAT V1 V2 ARGUMENT...: the statuses of both.
compare() {
  local what=$1 expected="v1 $2, v2 $3" first=0 second=0
  shift 3
  aws "$@" >/dev/null 2>&1 || first=$?
  aws_v2 "$@" >/dev/null 2>&1 || second=$?
  expect "$what" "$expected" "v1 $first, v2 $second"
}

compare "the service answers an error" 255 254 ssm get-parameter --name /missing
compare "no such command" 2 252 ssm no-such-command
compare "a required option is missing" 2 252 ssm get-parameter
compare "nobody listens" 255 255 ssm describe-parameters --endpoint-url http://127.0.0.1:1
compare "s3 cp, no such object" 1 1 s3 cp s3://bucket-of-findings/missing "$TEMP/out"
compare "s3 cp, no such file" 255 255 s3 cp "$TEMP/missing" s3://bucket-of-findings/
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
compare "no credentials" 255 253 ssm describe-parameters
