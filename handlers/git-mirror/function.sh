# Mirrors a Git repository to another place, with all branches and tags. MIRROR_FROM and MIRROR_TO are set in the
# function's environment, not in the event: who can send an event must not choose where the code goes.
# shellcheck shell=bash

MIRROR=${TMPDIR:-/tmp}/mirror.git

# Nobody is there to type a password; git must fail instead of waiting for one until the time is up.
export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND='ssh -o BatchMode=yes'

handler() {
  local refs list
  # /tmp is kept while the function is warm: later events fetch only what is new. A clone that was cut short
  # has no name yet, and so does not count.
  if [[ -d $MIRROR ]]; then
    git -C "$MIRROR" remote update --prune >&2
  else
    rm -rf -- "$MIRROR.new"
    git clone --quiet --mirror -- "$MIRROR_FROM" "$MIRROR.new" >&2
    mv -- "$MIRROR.new" "$MIRROR"
  fi
  git -C "$MIRROR" push --quiet --mirror -- "$MIRROR_TO" >&2

  refs=$(git -C "$MIRROR" for-each-ref --format='%(refname)')
  mapfile -t refs <<<"$refs"
  lambda_json -v list -a "${refs[@]/#/=}"
  lambda_json refs:="$list"
}
