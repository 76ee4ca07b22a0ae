#!/usr/bin/env bash
# Guess: `aws s3 presign` gives a URL of Signature Version 4, for the Region that is set.
# So:    v1 gives the old signature (AWSAccessKeyId, Signature, Expires) in the older Regions, for example us-east-1 and us-west-2, and
#        Version 4 only in the younger ones, for example eu-central-1. The host never names the Region in v1, always in v2. A script that
#        reads X-Amz-Expires or X-Amz-Date from the URL works in one Region and not in another.
# Seen:  awscli 1.46.3, and 2.23.6 of Debian 13. Presigning needs no network.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages awscli==1.46.3
aws_v2_of_debian

# presigned AWS REGION: the host and the names of the parameters of the URL.
presigned() {
  local url
  url=$("$1" s3 presign s3://example-bucket/key --region "$2")
  printf '%s %s\n' "$(cut -d / -f 3 <<<"$url")" "$(tr '&' '\n' <<<"${url#*'?'}" | cut -d = -f 1 | paste -sd ' ')"
}

version_4='X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature'
for region in us-east-1 us-west-2; do
  expect "v1, $region" "example-bucket.s3.amazonaws.com AWSAccessKeyId Signature Expires" "$(presigned aws "$region")"
  expect "v2, $region" "example-bucket.s3.$region.amazonaws.com $version_4" "$(presigned aws_v2 "$region")"
done
expect "v1, eu-central-1" "example-bucket.s3.amazonaws.com X-Amz-Algorithm" "$(presigned aws eu-central-1 | cut -d ' ' -f 1,2)"
expect "v2, eu-central-1" "example-bucket.s3.eu-central-1.amazonaws.com X-Amz-Algorithm" \
  "$(presigned aws_v2 eu-central-1 | cut -d ' ' -f 1,2)"
