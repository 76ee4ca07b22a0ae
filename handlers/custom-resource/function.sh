# A CloudFormation custom resource: makes a name fit for a bucket or a host out of any title. CloudFormation
# waits for an hour if it is not answered, so that success and failure alike are sent to the URL it gives.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# answer STATUS REASON DATA: what becomes of the stack.
answer() {
  local url=${LAMBDA_EVENT[ResponseURL]} request=${LAMBDA_EVENT[RequestId]} body
  lambda_json -v body StackId="${LAMBDA_EVENT[StackId]}" RequestId="$request" \
    LogicalResourceId="${LAMBDA_EVENT[LogicalResourceId]}" \
    PhysicalResourceId="${LAMBDA_EVENT[PhysicalResourceId]-$request}" Status="$1" Reason="$2" Data:="$3"
  # The URL is signed for a request without a content type.
  curl --silent --show-error --fail --max-time 20 --retry 3 --request PUT --header 'content-type:' \
    --data-binary "$body" -- "$url" >&2
}

# The work itself, with errexit in force; prints the resource's attributes as JSON.
provide() {
  local title name
  if [[ ${LAMBDA_EVENT[RequestType]} == Delete ]]; then
    echo '{}' # nothing was made, so there is nothing to remove
    return
  fi
  title=${LAMBDA_EVENT[ResourceProperties.Title]}
  name=$(LC_ALL=C tr -cs 'a-z0-9' - <<<"${title,,}")
  name=${name#-} name=${name:0:63} name=${name%-}
  if ((${#name} < 3)); then
    echo "of '$title' too little is left for a name" >&2
    return 1
  fi
  lambda_json Name="$name"
}

handler() {
  local data status
  # A plain call, since Bash ignores errexit inside of `if` and `||`.
  set +e
  data=$(set -e; provide)
  status=$?
  set -e
  if ((status == 0)); then
    answer SUCCESS 'see the log' "$data"
  else
    # Answered, and so not a failure of the function: Lambda would start it again.
    answer FAILED "status $status; the log of ${AWS_LAMBDA_LOG_STREAM_NAME:-this function} says more" '{}'
  fi
  printf '{"status":%d}\n' "$status"
}
