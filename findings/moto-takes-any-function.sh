#!/usr/bin/env bash
# Guess: a function that moto creates is one that Lambda would create.
# So:    moto takes a zip that is no zip, a runtime that does not exist, a handler of any form and a timeout of 11 days, and answers
#        State Active. A test of a deployment against moto must check these itself. RuntimeConfig, which newer clients send, is dropped
#        without a word.
# Seen:  moto 5.2.5 with boto3 1.44.8.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

moto boto3==1.44.8

cat >"$TEMP/create.py" <<'PYTHON'
import boto3, json
allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = {"Version": "2012-10-17", "Statement": [allow]}
role = boto3.client("iam").create_role(RoleName="example", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
made = boto3.client("lambda").create_function(
    FunctionName="example", Role=role, Runtime="bash5.3", Handler="no such/handler", Timeout=1000000, Code={"ZipFile": b"this is no zip"},
    RuntimeConfig={"RuntimeArn": "arn:aws:lambda:us-west-2:123456789012:runtime/example", "RuntimeAlias": "live"})
print(made["State"], made["Runtime"], made["Timeout"], made["Handler"], "RuntimeConfig" in made, sep=", ")
PYTHON
expect "state, runtime, timeout, handler, has RuntimeConfig" \
  "Active, bash5.3, 1000000, no such/handler, False" "$(python3 "$TEMP/create.py")"
