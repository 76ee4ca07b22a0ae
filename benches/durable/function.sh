# The durable function of the bench: N steps that do nothing. Prints the microseconds that they took.
set -euo pipefail

steps() {
  local count=${1//[!0-9]/} begun=${EPOCHREALTIME/./} i
  for ((i = 0; i < count; i++)); do durable step "step $i" -- :; done
  echo "$((${EPOCHREALTIME/./} - begun))"
}

# The same when the steps are in the history already.
replayed() {
  local took
  took=$(steps "$1")
  durable wait 1
  echo "$took"
}
