# A handler that keeps its functions in a second file, beside it in the package.
# The file is found from this script's own place, so that it works in a layer and at home as well.
# shellcheck shell=bash

# shellcheck source=words.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/words.sh"

handler() {
  local event=$1
  log "an event of ${#event} characters"
  printf '{"characters":%d,"shouted":%s}\n' "${#event}" "$(json_string "${event^^}")"
}
