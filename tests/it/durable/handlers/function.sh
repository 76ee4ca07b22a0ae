# The handlers that fulfil the requirements of AWS's conformance suite for durable functions, and some of the suites whose data is not
# in this repository. The comment above each function is read by ../requirements.py:
#
#   # 1-1: what the requirement is about
#   # INPUT -> STATUS [RESULT]           JSON; the input and result where the data files of the suite are not there
#   # callback NAME OPERATION [PAYLOAD]  completes the callback, 1 s after the handler is suspended; so far NAME or `-` for none
#   # error: TYPE MESSAGE               the type of the error, and the beginning of its message
#   # history: EVENT...                  the types of the events in order, but for those of the execution and its invocations
#   # crash: N                           the suite's event N reports a crash, and the local runner writes none
#   # open                               the execution is stopped after the events that the requirement lists
#
# The function is invoked by an alias, which names the requirement's function here.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for file in step wait child callback invoke condition wait_for_callback parallel map more; do
  # shellcheck source=/dev/null
  source "$here/$file.sh"
done

handler() {
  "${LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN##*:}" "$1"
}

# say TEXT: prints the text as a result.
say() { printf '%s\n' "$1"; }
