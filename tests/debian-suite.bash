# Packages of other Debian suites, by the machine's own apt-get and from its own mirror, unpacked and not installed.
# tests/other-bash and tests/other-curl source this file.
# shellcheck shell=bash

skip() { printf 'skip: %s\n' "$*" >&2; }

# The mirror that this machine takes Debian's main suite from.
mirror() {
  # shellcheck disable=SC2016 # apt-get's own variables
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Label: Debian' | sed -n 1p
}

# in_suite FOLDER ARGUMENT...: apt-get, with sources, lists and cache of its own.
in_suite() {
  local folder=$1
  shift
  timeout --kill-after=10 300 apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferencesparts=- -o Dir::Etc::preferences=- -o Dir::State::status="$folder/status" \
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Retries=2 "$@"
}

# open_suite SUITE FOLDER: makes FOLDER ready for `in_suite`.
open_suite() {
  local suite=$1 folder=$2 from
  from=$(mirror)
  [[ -n $from ]] || return 1
  mkdir -p -- "$folder"/{lists,cache,debs,root}
  : >"$folder/status"
  printf 'deb %s %s main\n' "$from" "$suite" >"$folder/sources.list"
  in_suite "$folder" update
}

# unpack_suite FOLDER DEB...: unpacks packages into FOLDER/root, and removes what `in_suite` has left.
unpack_suite() {
  local folder=$1 package
  shift
  for package; do dpkg-deb -x "$package" "$folder/root"; done
  rm -rf -- "$folder"/{lists,cache,debs}
}

# loader_of FOLDER, libraries_of FOLDER: the dynamic loader in FOLDER/root, and the folders of its libraries, joined by colons.
loader_of() {
  find "$1/root" \( -name 'ld-linux-*.so.*' -o -name 'ld-*.so' \) -type f -perm /1 -print -quit
}
libraries_of() {
  local folders
  folders=$(find "$1/root" -name '*-linux-gnu' -path '*lib/*' -type d -printf '%p:')
  printf '%s' "${folders%:}"
}
