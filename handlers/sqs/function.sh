# Works through a batch of SQS messages and names those that failed, so that only they come again.
# Needs ReportBatchItemFailures on the event source; an empty list says that all of them went well.
# shellcheck shell=bash

# One message. Runs with errexit in force: any command that fails makes the message a failed one.
process() {
  local order total
  order=$(jq -er .order <<<"$1")
  # Only what is surely a number may go into Bash's $(( )), which would run a command in `a[$(…)]`: floor sees to it.
  total=$(jq -er '[.lines[] | .quantity * .cents] | add | floor' <<<"$1")
  printf 'order %s: %d.%02d\n' "$order" $((total / 100)) $((total % 100))
}

handler() {
  local messages id body status
  local -a failed=()

  # Bodies travel as base64, since they may hold anything: a line and its two fields stay what they are.
  messages=$(jq -r '.Records[] | "\(.messageId) \(.body | @base64)"' <<<"$1")

  while read -r id body <&3; do
    [[ -n $id ]] || continue
    # Bash ignores errexit inside of `if process` and `process || …`. A subshell called plainly keeps it.
    set +e
    (set -e; process "$(base64 -d <<<"$body")") >&2
    status=$?
    set -e
    if ((status != 0)); then
      echo "message $id failed with status $status" >&2
      failed+=("$id")
    fi
  done 3<<<"$messages"

  jq -nc '{batchItemFailures: [$ARGS.positional[] | {itemIdentifier: .}]}' --args -- "${failed[@]}"
}
