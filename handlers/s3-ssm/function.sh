# Takes an object from S3, sorts its lines and puts the result into the bucket that Parameter Store names.
# curl sends and signs the requests: aws.sh.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# shellcheck source=aws.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/aws.sh"

# AWS_ENDPOINT_URL_… are the names that AWS's own tools know; they point at another server for a test.
S3_URL=${AWS_ENDPOINT_URL_S3:-https://s3.$AWS_REGION.amazonaws.com}
SSM_URL=${AWS_ENDPOINT_URL_SSM:-https://ssm.$AWS_REGION.amazonaws.com}

parameter() {
  local question answer
  lambda_json -v question Name="$1" WithDecryption:=true
  answer=$(aws_request ssm "$SSM_URL/" --header 'content-type: application/x-amz-json-1.1' \
    --header 'x-amz-target: AmazonSSM.GetParameter' --data-binary "$question")
  jq -er .Parameter.Value <<<"$answer"
}

# s3_object BUCKET KEY CURL-ARGUMENT...: gets or puts an object. S3 wants the hash of what is sent, or the word UNSIGNED-PAYLOAD
# (over TLS); not every curl adds that header by itself. The slashes of a key are not encoded.
s3_object() {
  local bucket key
  bucket=$(uri_encode "$1")
  key=$(uri_encode "$2" /)
  shift 2
  aws_request s3 "$S3_URL/$bucket/$key" --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
}

handler() {
  local bucket=${LAMBDA_EVENT[bucket]} key=${LAMBDA_EVENT[key]} results
  results=$(parameter /reports/result-bucket)

  # /tmp outlives the event, so what is put there is removed. Not local: the trap runs when `handler` is left.
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT

  s3_object "$bucket" "$key" --output "$work/lines"
  sort -u -o "$work/sorted" -- "$work/lines"
  # Not --upload-file: curl would add the name of the file to a key that ends with a slash.
  s3_object "$results" "$key" --request PUT --header 'content-type: text/plain' --data-binary "@$work/sorted"

  lambda_json to="s3://$results/$key" lines:="$(wc -l <"$work/sorted")"
}
