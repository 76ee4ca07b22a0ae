# Fails as handlers do fail: a file was left out of the package, and a command three calls deep finds out.
# Run it to see what a failure looks like: which command, its status, the way to it, and what it said.
# shellcheck shell=bash

best_sellers() {
  local csv=$1
  sort -t , -k 2,2nr "$csv"
}

weekly_report() {
  local rows
  rows=$(best_sellers reports/sales.csv)
  printf 'Best sellers of week %s:\n%s\n' "$1" "$rows"
}

handler() {
  echo "building the weekly report" >&2
  weekly_report 11
}
