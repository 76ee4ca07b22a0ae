# The smallest useful handler, and the first to try anywhere: it logs the event and answers with it.
# What goes to stdout is the response; what goes to stderr is the log.
# shellcheck shell=bash

handler() {
  local event=$1
  printf '%s\n' "$event" >&2
  printf "Echoing request: '%s'\n" "$event"
}
