#!/usr/bin/env bash
# Guess: in an ERR trap, BASH_COMMAND is the command that failed.
# So:    when a member of the failing pipeline is a compound command, BASH_COMMAND can be any earlier simple command: a pipeline member
#        that succeeded, or even the command of the line before. A report built from BASH_COMMAND then blames an innocent command.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

# The first and the second pipeline fail in the braces, the third in the subshell.
cat >"$TEMP/script" <<'SCRIPT'
set -o pipefail
trap 'echo "$BASH_COMMAND"' ERR
echo innocent >&2
{ exit 3; } | { exit 0; }
cat /dev/null | { exit 3; }
cat /dev/null | ( exit 3 )
SCRIPT

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  mapfile -t named < <(of "$suite" bash "$TEMP/script" 2>/dev/null)
  expect "$version, the braces of a pipeline fail" "echo innocent 1>&2" "${named[0]-}"
  expect "$version, the braces after cat fail" "cat /dev/null" "${named[1]-}"
  expect "$version, the parentheses after cat fail" "( exit 3 )" "${named[2]-}"
done
