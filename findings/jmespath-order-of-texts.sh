#!/usr/bin/env bash
# Guess: a JMESPath expression that works with `aws --query` gives the same result in every JMESPath library.
# So:    the AWS CLI's library compares texts, so ``[?time > `"2020"`]`` selects by date. The specification gives `<` and `>` only to
#        numbers, and a library that follows the specification selects nothing, without an error. A number against a text is an error in
#        Python, true or false in jmespath.js and nothing in the third. `max_by` over texts is null in both JavaScript libraries, and
#        `to_string` writes 1.0 in two ways.
# Seen:  jmespath 1.1.0 of PyPI (the AWS CLI's), jmespath 0.16.0 and @jmespath-community/jmespath 1.3.0 of npm.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages jmespath==1.1.0
node_packages jmespath@0.16.0 @jmespath-community/jmespath@1.3.0

data='[{"id":"a","time":"2020-05-01","size":3},{"id":"b","time":"2019-05-01","size":5}]'
cat >"$TEMP/python.py" <<'PYTHON'
import jmespath, json, sys
try:
    print(json.dumps(jmespath.search(sys.argv[1], json.loads(sys.argv[2]))))
except TypeError:
    print("TypeError")
PYTHON
cat >"$TEMP/node.js" <<'JAVASCRIPT'
const [library, expression, data] = process.argv.slice(2);
console.log(JSON.stringify(require(library).search(JSON.parse(data), expression)));
JAVASCRIPT

# compare EXPRESSION PYTHON JAVASCRIPT COMMUNITY
compare() {
  expect "$1, Python" "$2" "$(python3 "$TEMP/python.py" "$1" "$data")"
  expect "$1, jmespath.js" "$3" "$(node "$TEMP/node.js" jmespath "$1" "$data")"
  expect "$1, community" "$4" "$(node "$TEMP/node.js" @jmespath-community/jmespath "$1" "$data")"
}

# shellcheck disable=SC2016 # the backticks are JMESPath's
{
  compare '[?time > `"2020"`].id' '["a"]' '["a"]' '[]'
  compare "[?size > '3'].id" TypeError '["b"]' '[]'
  compare 'max_by(@, &time).id' '"a"' null null
  compare 'to_string(`1.0`)' '"1.0"' '"1"' '"1"'
}
