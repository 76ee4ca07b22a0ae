#!/usr/bin/env bash
# Guess: since Bash 5.1 a here-string or here-document reaches the command through a pipe, without a file.
# So:    that holds up to the capacity of a pipe. Bash writes a text of more than 65,536 bytes, its newline included, to a temporary file
#        in TMPDIR or /tmp, which must be writable and have the room. A secret that is handed over by `<<<` can then reach a disk.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

# carrier SUITE SIZE: what carries a here-string of SIZE bytes, its newline included.
carrier() {
  # shellcheck disable=SC2016 # the script is for the other Bash
  TMPDIR=$TEMP of "$1" bash -c 'printf -v text "%*s" "$(($1 - 1))" ""; readlink /proc/self/fd/0 <<<"$text"' - "$2" |
    sed -e 's/\[.*//' -e "s|^$TEMP/sh-thd.* (deleted)|a file in TMPDIR|"
}

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  expect "$version, 65,535 bytes" "pipe:" "$(carrier "$suite" 65535)"
  expect "$version, 65,536 bytes" "pipe:" "$(carrier "$suite" 65536)"
  expect "$version, 65,537 bytes" "a file in TMPDIR" "$(carrier "$suite" 65537)"
done
