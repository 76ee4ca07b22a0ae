#!/usr/bin/env bash
# Guess: the AWS CLI knows what the installed botocore knows, so `pip install --upgrade botocore` brings it the newest operations.
# So:    the AWS CLI v1 of today contains its own botocore, which is older than the newest release, and does not look at the installed one:
#        the newest v1 has no `lambda-core create-runtime`, although botocore beside it has. AWS_DATA_PATH, set to models copied out of
#        that botocore, gives v1 the new service.
# Seen:  awscli 1.46.3 (5 November 2026) beside botocore 1.44.8 (20 November 2026).
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.3 botocore==1.44.8

expect "the botocore installed" 1.44.8 "$(python3 -c 'import botocore; print(botocore.__version__)')"
expect "the botocore that the CLI uses" botocore/1.43.62 "$(aws --version | grep -o 'botocore/.*')"

status=0
aws lambda-core create-runtime --generate-cli-skeleton >/dev/null 2>&1 || status=$?
expect "lambda-core create-runtime: status" 2 "$status"

mkdir "$TEMP/models"
cp -R "$TEMP/python/botocore/data/lambda-core" "$TEMP/models"
export AWS_DATA_PATH=$TEMP/models
expect "lambda-core create-runtime with AWS_DATA_PATH: options called Name" 1 \
  "$(aws lambda-core create-runtime --generate-cli-skeleton | grep -c '"Name"')"
