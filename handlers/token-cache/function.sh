# Asks an API that wants a bearer token. With COSHELL_STATE=keep the token is fetched once and stays in a variable until it expires.
# After a failed event the runtime starts again with what this script sets at init: the next event fetches a new token.
# shellcheck shell=bash

token='' token_until=0 served=0

# fetch_token: asks for a token and remembers it, and when it is no good any more (a minute early).
fetch_token() {
  local answer
  echo "fetching a token" >&2
  answer=$(
    curl --silent --show-error --fail-with-body --max-time 5 --config - --data grant_type=client_credentials -- "$TOKEN_URL" <<END
user = "$CLIENT_ID:$CLIENT_SECRET"
END
  )
  if [[ ! $answer =~ \"access_token\"[[:space:]]*:[[:space:]]*\"([^\"]+)\" ]]; then
    echo "no access_token in the answer of $TOKEN_URL" >&2
    return 1
  fi
  token=${BASH_REMATCH[1]}
  token_until=$EPOCHSECONDS
  if [[ $answer =~ \"expires_in\"[[:space:]]*:[[:space:]]*([0-9]+) ]]; then
    token_until=$((EPOCHSECONDS + BASH_REMATCH[1] - 60))
  fi
}

handler() {
  local event=$1
  if [[ ! $event =~ ^\"([A-Za-z0-9-]+)\"$ ]]; then
    echo "the event must be the number of an order such as \"A-17\", not $event" >&2
    return 1
  fi
  local order=${BASH_REMATCH[1]}
  if ((EPOCHSECONDS >= token_until)); then fetch_token; fi
  curl --silent --show-error --fail-with-body --max-time 5 --config - -- "$API_URL/orders/$order" <<END
header = "Authorization: Bearer $token"
END
  served=$((served + 1))
  echo "event $served of this shell" >&2
}
