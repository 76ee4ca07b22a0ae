#!/usr/bin/env bash
# Guess: `mapfile` and `read` read in blocks, and a longer text takes longer.
# So:    from a pipe they make one system call for each byte. A here-string is a pipe up to 64 KiB, and a file beyond: `mapfile
#        <<<"$text"` makes 60,000 calls for 60,000 bytes and a few for 70,000. Reading from a regular file, `$(<file)` and `read -N` take
#        blocks.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid. The number of calls is the kernel's count, /proc/PID/io.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

[[ -r /proc/self/io ]] || give_up "this kernel does not count system calls in /proc/PID/io"
debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

# calls SUITE SIZE COMMAND: "few" or "one a byte", the reads that the shell made in the command, with $text of SIZE bytes.
calls() {
  # shellcheck disable=SC2016 # the script is for the other Bash
  of "$1" bash -c '
    reads() { while read -r name value; do [[ $name != syscr: ]] || count=$value; done </proc/$BASHPID/io; }
    printf -v text "%*s" "$1" ""; printf %s "$text" >"$2"
    shopt -s lastpipe
    reads; before=$count
    eval "$3"
    reads; count=$((count - before))
    if ((count < 1000)); then echo few; elif ((count >= $1)); then echo one a byte; else echo "$count"; fi
  ' - "$2" "$TEMP/text" "$3"
}

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  # shellcheck disable=SC2016 # the other Bash's variables
  {
    expect "$version, mapfile from a file of 60,000 bytes" few "$(calls "$suite" 60000 'mapfile -t <"$2"')"
    expect "$version, mapfile from a pipe of 60,000 bytes" "one a byte" "$(calls "$suite" 60000 'printf %s "$text" | mapfile -t')"
    expect "$version, mapfile from a here-string of 60,000 bytes" "one a byte" "$(calls "$suite" 60000 'mapfile -t <<<"$text"')"
    expect "$version, mapfile from a here-string of 70,000 bytes" few "$(calls "$suite" 70000 'mapfile -t <<<"$text"')"
    expect "$version, read -N from a pipe of 60,000 bytes" few "$(calls "$suite" 60000 'printf %s "$text" | read -r -N 60000 answer')"
  }
done
