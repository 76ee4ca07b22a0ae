# A task of a state machine that fails in ways of its own. A failing handler whose whole output is one object
# with errorType and errorMessage is reported under that name, which Retry and Catch can then match.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# raise TYPE MESSAGE: ends the event; to be called where stdout is the response, not inside of $( ).
raise() {
  lambda_json errorType="$1" errorMessage="$2"
  exit 1
}

handler() {
  local order=${LAMBDA_EVENT[order]-} amount=${LAMBDA_EVENT[cents]-} balance=${LAMBDA_EVENT[account.cents]-}
  # Only what is surely a number may go into Bash's (( )), which would run a command in `a[$(…)]`.
  local number='^(0|[1-9][0-9]{0,14})$'
  [[ -n $order ]] || raise InvalidOrder 'the input has no order'
  [[ $amount =~ $number ]] || raise InvalidOrder "order $order has no amount"
  [[ $balance =~ $number ]] || raise InvalidOrder "order $order has no account"
  ((amount <= balance)) || raise NotEnoughMoney "order $order costs $amount, the account holds $balance"

  lambda_json order="$order" paid:=true left:=$((balance - amount))
}
