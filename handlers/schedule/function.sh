# Started by an EventBridge schedule. Works out its day from the event and not from the clock, so that a
# retry, or an event that is sent again by hand, does the work of the same day.
# shellcheck shell=bash

declare -A LAMBDA_EVENT

handler() {
  local rule=${LAMBDA_EVENT[resources.0]:-by hand} day week
  day=$(date -u -d "${LAMBDA_EVENT[time]} 1 day ago" +%F)
  week=$(date -u -d "$day" +%G-W%V)
  echo "rule ${rule##*/}: the report of $day" >&2

  lambda_json day="$day" week="$week" report="reports/$week/$day.csv"
}
