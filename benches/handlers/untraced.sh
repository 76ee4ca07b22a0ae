# The usual event once more, in a script that speaks of ERR traps: coshell sets none of its own then, and takes no stack.
# shellcheck shell=bash disable=SC1091

source ./function.sh
trap 'echo failed >&2' ERR
