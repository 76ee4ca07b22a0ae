# Follows a DynamoDB stream: turns its typed values into plain JSON with a jq module from the package, and
# stops at the first change that fails; the stream then goes on from there (ReportBatchItemFailures).
# shellcheck shell=bash

PACKAGE=$(dirname -- "${BASH_SOURCE[0]}")

# One change: {change, keys, before, after}. Runs with errexit in force.
follow() {
  local title
  title=$(jq -er '.after // .before | .title' <<<"$1")
  jq -r --arg title "$title" '"\(.change) \($title): \(.before.pages) -> \(.after.pages) pages"' <<<"$1"
}

handler() {
  local changes number change status
  changes=$(jq -r -L "$PACKAGE" '
    include "plain";
    .Records[]
    | {
        change: .eventName,
        keys: (.dynamodb.Keys | item),
        before: (.dynamodb.OldImage | item),
        after: (.dynamodb.NewImage | item)
      } as $change
    | "\(.dynamodb.SequenceNumber) \($change | tojson)"' <<<"$1")

  while read -r number change <&3; do
    [[ -n $number ]] || continue
    # Bash ignores errexit inside of `if follow` and `follow || …`. A subshell called plainly keeps it.
    set +e
    (set -e; follow "$change") >&2
    status=$?
    set -e
    if ((status != 0)); then
      jq -nc --arg number "$number" '{batchItemFailures: [{itemIdentifier: $number}]}'
      return
    fi
  done 3<<<"$changes"
  echo '{"batchItemFailures":[]}'
}
