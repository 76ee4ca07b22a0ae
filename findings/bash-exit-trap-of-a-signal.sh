#!/usr/bin/env bash
# Guess: an EXIT trap sees in `$?` how the shell ends, so 0 means success.
# So:    when a signal without a trap of its own kills the shell, the EXIT trap runs first, and `$?` there is the status of the last
#        command, usually 0. A trap that reports success on `$? == 0` also reports success for a shell that was killed.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

cat >"$TEMP/script" <<'SCRIPT'
trap 'echo "the trap saw $?"' EXIT
true
kill -s "$1" $$
echo not reached
SCRIPT

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  for signal in TERM:143 INT:130 HUP:129 PIPE:141; do
    seen=$({ of "$suite" bash "$TEMP/script" "${signal%:*}" || echo "the parent saw $?"; } 2>/dev/null)
    expect "$version, ${signal%:*}" "the trap saw 0, the parent saw ${signal#*:}" "${seen//$'\n'/, }"
  done
done
