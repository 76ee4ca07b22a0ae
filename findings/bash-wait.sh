#!/usr/bin/env bash
# Guess: after `one & two & wait`, the status of `wait` says whether a job failed, so `set -e` ends the script.
# So:    `wait` without arguments is always 0. `wait PID PID` has the status of the last PID alone. `wait -n` has the status of one job.
#        Only a `wait` for each PID sees every failure.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

# shellcheck disable=SC2016 # the scripts are for the other Bash
scripts=(
  'false & true & wait' 'goes on'
  'false & a=$!; true & wait "$a" "$!"' 'goes on'
  'true & a=$!; false & wait "$a" "$!"' 'ends'
  'false & wait "$!"; true & wait "$!"' 'ends'
  '(exit 3) & a=$!; true & b=$!; for job in "$a" "$b"; do wait "$job"; done' 'ends'
  'true & wait -n; (exit 3) & wait' 'goes on'
)
for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  for ((at = 0; at < ${#scripts[@]}; at += 2)); do
    expect "$version, ${scripts[at]}" "${scripts[at + 1]}" \
      "$(of "$suite" bash -c "set -e; ${scripts[at]}; echo goes on" || echo ends)"
  done
done
