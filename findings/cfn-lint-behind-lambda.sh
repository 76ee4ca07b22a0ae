#!/usr/bin/env bash
# Guess: a Lambda function that the newest API model allows passes the newest cfn-lint.
# So:    cfn-lint refuses it by rules and schemas of its own: a timeout of 1,800 seconds is over its maximum of 900, `custom` is no
#        runtime, and the property RuntimeConfig does not exist.
# Seen:  cfn-lint 1.58.0, compared with the model in botocore 1.44.8.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages cfn-lint==1.58.0 botocore==1.44.8

# in_model EXPRESSION: what the API model says of CreateFunction.
in_model() {
  python3 -c "import botocore.session
members = botocore.session.get_session().get_service_model('lambda').operation_model('CreateFunction').input_shape.members
print($1)"
}

# refused PROPERTY...: the rules by which cfn-lint refuses a function with these properties, besides the usual ones.
refused() {
  {
    printf '%s\n' 'Resources:' '  Function:' '    Type: AWS::Lambda::Function' '    Properties:' '      Handler: function.handler' \
      '      Role: arn:aws:iam::123456789012:role/example' '      Code: {S3Bucket: example-bucket, S3Key: function.zip}'
    printf '      %s\n' "$@"
  } >"$TEMP/template.yaml"
  cfn-lint --format parseable "$TEMP/template.yaml" | cut -d : -f 6 | sort -u | paste -sd ' '
}

expect "model: highest Timeout at least 1,800" True "$(in_model "members['Timeout'].metadata['max'] >= 1800")"
expect "model: documented maximum" True "$(in_model "'1,800 seconds' in members['Timeout'].documentation")"
expect "model: Runtime may be custom" True "$(in_model "'custom' in members['Runtime'].enum")"
expect "model: RuntimeConfig" True "$(in_model "'RuntimeConfig' in members")"
expect "cfn-lint, a usual function" "" "$(refused 'Runtime: provided.al2023' 'Timeout: 900')"
expect "cfn-lint, Timeout of 1,800" E3717 "$(refused 'Runtime: provided.al2023' 'Timeout: 1800')"
expect "cfn-lint, custom runtime" "E3002 E3030" \
  "$(refused 'Runtime: custom' 'RuntimeConfig: {RuntimeArn: "arn:aws:lambda:us-west-2:123456789012:runtime/example"}')"
