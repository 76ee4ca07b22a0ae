# Small functions that several handlers share. Sourced once, at start; nothing in here runs by itself.
# shellcheck shell=bash

# log TEXT...: one line for the log, which is stderr.
log() {
  printf '%s\n' "$*" >&2
}

# json_string TEXT: the text as a JSON string, without jq.
json_string() {
  local LC_ALL=C text=$1 i hex control
  text=${text//\\/"\\\\"}
  text=${text//\"/"\\\""}
  for i in {1..31}; do # control characters, newline and tab among them
    printf -v hex %02x "$i"
    printf -v control %b "\\x$hex"
    text=${text//"$control"/"\\u00$hex"}
  done
  printf '"%s"' "$text"
}
