#!/usr/bin/env bash
# Guess: a command of the AWS CLI fails when the thing that it names is not there, as `aws s3 cp` does.
# So:    many succeed. `dynamodb get-item` prints nothing at all for a missing item, not `{}`, so `| jq` prints nothing and succeeds too;
#        with `--output text --query` it prints `None`, which is also what an item whose text is "None" prints. `s3 rm` of a missing
#        object says that it deleted the object, `s3 cp --recursive` and `s3 sync` of a missing prefix are silent, `s3 ls` lists what
#        merely begins with the name. `ssm get-parameters` succeeds with the missing names in InvalidParameters.
# Seen:  awscli 1.46.3 with moto 5.2.5. awscli 2.23.6 does the same.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

moto awscli==1.46.3
aws s3 mb s3://bucket-of-findings >/dev/null
echo text | aws s3 cp - s3://bucket-of-findings/folder/file >/dev/null
aws dynamodb create-table --table-name table --attribute-definitions AttributeName=key,AttributeType=S \
  --key-schema AttributeName=key,KeyType=HASH --billing-mode PAY_PER_REQUEST >/dev/null

# seen ARGUMENT...: the output and the status of a command.
seen() {
  local status=0 output
  output=$(aws "$@" 2>&1) || status=$?
  printf '%s\n' "'$(xargs <<<"$output")', status $status"
}

item=(dynamodb get-item --table-name table --key '{"key":{"S":"missing"}}')
expect "dynamodb get-item" "'', status 0" "$(seen "${item[@]}")"
expect "dynamodb get-item, text" "'None', status 0" "$(seen "${item[@]}" --query Item.value.S --output text)"
expect "s3 rm" "'delete: s3://bucket-of-findings/missing', status 0" "$(seen s3 rm s3://bucket-of-findings/missing)"
expect "s3 cp --recursive" "'', status 0" "$(seen s3 cp --recursive s3://bucket-of-findings/missing "$TEMP/out")"
expect "s3 sync" "'', status 0" "$(seen s3 sync s3://bucket-of-findings/missing "$TEMP/out")"
expect "s3 ls of the beginning of a name" "'PRE folder/', status 0" "$(seen s3 ls s3://bucket-of-findings/fol)"
expect "s3 ls of no name's beginning" "'', status 1" "$(seen s3 ls s3://bucket-of-findings/missing)"
expect "ssm get-parameters" "'/missing', status 0" "$(seen ssm get-parameters --names /missing --query InvalidParameters --output text)"
