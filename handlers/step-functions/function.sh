# A task of a state machine that fails in ways of its own. A failing handler whose whole output is one object
# with errorType and errorMessage is reported under that name, which Retry and Catch can then match.
# shellcheck shell=bash

# raise TYPE MESSAGE: ends the event; to be called where stdout is the response, not inside of $( ).
raise() {
  jq -nc --arg type "$1" --arg message "$2" '{errorType: $type, errorMessage: $message}'
  exit 1
}

handler() {
  local event=$1 order amount balance
  order=$(jq -er .order <<<"$event") || raise InvalidOrder 'the input has no order'
  # Only what is surely a number may go into Bash's (( )), which would run a command in `a[$(…)]`: floor sees to it.
  amount=$(jq -er '.cents | floor' <<<"$event") || raise InvalidOrder "order $order has no amount"
  balance=$(jq -er '.account.cents | floor' <<<"$event") || raise InvalidOrder "order $order has no account"
  ((amount <= balance)) || raise NotEnoughMoney "order $order costs $amount, the account holds $balance"

  jq -nc --arg order "$order" --argjson left $((balance - amount)) '{order: $order, paid: true, left: $left}'
}
