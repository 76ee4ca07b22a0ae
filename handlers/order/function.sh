# Takes an order from the warehouse to the parcel: a durable function. An execution can last for days, and does each finished step only once.
# Try it: coshell invoke handlers/order --durable --callback approval=Grace
# handlers/DURABLE.md explains each line.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

# shellcheck source=shop.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/shop.sh"

# give_up RESERVATION: undoes the reservation, and ends the execution with the error of the operation that has just failed.
give_up() {
  local error
  error=$(durable error)
  durable step release -- release "$1"
  printf '%s\n' "$error"
  exit 1
}

handler() {
  local order=${LAMBDA_EVENT[order]} cents=${LAMBDA_EVENT[cents]} reservation approver payment
  [[ $cents =~ ^[1-9][0-9]{0,8}$ ]] || raise InvalidOrder "order $order has no amount"

  reservation=$(durable step reserve -- reserve "$order")

  # A person answers within three days. The function does not run and costs nothing in the meantime.
  approver=$(durable wait-for-callback approval --timeout 3d -- ask_for_approval "$order" "$cents") || give_up "$reservation"

  # The customer has an hour to cancel the order.
  durable wait 1h cancellation

  # Four attempts, but only one for a card that the bank has declined.
  payment=$(durable step charge --attempts 4 --delay 10s --no-retry-on CardDeclined -- charge "$order" "$cents") ||
    give_up "$reservation"

  # Two branches at once. Each line is a command of this function, so it has the function's variables.
  # shellcheck disable=SC2016
  durable parallel papers -- \
    'durable step invoice -- make_invoice "$order" "$payment"' \
    'durable step label -- make_label "$order" "$reservation"' >/dev/null

  # A second parcel would be worse than none: an attempt that was interrupted is not repeated.
  durable step ship --at-most-once --attempts 1 -- ship "$order" >&2
  lambda_json order="$order" approver="$approver" payment="$payment"
}
