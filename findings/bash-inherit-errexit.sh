#!/usr/bin/env bash
# Guess: with `set -e` and `shopt -s inherit_errexit`, a failing command substitution ends the script wherever the substitution stands.
# So:    only a plain assignment such as `x=$(false)` ends the script. `local x=$(false)`, `export`, `readonly`, an argument, `[[ ]]`,
#        the word of `case`, the list of `for`, a here-string and a redirection's file name all go on with an empty value and status 0.
#        The option only makes the inner shell stop early.
# Seen:  Bash 5.2.15 and 5.3.15, from Debian 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

# shellcheck disable=SC2016 # the scripts are for the other Bash
scripts=(
  'f() { local x=$(false; echo no); }; f'
  'export x=$(false; echo no)'
  'readonly x=$(false; echo no)'
  'printf %s "$(false; echo no)"'
  '[[ $(false; echo no) == "" ]]'
  'case $(false; echo no) in no) exit 9 ;; esac'
  'for x in $(false; echo no); do exit 9; done'
  'cat <<<"$(false; echo no)" >&2'
)
for suite in bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  run() { of "$suite" bash -c "set -e; shopt -s inherit_errexit; $1; echo goes on" 2>/dev/null || echo ends; }
  # shellcheck disable=SC2016
  expect "$version, x=\$(false)" "ends" "$(run 'x=$(false; echo no)')"
  for script in "${scripts[@]}"; do
    expect "$version, $script" "goes on" "$(run "$script")"
  done
done
