# A CloudFormation custom resource: makes a name fit for a bucket or a host out of any title. CloudFormation
# waits for an hour if it is not answered, so that success and failure alike are sent to the URL it gives.
# shellcheck shell=bash

# answer EVENT STATUS REASON DATA: what becomes of the stack.
answer() {
  local url body
  url=$(jq -er .ResponseURL <<<"$1")
  body=$(jq -c --arg status "$2" --arg reason "$3" --argjson data "$4" '
    {StackId, RequestId, LogicalResourceId}
    + {PhysicalResourceId: (.PhysicalResourceId // .RequestId), Status: $status, Reason: $reason, Data: $data}' <<<"$1")
  # The URL is signed for a request without a content type.
  curl --silent --show-error --fail --max-time 20 --retry 3 --request PUT --header 'content-type:' \
    --data-binary "$body" -- "$url" >&2
}

# The work itself, with errexit in force; prints the resource's attributes as JSON.
provide() {
  local event=$1 request title name
  request=$(jq -er .RequestType <<<"$event")
  if [[ $request == Delete ]]; then
    echo '{}' # nothing was made, so there is nothing to remove
    return
  fi
  title=$(jq -er '.ResourceProperties.Title' <<<"$event")
  name=$(LC_ALL=C tr -cs 'a-z0-9' - <<<"${title,,}")
  name=${name#-} name=${name:0:63} name=${name%-}
  if ((${#name} < 3)); then
    echo "of '$title' too little is left for a name" >&2
    return 1
  fi
  jq -nc --arg name "$name" '{Name: $name}'
}

handler() {
  local event=$1 data status
  # A plain call, since Bash ignores errexit inside of `if` and `||`.
  set +e
  data=$(set -e; provide "$event")
  status=$?
  set -e
  if ((status == 0)); then
    answer "$event" SUCCESS 'see the log' "$data"
  else
    # Answered, and so not a failure of the function: Lambda would start it again.
    answer "$event" FAILED "status $status; the log of ${AWS_LAMBDA_LOG_STREAM_NAME:-this function} says more" '{}'
  fi
  printf '{"status":%d}\n' "$status"
}
