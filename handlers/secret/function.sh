# Authorizes requests to an HTTP API by a token that Secrets Manager keeps. The secret is fetched once and
# then cached in a file for five minutes: variables of one event are gone with it, /tmp is not.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# shellcheck source=aws.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/aws.sh"

SECRETS_URL=${AWS_ENDPOINT_URL_SECRETS_MANAGER:-https://secretsmanager.$AWS_REGION.amazonaws.com}
CACHE=${TMPDIR:-/tmp}/api-token
CACHE_SECONDS=300

fetch_token() {
  local question answer
  echo "fetching $SECRET_ID" >&2
  lambda_json -v question SecretId="$SECRET_ID"
  answer=$(aws_request secretsmanager "$SECRETS_URL/" --header 'content-type: application/x-amz-json-1.1' \
    --header 'x-amz-target: secretsmanager.GetSecretValue' --data-binary "$question")
  # `input` fails where there is none; without it jq 1.6 takes no input for success, and the token would be empty.
  jq -ner 'input.SecretString | select(. != "")' <<<"$answer"
}

token() {
  local now changed=0
  printf -v now '%(%s)T' -1
  if [[ -f $CACHE ]]; then changed=$(stat -c %Y -- "$CACHE"); fi
  if ((now - changed >= CACHE_SECONDS)); then
    # First a file of its own, then its name: an event that is cut short leaves no half of a token.
    umask 077
    fetch_token >"$CACHE.new"
    mv -f -- "$CACHE.new" "$CACHE"
  fi
  cat -- "$CACHE"
}

digest() { printf '%s' "$1" | sha256sum; }

handler() {
  local given=${LAMBDA_EVENT[headers.authorization]-} expected
  given=${given#Bearer }
  expected=$(token)
  # Digests are compared, since how long it takes to compare two texts tells how much of them is alike.
  if [[ $(digest "$given") == "$(digest "$expected")" ]]; then
    echo '{"isAuthorized":true}'
  else
    echo '{"isAuthorized":false}'
  fi
}
