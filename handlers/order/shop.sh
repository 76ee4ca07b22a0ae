# The services of the shop. These are stand-ins that need no network: put your calls of curl or aws into the functions.
# A step can run twice if its environment dies before the result is recorded. Each service therefore gets the order's number, and can
# recognise a request that it has seen.
# shellcheck shell=bash

# raise TYPE MESSAGE: fails with an error type, which `durable step` compares with --retry-on and --no-retry-on.
raise() {
  lambda_json errorType="$1" errorMessage="$2"
  exit 1
}

# What these functions print on stdout is the result of their step; stderr is the log.
reserve() { echo "shelf-7-$1"; }
release() { echo "released $1" >&2; }

# DURABLE_CALLBACK_ID is for the person who approves: send it by mail or chat.
ask_for_approval() { echo "order $1 costs $2 cents, the answer goes to $DURABLE_CALLBACK_ID" >&2; }

# The bank of this example is busy at the first attempt.
charge() {
  (($2 <= 100000)) || raise CardDeclined "the bank declined $2 cents for order $1"
  ((DURABLE_ATTEMPT > 1)) || raise BankBusy 'the bank is busy'
  echo "payment-$1"
}

make_invoice() { echo "invoice of $1 for $2" >&2; }
make_label() { echo "label of $1 for $2" >&2; }
ship() { echo "parcel-$1"; }
