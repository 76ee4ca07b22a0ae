# Takes an object from S3, sorts its lines and puts the result into the bucket that Parameter Store names.
# curl signs the requests itself (--aws-sigv4), so that the AWS CLI need not be in the package.
# shellcheck shell=bash

# AWS_ENDPOINT_URL_… are the names that AWS's own tools know; they point at another server for a test.
S3_URL=${AWS_ENDPOINT_URL_S3:-https://s3.$AWS_REGION.amazonaws.com}
SSM_URL=${AWS_ENDPOINT_URL_SSM:-https://ssm.$AWS_REGION.amazonaws.com}

# aws_request SERVICE URL [CURL-ARGUMENT...]: a signed request; why one is refused goes to the log.
# The keys reach curl by its stdin, where neither a list of processes nor a trace shows them.
aws_request() {
  local service=$1 url=$2 answer status=0
  shift 2
  answer=$(
    curl --silent --show-error --fail-with-body --max-time 20 --config - \
      --aws-sigv4 "aws:amz:$AWS_REGION:$service" "$@" -- "$url" <<END
user = "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
header = "x-amz-security-token: $AWS_SESSION_TOKEN"
END
  ) || status=$?
  if ((status != 0)); then
    printf '%s\n' "$answer" >&2
    return "$status"
  fi
  printf '%s' "$answer"
}

parameter() {
  local question answer
  question=$(jq -nc --arg name "$1" '{Name: $name, WithDecryption: true}')
  answer=$(aws_request ssm "$SSM_URL/" --header 'content-type: application/x-amz-json-1.1' \
    --header 'x-amz-target: AmazonSSM.GetParameter' --data-binary "$question")
  jq -er .Parameter.Value <<<"$answer"
}

# s3_object BUCKET KEY CURL-ARGUMENT...: S3 wants the hash of what is sent, or this word instead of it (over TLS);
# not every curl adds the header by itself. The key is encoded, but for its slashes.
s3_object() {
  local bucket=$1 key
  key=$(jq -nr --arg key "$2" '$key | split("/") | map(@uri) | join("/")')
  shift 2
  aws_request s3 "$S3_URL/$bucket/$key" --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
}

handler() {
  local event=$1 bucket key results
  bucket=$(jq -er .bucket <<<"$event")
  key=$(jq -er .key <<<"$event")
  results=$(parameter /reports/result-bucket)

  # /tmp outlives the event, so what is put there is removed. Not local: the trap runs when `handler` is left.
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT

  s3_object "$bucket" "$key" --output "$work/lines"
  sort -u -o "$work/sorted" -- "$work/lines"
  s3_object "$results" "$key" --upload-file "$work/sorted"

  jq -nc --arg to "s3://$results/$key" --argjson lines "$(wc -l <"$work/sorted")" '{to: $to, lines: $lines}'
}
