# Told by S3 of new and removed objects: takes bucket and key out of each record, the key decoded.
# Keys come URL-encoded, with + for a space: `a b.txt` arrives as `a+b.txt`. Many handlers miss that.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# url_decode TEXT: leaves the decoded text in REPLY; a $( ) would lose newlines at the end of a key.
url_decode() {
  local text=${1//+/ }
  text=${text//\\/\\\\}
  printf -v REPLY '%b' "${text//%/\\x}"
}

handler() {
  local i record count=${LAMBDA_EVENT[Records.length]} REPLY
  local -a changes=()

  for ((i = 0; i < count; i++)); do
    record=Records.$i
    url_decode "${LAMBDA_EVENT[$record.s3.object.key]}"
    changes+=("${LAMBDA_EVENT[$record.eventName]} s3://${LAMBDA_EVENT[$record.s3.bucket.name]}/$REPLY")
    printf '%s\n' "${changes[-1]}" >&2
  done

  lambda_json -a "${changes[@]/#/=}"
}
