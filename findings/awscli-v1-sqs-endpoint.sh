#!/usr/bin/env bash
# Guess: AWS_ENDPOINT_URL sends all calls of the AWS CLI to an imitation of AWS on this machine.
# So:    v1 sends calls of SQS to AWS all the same, and ignores AWS_ENDPOINT_URL_SQS too, because a customization of that service sets an
#        endpoint of its own (the old REGION.queue.amazonaws.com). A test that believes itself local sends its messages to a real
#        account. Only the option --endpoint-url works. v2 obeys the variable.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.3
aws_v2_of_debian

# Nothing leaves this machine: a proxy that nobody is behind takes what is not meant for 127.0.0.1, so the error names the endpoint tried.
export https_proxy=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 no_proxy=
export AWS_ENDPOINT_URL=http://127.0.0.1:1

# endpoint_of AWS SERVICE OPERATION ARGUMENT...: the endpoint that a call goes to.
endpoint_of() {
  { "$@" --debug 2>&1 >/dev/null || :; } | grep -o -m 1 "Sending http request: .*" | grep -o 'url=[^,]*'
}

expect "v1, SSM" "url=http://127.0.0.1:1/" "$(endpoint_of aws ssm describe-parameters)"
expect "v1, SQS" "url=https://us-west-2.queue.amazonaws.com/" "$(endpoint_of aws sqs list-queues)"
expect "v1, SQS, AWS_ENDPOINT_URL_SQS" "url=https://us-west-2.queue.amazonaws.com/" \
  "$(AWS_ENDPOINT_URL_SQS=http://127.0.0.1:1 endpoint_of aws sqs list-queues)"
expect "v1, SQS, --endpoint-url" "url=http://127.0.0.1:1/" "$(endpoint_of aws sqs list-queues --endpoint-url http://127.0.0.1:1)"
expect "v2, SQS" "url=http://127.0.0.1:1/" "$(endpoint_of aws_v2 sqs list-queues)"
