# Requests to AWS that curl signs (--aws-sigv4), so that the AWS CLI need not be in the package. Sourced once, at start.
# The examples s3-ssm and secret carry this file, and a test keeps the two copies alike.
# shellcheck shell=bash

# uri_encode TEXT [KEPT]: percent-encodes every byte but letters, digits, `-`, `.`, `_`, `~` and the character KEPT.
# AWS writes a URL in this way before it checks the signature. Every version of curl signs such a URL as it stands;
# what they do with a raw `+`, `=` or `'` differs. jq's @uri is no substitute: jq 1.6 leaves `! ' ( ) *` as they are.
uri_encode() {
  local LC_ALL=C text=$1 kept=${2:-} encoded='' i byte code
  for ((i = 0; i < ${#text}; i++)); do
    byte=${text:i:1}
    case $byte in
      [A-Za-z0-9._~-] | "$kept") ;;
      *)
        printf -v code %d "'$byte"
        printf -v byte '%%%02X' "$((code & 255))" # above 127 some versions of Bash give a negative number
        ;;
    esac
    encoded+=$byte
  done
  printf '%s' "$encoded"
}

# aws_credentials: sets the three variables with credentials from AWS_CONTAINER_CREDENTIALS_FULL_URI, as Lambda gives them with SnapStart.
aws_credentials() {
  local answer pair name
  answer=$(
    curl --silent --show-error --fail --max-time 5 --noproxy '*' --config - -- "$AWS_CONTAINER_CREDENTIALS_FULL_URI" <<END
header = "Authorization: ${AWS_CONTAINER_AUTHORIZATION_TOKEN:-}"
END
  )
  for pair in AccessKeyId:AWS_ACCESS_KEY_ID SecretAccessKey:AWS_SECRET_ACCESS_KEY Token:AWS_SESSION_TOKEN; do
    name=${pair#*:}
    if [[ ! $answer =~ \"${pair%:*}\"[[:space:]]*:[[:space:]]*\"([^\"]*)\" ]]; then
      echo "no ${pair%:*} in the answer of AWS_CONTAINER_CREDENTIALS_FULL_URI" >&2
      return 1
    fi
    printf -v "$name" %s "${BASH_REMATCH[1]//\\\//\/}" # JSON may write a slash as \/
  done
}

# aws_request SERVICE URL [CURL-ARGUMENT...]: sends a signed request and prints the answer. If AWS refuses the request, its reason
# goes to the log.
# In URL, each part of the path and each name and value of the query must come from `uri_encode`; a query is written as
# `a=1&b=`, its names in alphabetical order. (Some versions of curl, 8.14 among them, sign a `+` in a query wrongly in any spelling.)
# curl resolves `.` and `..` in a path, so that a key `../other/file` would reach another bucket. --path-as-is keeps them. Newer
# versions of curl sign no such request: they refuse it, and nothing is sent (seen with 8.14 and 8.23).
# The credentials reach curl by its stdin, where neither a list of processes nor a trace shows them.
# A function that Lambda restores from a snapshot (SnapStart) has no credentials in its environment: aws_credentials asks Lambda for them.
# Lambda stops functions that call each other in a circle. Lambda recognizes a circle by X-Amzn-Trace-Id, which the AWS CLI sends too.
# curl signs that header like any other. API Gateway changes the header, so leave it out of a request to an API of your own.
aws_request() {
  local service=$1 url=$2 answer status=0 more=()
  shift 2
  if [[ -z ${AWS_ACCESS_KEY_ID:-} ]]; then aws_credentials; fi
  if [[ -n ${_X_AMZN_TRACE_ID:-} ]]; then more+=(--header "X-Amzn-Trace-Id: $_X_AMZN_TRACE_ID"); fi
  if [[ $url =~ /\.\.?([/?]|$) ]]; then more+=(--path-as-is); fi
  answer=$(
    curl --silent --show-error --fail-with-body --max-time 20 --globoff --config - \
      --aws-sigv4 "aws:amz:$AWS_REGION:$service" "${more[@]}" "$@" -- "$url" <<END
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
