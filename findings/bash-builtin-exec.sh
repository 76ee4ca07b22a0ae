#!/usr/bin/env bash
# Guess: `builtin exec 8<file` is `exec 8<file` with protection from a function called exec.
# So:    the redirection is undone as soon as `builtin exec` returns: descriptor 8 is not open. `command exec` and plain `exec` keep it.
#        `builtin exec >&-` likewise leaves stdout open.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  for word in '' 'command ' 'builtin '; do
    [[ $word == 'builtin ' ]] && expected='8 is closed' || expected='8 is open'
    expect "$version, ${word}exec 8</dev/null" "$expected" \
      "$(of "$suite" bash -c "${word}exec 8</dev/null; if { : <&8; } 2>/dev/null; then echo 8 is open; else echo 8 is closed; fi")"
  done
  expect "$version, builtin exec >&-" "stdout is open" "$(of "$suite" bash -c 'builtin exec >&-; echo stdout is open' 2>&1)"
done
