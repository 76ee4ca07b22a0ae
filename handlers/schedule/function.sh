# Started by an EventBridge schedule. Works out its day from the event and not from the clock, so that a
# retry, or an event that is sent again by hand, does the work of the same day.
# shellcheck shell=bash

handler() {
  local event=$1 time rule day week
  time=$(jq -er .time <<<"$event")
  rule=$(jq -r '.resources[0] // "by hand" | split("/") | last' <<<"$event")
  day=$(date -u -d "$time 1 day ago" +%F)
  week=$(date -u -d "$day" +%G-W%V)
  echo "rule $rule: the report of $day" >&2

  jq -nc --arg day "$day" --arg week "$week" '{day: $day, week: $week, report: "reports/\($week)/\($day).csv"}'
}
