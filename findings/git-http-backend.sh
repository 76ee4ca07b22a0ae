#!/usr/bin/env bash
# Guess: a CGI program that fails ends with a status other than 0.
# So:    git http-backend ends with status 0 for a repository that is missing, that is not exported or that has another owner, and for a
#        push that is not allowed: only its `Status:` line and a line on stderr tell. A repository without GIT_HTTP_EXPORT_ALL counts as
#        not exported. One that was unpacked by another user, such as a layer's, is an Internal Server Error.
# Seen:  git 2.39.5 of Debian 12.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

debian bookworm 'git=1:2.39.5-*'
root=$TEMP/bookworm
export GIT_EXEC_PATH=$root/usr/lib/git-core GIT_CONFIG_NOSYSTEM=1
export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu
git=$root/usr/bin/git
"$git" init --quiet --bare --template= "$TEMP/project.git" 2>"$TEMP/log" || give_up "this git does not run here: $(tail -n 1 "$TEMP/log")"

# answer VARIABLE=VALUE...: the status in the answer, and the exit status, of one request for the list of refs.
answer() {
  local status=0
  env "$@" "$GIT_EXEC_PATH/git-http-backend" >"$TEMP/answer" 2>"$TEMP/log" </dev/null || status=$?
  { grep -a '^Status:' "$TEMP/answer" || echo "no Status line"; } | tr -d '\r' | sed "s/\$/, exit status $status/"
}

export GIT_HTTP_EXPORT_ALL=1 GIT_PROJECT_ROOT=$TEMP
export REQUEST_METHOD=GET PATH_INFO=/project.git/info/refs QUERY_STRING=service=git-upload-pack
expect "repository" "no Status line, exit status 0" "$(answer)"
expect "repository, GIT_HTTP_EXPORT_ALL not set" "Status: 404 Not Found, exit status 0" "$(answer -u GIT_HTTP_EXPORT_ALL)"
expect "missing repository" "Status: 404 Not Found, exit status 0" "$(answer PATH_INFO=/missing.git/info/refs)"
expect "push without REMOTE_USER" "Status: 403 Forbidden, exit status 0" "$(answer QUERY_STRING=service=git-receive-pack)"
# git's own tests use this variable.
expect "repository of another owner" "Status: 500 Internal Server Error, exit status 0" "$(answer GIT_TEST_ASSUME_DIFFERENT_OWNER=true)"
