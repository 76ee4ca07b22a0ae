# The soak's handler: an event is `KIND SIZE MARK …`, padded to a size of its own. The response is the mark and SIZE bytes.
# shellcheck shell=bash disable=SC2154 # that `nosuch` is not set is the point

soak() {
  local kind size mark padding
  read -r kind size mark _ <<<"$1"
  case $kind in
    log) printf 'log of %s\n' "$mark"{1..200} >&2 ;;
    daemon) { sleep 0.05 && printf 'late %s\n' "$mark" >&2; } >/dev/null & ;;
  esac
  printf -v padding '%*s' "$size" ''
  printf '%s%s.' "$mark" "$padding"
  case $kind in
    holder) { sleep 0.002 && printf '\nlate %s' "$mark"; } & ;;
    fail) printf 'why %s\n' "$mark" >&2 && return 3 ;;
    missing) "nosuch-$mark" ;;
    exit) exit 4 ;;
    unbound) : "$nosuch" ;;
    kill) kill -9 "$BASHPID" ;;
    bash) kill -9 $$ && sleep 1000 ;;
  esac
}
