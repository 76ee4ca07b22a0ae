# Told by S3 of new and removed objects: takes bucket and key out of each record, the key decoded.
# Keys come URL-encoded, with + for a space: `a b.txt` arrives as `a+b.txt`. Many handlers miss that.
# shellcheck shell=bash

# url_decode TEXT: leaves the decoded text in REPLY; a $( ) would lose newlines at the end of a key.
url_decode() {
  local text=${1//+/ }
  text=${text//\\/\\\\}
  printf -v REPLY '%b' "${text//%/\\x}"
}

handler() {
  local event=$1 records name bucket key REPLY
  local -a changes=()

  # Neither field can hold a tab or a newline: the name by S3's rules, the key by its encoding.
  records=$(jq -r '.Records[] | [.eventName, .s3.bucket.name, .s3.object.key] | @tsv' <<<"$event")

  while IFS=$'\t' read -r name bucket key; do
    [[ -n $name ]] || continue
    url_decode "$key"
    changes+=("$name s3://$bucket/$REPLY")
    printf '%s\n' "${changes[-1]}" >&2
  done <<<"$records"

  jq -nc '$ARGS.positional' --args -- "${changes[@]}"
}
