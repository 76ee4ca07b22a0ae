#!/usr/bin/env bash
# Guess: `"${name:-it's}"` means the same to Bash whether it was started as `bash` or as `sh`.
# So:    ordinary Bash takes the apostrophe as the start of a quote and refuses the script with `unexpected EOF`. In POSIX mode (`sh` on
#        Amazon Linux, `bash --posix`) the apostrophe is an ordinary character. Two apostrophes around a `}` are accepted by both and
#        give different values. In a here-document ordinary Bash fails only when the script reaches that line.
# Seen:  Bash 5.1.4, 5.2.15 and 5.3.15, from Debian 11, 12 and sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bullseye 'bash=5.1-*'
debian bookworm 'bash=5.2.15-*'
debian sid 'bash=5.3-*'

cat >"$TEMP/one" <<'SCRIPT'
echo "${name:-it's}"
SCRIPT
cat >"$TEMP/two" <<'SCRIPT'
echo "${name:-'}'}"
SCRIPT
cat >"$TEMP/document" <<'SCRIPT'
echo started
cat <<END
${name:-it's}
END
SCRIPT

for suite in bullseye bookworm sid; do
  # shellcheck disable=SC2016 # the other Bash's variable
  version=$(of "$suite" bash -c 'echo "$BASH_VERSION"')
  expect "$version, POSIX mode, one apostrophe" "it's" "$(of "$suite" bash --posix "$TEMP/one" 2>&1)"
  seen=$(of "$suite" bash "$TEMP/one" 2>&1 || echo "status $?")
  expect "$version, ordinary, one apostrophe" "unexpected EOF, status 2" \
    "$(grep -o 'unexpected EOF' <<<"$seen" | head -n 1), $(tail -n 1 <<<"$seen")"
  expect "$version, POSIX mode, two around a brace" "''}" "$(of "$suite" bash --posix "$TEMP/two" 2>&1)"
  expect "$version, ordinary, two around a brace" "'}'" "$(of "$suite" bash "$TEMP/two" 2>&1)"
  expect "$version, POSIX mode, here-document" "started it's" "$(of "$suite" bash --posix "$TEMP/document" 2>&1 | paste -sd ' ')"
  seen=$(of "$suite" bash "$TEMP/document" 2>&1 || :)
  expect "$version, ordinary, here-document" "started, bad substitution" "$(head -n 1 <<<"$seen"), $(grep -o 'bad substitution' <<<"$seen")"
done
